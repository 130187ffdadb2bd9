// Convolution of bytes. Outputs are lanes: four channels of a pixel, the same in all lanes, meet four of each output's filter.
//
// A filter is cut into runs of bytes that lie side by side in the input: a row of the filter, KW · C bytes, or where the filter is
// dilated a pixel of it, C bytes; each is filled up with zeros to words of 4. Panels of 32 outputs hold word after word, 4 bytes
// for each output. What pads the input, or is cut out of a larger map, is first copied with its surroundings, the rows that a piece
// of the output needs at a time; where neither is, the input is read in place.
#ifndef ISA_PASS
#include <stdbool.h>
#include <string.h>

#include "foundation/pieces.h"
#include "int8.h"

enum { PANEL = 32, PIECE_WORK = 1 << 20, COPIED_BYTES = 192 * 1024, ROOM = 4 };

typedef struct {
    const sb_int8_map *x;
    const int8_t *panels;
    const int32_t *sums;
    const sb_int8_shape *shape;
    const sb_int8_epilogue *epilogue;
    const sb_int8_result *y;
    intptr_t runs, row_runs, words;   // of a filter, of a row of it; of a run
    bool is_copied;
    sb_pieces rows, columns;     // of the output: rows of all images, and panels
} convolution_job;

// Runs of a filter: whole rows of it, or single pixels.
static intptr_t run_pixels(const sb_int8_shape *shape) { return shape->dilation[1] == 1 ? shape->kernel[1] : 1; }

static intptr_t run_count(const sb_int8_shape *shape) {
    return shape->kernel[0] * shape->kernel[1] / run_pixels(shape);
}

static intptr_t run_words(const sb_int8_shape *shape) { return (run_pixels(shape) * shape->channels + 3) / 4; }

static intptr_t panel_bytes(const sb_int8_shape *shape) { return run_count(shape) * run_words(shape) * 4 * PANEL; }

// Rows of input that some rows of output need.
static intptr_t rows_needed(const sb_int8_shape *shape, intptr_t rows) {
    return (rows - 1) * shape->stride[0] + (shape->kernel[0] - 1) * shape->dilation[0] + 1;
}

// Columns of input that a row of output needs.
static intptr_t columns_needed(const sb_int8_shape *shape) {
    return (shape->output[1] - 1) * shape->stride[1] + (shape->kernel[1] - 1) * shape->dilation[1] + 1;
}

// Copies rows of an image from row `first` on, which may lie outside, with the zero byte around the image.
static void copy_rows(const convolution_job *job, intptr_t image, intptr_t first, intptr_t rows, uint8_t *to) {
    const sb_int8_shape *shape = job->shape;
    const sb_int8_map *x = job->x;
    const intptr_t channels = shape->channels, columns = columns_needed(shape), left = shape->padding[1];
    const intptr_t inside = columns - left < shape->input[1] ? columns - left : shape->input[1];
    for (intptr_t row = first; row < first + rows; ++row, to += columns * channels) {
        if (row < 0 || row >= shape->input[0] || inside <= 0) {
            memset(to, x->zero, (size_t)(columns * channels));
            continue;
        }
        const uint8_t *from = x->data + (image * shape->input[0] + row) * shape->input[1] * x->pixel;
        memset(to, x->zero, (size_t)(left * channels));
        if (x->pixel == channels) memcpy(to + left * channels, from, (size_t)(inside * channels));
        else
            for (intptr_t column = 0; column < inside; ++column)
                memcpy(to + (left + column) * channels, from + column * x->pixel, (size_t)channels);
        memset(to + (left + inside) * channels, x->zero, (size_t)((columns - left - inside) * channels));
    }
}

// Where the pixels lie that some rows of output, all of one image, are computed from.
typedef struct {
    const uint8_t *data;         // what the first filter sees first
    intptr_t row, pixel;         // bytes from one row of input to the next, and from one pixel
} input_window;

