// Convolution of few input channels, such as the first layer of a network: too few to make up for gathering each patch. A
// band of input rows is copied once, with the border of zeros. In it the patches of neighboring outputs are windows that
// overlap in memory, and the matrix core reads them where they lie.
#ifndef ISA_PASS
#include <string.h>

#include "convolution_core.h"
#include "convolution_patches.h"
#include "matmul/matmul_core.h"
#include "foundation/pieces.h"
#include "foundation/workspace.h"

// The input rows that some output rows need, and how windows lie in them: each is `run_count` runs of `run` floats.
typedef struct {
    intptr_t rows, pixels;    // of the band; pixels in a row
    intptr_t lowest[2];       // the smallest offset of a tap
    intptr_t step;            // from one output's window to the next
    intptr_t *output_rows;    // where the first window of each output row begins
    intptr_t run, run_count;
    intptr_t *runs;           // where each begins in a window
    float *data;
} sb_band;

typedef struct {
    const sb_convolution *convolution;
    sb_pieces bands;        // of an image's output rows
    sb_pieces chunks;       // of all images' bands (toward the filters)
    const float *filters;   // as panels (forward)
    float *sums;            // [chunks][output channels][patch size] (toward the filters)
} windows_job;

enum { BAND_OUTPUTS = 1024, BAND_CHUNKS = 16 };

static intptr_t lowest_offset(const sb_axis *axis) {
    const intptr_t last = (axis->taps - 1) * axis->tap_offset;
    return last < 0 ? last : 0;
}

static intptr_t span(const sb_axis *axis) {
    const intptr_t last = (axis->taps - 1) * axis->tap_offset;
    return last < 0 ? -last : last;
}

static sb_band band_of(const sb_convolution *c, intptr_t output_rows) {
    const sb_axis *vertical = &c->axis[0], *horizontal = &c->axis[1];
    const bool side_by_side = horizontal->tap_offset == 1;   // the taps of a row of the filter
    sb_band band = {.rows = (output_rows - 1) * vertical->step + span(vertical) + 1,
                    .pixels = (horizontal->outputs - 1) * horizontal->step + span(horizontal) + 1,
                    .lowest = {lowest_offset(vertical), lowest_offset(horizontal)},
                    .step = horizontal->step * c->in.channels,
                    .run = (side_by_side ? horizontal->taps : 1) * c->in.channels,
                    .run_count = (side_by_side ? 1 : horizontal->taps) * vertical->taps};
    return band;
}

static size_t band_bytes(const sb_convolution *c, const sb_band *band) {
    return sizeof(float) * (size_t)(band->rows * band->pixels * c->in.channels) +
           sizeof(intptr_t) * (size_t)(band->rows + band->run_count);
}

// Places the band in `memory` of band_bytes and finds where output rows and runs begin.
static void place_band(const sb_convolution *c, sb_band *band, void *memory) {
    band->output_rows = memory;
    band->runs = band->output_rows + band->rows;
    band->data = (float *)(band->runs + band->run_count);
    for (intptr_t i = 0; i < band->rows; ++i)
        band->output_rows[i] = i * c->axis[0].step * band->pixels * c->in.channels;
    const intptr_t in_row = c->axis[0].taps > 0 ? band->run_count / c->axis[0].taps : 0;
    for (intptr_t i = 0; i < c->axis[0].taps; ++i)
        for (intptr_t j = 0; j < in_row; ++j) {
            const intptr_t row = i * c->axis[0].tap_offset - band->lowest[0];
            const intptr_t column = j * c->axis[1].tap_offset - band->lowest[1];
            band->runs[i * in_row + j] = (row * band->pixels + column) * c->in.channels;
        }
}

static intptr_t clamped(intptr_t value, intptr_t lowest, intptr_t highest) {
    return value < lowest ? lowest : value > highest ? highest : value;
}

// Copies the input rows for output rows from `output_row` on.
static void fill_band(const sb_convolution *c, const sb_band *band, intptr_t image, intptr_t output_row) {
    const intptr_t channels = c->in.channels, column = c->axis[1].first + band->lowest[1];
    const intptr_t begin = clamped(-column, 0, band->pixels), end = clamped(c->in.width - column, begin, band->pixels);
    const size_t pixel_bytes = sizeof(float) * (size_t)channels;
    float *to = band->data;
    for (intptr_t r = 0; r < band->rows; ++r, to += band->pixels * channels) {
        const intptr_t row = c->axis[0].first + output_row * c->axis[0].step + band->lowest[0] + r;
        if (row < 0 || row >= c->in.height) {
            memset(to, 0, (size_t)band->pixels * pixel_bytes);
            continue;
        }
        const float *from = c->in.data + ((image * c->in.height + row) * c->in.width + column) * c->in.pixel;
        memset(to, 0, (size_t)begin * pixel_bytes);
        if (c->in.pixel == channels)
            memcpy(to + begin * channels, from + begin * channels, (size_t)(end - begin) * pixel_bytes);
        else
            for (intptr_t i = begin; i < end; ++i) memcpy(to + i * channels, from + i * c->in.pixel, pixel_bytes);
        memset(to + end * channels, 0, (size_t)(band->pixels - end) * pixel_bytes);
    }
}
#endif

#define SOURCE "convolution/convolution_windows.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "matmul/matmul_core.h"
#include "convolution_patches.h"

