// Copies, scans, sorting and indexing; images in other sizes; and what the system is asked.
#include "checks.h"

enum { ROWS = 83, COLUMNS = 70, COUNT = ROWS * COLUMNS };

static void check_copies(const float *x, float *y) {
    double *expected = zeros(COUNT);
    for (int i = 0; i < COUNT; ++i) expected[i] = x[i % ROWS * COLUMNS + i / ROWS];
    sb_array from = FLOATS(x, COLUMNS, ROWS);
    from.strides[0] = 1;
    from.strides[1] = COLUMNS;
    const sb_array to = FLOATS(y, COLUMNS, ROWS);
    CHECK("transposed copy", y, COUNT, expected, 0, sb_copy(&from, &to));
}

static void check_order(const float *x, float *y) {
    double *sums = zeros(COUNT);
    for (int i = 0; i < COUNT; ++i) sums[i] = x[i] + (i < COLUMNS ? 0 : sums[i - COLUMNS]);
    const sb_array from = FLOATS(x, ROWS, COLUMNS), to = FLOATS(y, ROWS, COLUMNS);
    CHECK("running sums", y, COUNT, sums, 1e-6, sb_scan(SB_SCAN_SUM, &from, 0, &to));
    int64_t *places = memory(COUNT * sizeof *places);
    const sb_array indices = INTEGERS(places, ROWS, COLUMNS);
    sb_sort(&from, 1, 0, &to, &indices);
    bool holds = true;
    for (int i = 0; i < COUNT; ++i) {
        holds &= y[i] == x[i / COLUMNS * COLUMNS + places[i]];
        holds &= i % COLUMNS == 0 || y[i - 1] <= y[i];
    }
    expect("sorting", holds);
}

static void check_indexing(const float *x, float *y) {
    const int64_t *index = integers(ROWS, 0, ROWS);
    const sb_array from = FLOATS(x, ROWS, COLUMNS), to = FLOATS(y, ROWS, COLUMNS), places = INTEGERS(index, ROWS);
    double *expected = zeros(COUNT);
    for (int i = 0; i < COUNT; ++i) expected[i] = x[index[i / COLUMNS] * COLUMNS + i % COLUMNS];
    CHECK("rows by index", y, COUNT, expected, 0, sb_index_select(&from, 0, &places, &to));
    memset(expected, 0, COUNT * sizeof *expected);
    for (int i = 0; i < COUNT; ++i) expected[index[i / COLUMNS] * COLUMNS + i % COLUMNS] += 0.5 * x[i];
    CHECK("rows added by index", y, COUNT, expected, 1e-6, memset(y, 0, COUNT * sizeof *y);
          sb_index_add(&to, 0, &places, &from, 0.5));
}

void check_arrangement(void) {
    const float *x = numbers(COUNT);
    float *y = memory(COUNT * sizeof *y);
    check_copies(x, y);
    check_order(x, y);
    check_indexing(x, y);
}

// MARK: Images

// Bilinear, with pixel centers at halves.
static double sample(const float *x, intptr_t h, intptr_t w, intptr_t c, intptr_t channel, double row, double column) {
    row = fmax(row, 0), column = fmax(column, 0);
    const intptr_t top = (intptr_t)row, left = (intptr_t)column;
    const intptr_t bottom = top + 1 < h ? top + 1 : top, right = left + 1 < w ? left + 1 : left;
    const double down = row - (double)top, beside = column - (double)left;
    return (x[(top * w + left) * c + channel] * (1 - beside) + x[(top * w + right) * c + channel] * beside) * (1 - down) +
           (x[(bottom * w + left) * c + channel] * (1 - beside) + x[(bottom * w + right) * c + channel] * beside) * down;
}

enum { H = 13, W = 17, OH = 29, OW = 31, C = 6, OUTPUTS = OH * OW * C };

static void check_grid(const float *x, float *y) {
    const float *places = numbers(OH * OW * 2);
    double *expected = zeros(OUTPUTS);
    for (int i = 0; i < OUTPUTS; ++i) {
        const float *place = places + i % (OH * OW) * 2;
        expected[i] = sample(x, H, W, C, i / (OH * OW), (place[1] + 1.0) / 2 * (H - 1), (place[0] + 1.0) / 2 * (W - 1));
    }
    const sb_array from = images_of(x, 1, C, H, W), grid = FLOATS(places, 1, OH, OW, 2), to = FLOATS(y, 1, C, OH, OW);
    CHECK("samples at places of a grid", y, OUTPUTS, expected, 3e-6,
          sb_grid_sample(&from, &grid, (sb_sampling){SB_SAMPLE_BILINEAR, SB_SAMPLE_BORDER, 1}, &to));
}

void check_images(void) {
    const float *x = numbers(H * W * C);
    float *y = memory(OUTPUTS * sizeof *y);
    double *expected = zeros(OUTPUTS);
    for (int i = 0; i < OUTPUTS; ++i)
        expected[i] = sample(x, H, W, C, i % C, (i / C / OW + 0.5) * H / OH - 0.5, (i / C % OW + 0.5) * W / OW - 0.5);
    CHECK("bilinear interpolation", y, OUTPUTS, expected, 2e-6,
          sb_interpolate2d(1, C, H, W, OH, OW, (sb_resize){.mode = SB_LINEAR}, x, y));
    check_grid(x, y);
    uint8_t *pixels = memory(H * W * 3), *shown = memory(H * W * 3);
    for (int i = 0; i < H * W * 3; ++i) pixels[i] = (uint8_t)(127.5f * (x[i] + 1));
    const double nothing[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    sb_image_warp(3, H, W, nothing, 0, 0, H, W, pixels, shown);
    expect("an image seen as it is", !memcmp(pixels, shown, H * W * 3));
    double *fractions = zeros(H * W * 3);
    for (int i = 0; i < H * W * 3; ++i) fractions[i] = pixels[i] / 255.0;
    CHECK("fractions of pixels", y, H * W * 3, fractions, 1e-7, sb_image_fractions(H * W * 3, pixels, y));
}

// MARK: The system

static void *count_up(void *counter) {
    ++*(int *)counter;
    return NULL;
}

void check_platform(void) {
    char text[512];
    int counter = 0;
    sb_processor_name(text, sizeof text);
    expect("name of the processor", strlen(text) < sizeof text);
    sb_program_path(text, sizeof text);
    expect("path of the program", *text == '/');
    expect("processors", sb_processor_count() >= 1);
    expect("memory", sb_system_memory() > 1 << 20 && sb_resident_memory() > 1 << 16 && sb_peak_resident_memory() > 1 << 16);
    expect("a thread", sb_run_on_thread(1 << 20, count_up, &counter) && counter == 1);
    const int64_t start = sb_nanoseconds(), own = sb_thread_nanoseconds();
    expect("time", start > 0 && sb_nanoseconds() >= start && sb_thread_nanoseconds() >= own);
    char *block = sb_reserve_memory(1 << 20);
    expect("reserved memory", block != NULL);
    if (!block) return;
    block[12345] = 1;
    sb_discard_memory(block, 1 << 20);
    block[12345] = 2;
    expect("memory that was discarded", block[12345] == 2);
}