static input_window window_of(const convolution_job *job, intptr_t image, intptr_t row, intptr_t rows, uint8_t *copy) {
    const sb_int8_shape *shape = job->shape;
    const intptr_t first = row * shape->stride[0] - shape->padding[0];
    if (job->is_copied) {
        copy_rows(job, image, first, rows_needed(shape, rows), copy);
        return (input_window){copy, columns_needed(shape) * shape->channels, shape->channels};
    }
    const intptr_t pitch = shape->input[1] * job->x->pixel;
    return (input_window){job->x->data + (image * shape->input[0] + first) * pitch, pitch, job->x->pixel};
}
#endif

#define SOURCE "convolution/int8_convolution.c"
#define AVX512_ALSO ",avx512vnni"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#pragma clang fp contract(off)
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/byte_products.h"
#include "int8_numbers.h"

#define INLINE static inline __attribute__((always_inline))

// A tile of results whose sums stay in registers: pixels × vectors.
#if VECTOR_REGISTERS == 32
#define TILE 12
#elif defined(AVX_VNNI_PASS)
#define TILE 5
#else
#define TILE 4
#endif
#define SMALL_TILE (TILE / 3)   // for the last pixels
#define VECTORS 2

INLINE vi KERNEL(word_at)(const uint8_t *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return word - (vi){0};
}

// What the input's zero adds to the sums of some outputs, taken off: sums begin with it.
INLINE void KERNEL(begin_sums)(const convolution_job *job, intptr_t output, vi *start) {
    for (int v = 0; v < VECTORS; ++v, output += LANES)
        start[v] = (vi)vf_load_or((const float *)job->sums + output, job->shape->outputs - output, 0) * -job->x->zero;
}

// The sums of `tile` pixels and `vectors` · LANES outputs; both counts are constants after inlining.
INLINE void KERNEL(sum_tile)(const int tile, const int vectors, const convolution_job *job, const input_window *window,
                             const uint8_t *const *pixels, const int8_t *w, const vi *start, vi (*sums)[VECTORS]) {
    const intptr_t row_step = job->shape->dilation[0] * window->row, run_step = job->shape->dilation[1] * window->pixel;
    const intptr_t bytes = 4 * job->words;
    vi total[TILE][VECTORS];
    for (int r = 0; r < tile; ++r)
        for (int v = 0; v < vectors; ++v) total[r][v] = start[v];
    intptr_t row = 0, run_in_row = 0;
    for (intptr_t run = 0; run < job->runs; ++run) {
        const intptr_t offset = row * row_step + run_in_row * run_step;
        if (++run_in_row == job->row_runs) ++row, run_in_row = 0;
        const uint8_t *from[TILE];
#pragma clang loop unroll(full)
        for (int r = 0; r < tile; ++r) from[r] = pixels[r] + offset;
        for (intptr_t i = 0; i < bytes; i += 4, w += 4 * PANEL) {
            vi filters[VECTORS];
            memcpy(filters, w, (size_t)(vectors * VECTOR_BYTES));
#pragma clang loop unroll(full)
            for (int r = 0; r < tile; ++r) {
                const vi word = KERNEL(word_at)(from[r] + i);
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; ++v) total[r][v] = byte_products(total[r][v], word, filters[v]);
            }
        }
    }
    memcpy(sums, total, (size_t)tile * sizeof *sums);
}

INLINE void KERNEL(finish_tile)(const sb_activation activation, const v_finish *finish, vi (*sums)[VECTORS], int v,
                                intptr_t pixel, int count) {
    for (int r = 0; r < count; ++r)
        v_store_finished(activation, finish, __builtin_convertvector(sums[r][v], vf), pixel + r);
}