// MARK: Forward

static void KERNEL(convolve_band)(void *context, intptr_t piece) {
    const windows_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t image = piece / job->bands.count, number = piece % job->bands.count;
    const intptr_t begin = sb_piece_begin(job->bands, number), end = sb_piece_end(job->bands, number);
    const intptr_t outputs = c->axis[1].outputs, k = sb_patch_size(c);
    sb_band band = band_of(c, end - begin);
    place_band(c, &band, sb_scratch(band_bytes(c, &band)));
    fill_band(c, &band, image, begin);

    sb_windows windows = {NULL, band.step, 1, band.runs, band.run_count, band.run};
    const sb_panels filters = {job->filters, MATMUL_PANEL * k, MATMUL_PANEL};
    for (intptr_t row = 0; row < end - begin; ++row) {
        windows.data = band.data + band.output_rows[row];
        float *to = sb_output_pixel(c, (image * c->axis[0].outputs + begin + row) * outputs);
        multiply(outputs, c->out.channels, k, (sb_left){.windows = &windows}, filters,
                 (sb_result){to, c->axis[1].out_step * c->out.pixel, NULL}, sb_convolution_finish(c));
    }
}

static void KERNEL(convolve_windows)(windows_job *job) {
    job->filters = sb_take_panels(job->convolution);
    sb_parallel(job->convolution->in.images * job->bands.count, KERNEL(convolve_band), job);
    sb_give_panels_back(job->convolution, job->filters);
}

// MARK: Toward the filters

// Adds a band: what the gradients of its output rows and each element of their windows give, a run of elements at a time.
static void KERNEL(correlate_band)(const sb_band *band, intptr_t rows, intptr_t outputs, sb_panels gradients, intptr_t n,
                                   bool add, float *sums) {
    sb_windows elements = {NULL, 1, band->step, band->output_rows, rows, outputs};
    for (intptr_t run = 0; run < band->run_count; ++run, sums += band->run * n) {
        elements.data = band->data + band->runs[run];
        multiply(band->run, n, rows * outputs, (sb_left){.windows = &elements}, gradients, (sb_result){sums, n, NULL},
                 (sb_finish){.alpha = 1, .beta = add});
    }
}

// Adds a chunk's bands up: [patch size][output channels].
static void KERNEL(correlate_bands)(void *context, intptr_t chunk) {
    const windows_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t k = sb_patch_size(c), n = c->out.channels, outputs = c->axis[1].outputs;
    sb_band band = band_of(c, job->bands.rows_each);
    const size_t bytes = (band_bytes(c, &band) + 63) / 64 * 64;
    const size_t panel_size = (size_t)packed_size(job->bands.rows_each * outputs, n);
    char *scratch = sb_scratch(bytes + sizeof(float) * (panel_size + (size_t)(k * n)));
    place_band(c, &band, scratch);
    float *packed = (float *)(scratch + bytes), *sums = packed + panel_size;

    const intptr_t first = sb_piece_begin(job->chunks, chunk), last = sb_piece_end(job->chunks, chunk);
    for (intptr_t i = first; i < last; ++i) {
        const intptr_t image = i / job->bands.count, number = i % job->bands.count;
        const intptr_t begin = sb_piece_begin(job->bands, number), rows = sb_piece_end(job->bands, number) - begin;
        fill_band(c, &band, image, begin);
        const float *gradients = sb_output_pixel(c, (image * c->axis[0].outputs + begin) * outputs);
        const bool in_place = n % LANES == 0;   // so that no vector reads beyond the last pixel
        const sb_panels right = in_place ? (sb_panels){gradients, MATMUL_PANEL, c->out.pixel}
                                         : pack_panels(rows * outputs, n, gradients, c->out.pixel, 1, packed);
        KERNEL(correlate_band)(&band, rows, outputs, right, n, i > first, sums);
    }
    float *to = job->sums + chunk * n * k;
    for (intptr_t output = 0; output < n; ++output)
        for (intptr_t i = 0; i < k; ++i) *to++ = sums[i * n + output];
}

static void KERNEL(correlate_windows)(windows_job *job) {
    sb_parallel(job->chunks.count, KERNEL(correlate_bands), job);
}

#else

static windows_job windows_job_of(const sb_convolution *convolution) {
    const sb_axis *axis = convolution->axis;
    return (windows_job){.convolution = convolution,
                         .bands = sb_cut(axis[0].outputs, axis[1].outputs, BAND_OUTPUTS, INTPTR_MAX)};
}

void sb_convolve_windows(const sb_convolution *convolution) {
    windows_job job = windows_job_of(convolution);
    DISPATCH(convolve_windows, &job);
}

void sb_correlate_windows(const sb_convolution *convolution) {
    windows_job job = windows_job_of(convolution);
    job.chunks = sb_cut(convolution->in.images * job.bands.count, 1, 1, BAND_CHUNKS);
    const size_t size = (size_t)(job.chunks.count * convolution->out.channels * sb_patch_size(convolution));
    job.sums = sb_workspace(sizeof(float) * size);
    DISPATCH(correlate_windows, &job);
    sb_store_filter_gradient(convolution, job.chunks.count, job.sums);
    sb_free(job.sums, sizeof(float) * size);
}

#endif