// `count` pixels, at most `tile`, from number `pixel` of the output on, and one panel; `tile` is a constant after inlining.
INLINE void KERNEL(panel_tile)(const int tile, const convolution_job *job, const input_window *window,
                               const uint8_t *const *pixels, intptr_t pixel, int count, intptr_t panel) {
    const intptr_t end = job->shape->outputs;
    const int8_t *w = job->panels + panel * job->runs * job->words * 4 * PANEL;
    for (intptr_t part = 0; part < PANEL; part += VECTORS * LANES, w += VECTORS * VECTOR_BYTES) {
        const intptr_t first = panel * PANEL + part;
        if (first >= end) break;
        vi start[VECTORS], sums[TILE][VECTORS];
        KERNEL(begin_sums)(job, first, start);
        if (end - first > LANES) KERNEL(sum_tile)(tile, 2, job, window, pixels, w, start, sums);
        else KERNEL(sum_tile)(tile, 1, job, window, pixels, w, start, sums);
        for (int v = 0; v < VECTORS && first + v * LANES < end; ++v) {
            const intptr_t output = first + v * LANES;
            const v_finish finish = v_finish_for(job->epilogue, job->y, output, end - output);
            WITH_ACTIVATION(job->epilogue->activation,
                            KERNEL(finish_tile)(ACTIVATION, &finish, sums, v, pixel, count))
        }
    }
}

// Some rows of the output of one image, and some panels.
static void KERNEL(convolve_rows)(const convolution_job *job, input_window window, intptr_t first_pixel, intptr_t rows,
                                  intptr_t panel, intptr_t end_panel) {
    const sb_int8_shape *shape = job->shape;
    const intptr_t columns = shape->output[1], count = rows * columns;
    const intptr_t right = shape->stride[1] * window.pixel, down = shape->stride[0] * window.row - columns * right;
    for (; panel < end_panel; ++panel) {
        const uint8_t *at = window.data;   // what the filter sees for the next pixel
        for (intptr_t pixel = 0, column = 0, tile; pixel < count; pixel += tile) {
            tile = count - pixel > 2 * SMALL_TILE ? TILE : SMALL_TILE;
            const uint8_t *pixels[TILE];
            const int present = (int)(count - pixel < tile ? count - pixel : tile);
            for (int r = 0; r < tile; ++r) {
                pixels[r] = r < present ? at : pixels[present - 1];
                at += right;
                if (++column == columns) at += down, column = 0;
            }
            if (tile == TILE) KERNEL(panel_tile)(TILE, job, &window, pixels, first_pixel + pixel, present, panel);
            else KERNEL(panel_tile)(SMALL_TILE, job, &window, pixels, first_pixel + pixel, present, panel);
        }
    }
}

static void KERNEL(convolve_piece)(void *context, intptr_t piece) {
    const convolution_job *job = context;
    const sb_int8_shape *shape = job->shape;
    const intptr_t rows_piece = piece / job->columns.count, columns_piece = piece % job->columns.count;
    uint8_t *copy = NULL;
    if (job->is_copied)
        copy = sb_scratch((size_t)(rows_needed(shape, job->rows.rows_each) * columns_needed(shape) * shape->channels) + ROOM);
    const intptr_t end = sb_piece_end(job->rows, rows_piece);
    for (intptr_t row = sb_piece_begin(job->rows, rows_piece); row < end;) {
        const intptr_t image = row / shape->output[0], last = (image + 1) * shape->output[0];
        const intptr_t rows = (end < last ? end : last) - row;
        const input_window window = window_of(job, image, row - image * shape->output[0], rows, copy);
        KERNEL(convolve_rows)(job, window, row * shape->output[1], rows, sb_piece_begin(job->columns, columns_piece),
                              sb_piece_end(job->columns, columns_piece));
        row += rows;
    }
}

static void KERNEL(convolve)(convolution_job *job) {
    sb_parallel(job->rows.count * job->columns.count, KERNEL(convolve_piece), job);
}

#undef INLINE
#undef TILE
#undef SMALL_TILE
#undef VECTORS

#else

#if defined(__x86_64__)
// Processors without AVX-512 may have the instruction for vectors of 32 bytes.
#define ISA_PASS ISA_AVX2
#define ISA_SUFFIX avxvnni
#define VECTOR_BYTES 32
#define VECTOR_REGISTERS 16
#define AVX_VNNI_PASS
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2,lzcnt,popcnt,avxvnni"))), apply_to = function)
#include SOURCE
#pragma clang attribute pop
#undef ISA_PASS
#undef ISA_SUFFIX
#undef VECTOR_BYTES
#undef VECTOR_REGISTERS
#undef AVX_VNNI_PASS
#endif

size_t sb_int8_panels_size(const sb_int8_shape *shape) {
    return (size_t)((shape->outputs + PANEL - 1) / PANEL * panel_bytes(shape));
}

void sb_int8_lay_out(const int8_t *w, const sb_int8_shape *shape, int8_t *panels, int32_t *sums) {
    const intptr_t run = run_pixels(shape) * shape->channels, runs = run_count(shape), words = run_words(shape);
    memset(panels, 0, sb_int8_panels_size(shape));
    for (intptr_t o = 0; o < shape->outputs; ++o) {
        int8_t *panel = panels + o / PANEL * panel_bytes(shape) + o % PANEL * 4;
        int32_t sum = 0;
        for (intptr_t i = 0; i < runs * run; ++i) {
            const int8_t number = w[o * runs * run + i];
            panel[(i / run * words + i % run / 4) * 4 * PANEL + i % run % 4] = number;
            sum += number;
        }
        sums[o] = sum;
    }
}

// Whether words of the input can be read where they lie: nothing pads it, and no run ends within a word or spans pixels that lie
// apart.
static bool reads_in_place(const sb_int8_map *x, const sb_int8_shape *shape) {
    return shape->padding[0] == 0 && shape->padding[1] == 0 && rows_needed(shape, shape->output[0]) <= shape->input[0] &&
           columns_needed(shape) <= shape->input[1] && run_pixels(shape) * shape->channels % 4 == 0 &&
           (run_pixels(shape) == 1 || x->pixel == shape->channels);
}

void sb_int8_convolution(const sb_int8_map *x, const int8_t *panels, const int32_t *sums, const sb_int8_shape *shape,
                         const sb_int8_epilogue *epilogue, const sb_int8_result *y) {
    const intptr_t rows = shape->images * shape->output[0], panel_count = (shape->outputs + PANEL - 1) / PANEL;
    if (rows <= 0 || shape->output[1] <= 0 || panel_count <= 0) return;
    convolution_job job = {.x = x, .panels = panels, .sums = sums, .shape = shape, .epilogue = epilogue, .y = y,
                           .runs = run_count(shape), .row_runs = shape->kernel[1] / run_pixels(shape),
                           .words = run_words(shape), .is_copied = !reads_in_place(x, shape)};
    const intptr_t row_work = shape->output[1] * job.runs * job.words * 4 * panel_count * PANEL;
    job.rows = sb_cut(rows, row_work, PIECE_WORK, INTPTR_MAX);
    const intptr_t row_bytes = columns_needed(shape) * shape->channels;
    const intptr_t most = (COPIED_BYTES / row_bytes - rows_needed(shape, 1)) / shape->stride[0] + 1;
    if (job.is_copied && job.rows.rows_each > most) job.rows = sb_cut_evenly(rows, most > 1 ? most : 1);
    // Few rows are divided among the panels too.
    job.columns = sb_cut(panel_count, row_work / panel_count * job.rows.rows_each, PIECE_WORK, INTPTR_MAX);
#if defined(__x86_64__)
    if (sb_isa() == SB_ISA_AVX2 && __builtin_cpu_supports("avxvnni")) convolve_avxvnni(&job);
    else
#endif
        DISPATCH_BYTES(convolve, &job);
}

#endif
