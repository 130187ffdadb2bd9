// Convolution of bytes with one filter for each channel. Channels are lanes. Sums are taken in float32, in which whole numbers below
// 2^24 are exact, as these are: 518 products of at most 255 · 127.
#ifndef ISA_PASS
#include <stdbool.h>

#include "foundation/pieces.h"
#include "int8.h"

typedef struct {
    const sb_int8_map *x;
    const int8_t *w;
    const sb_int8_shape *shape;
    const sb_int8_epilogue *epilogue;
    const sb_int8_result *y;
    sb_pieces rows;
} depthwise_job;

// The places of a filter along one axis that meet the input: from first to before end.
typedef struct {
    intptr_t first, end;
} inside;

static inside places_inside(const sb_int8_shape *shape, int axis, intptr_t start) {
    const intptr_t step = shape->dilation[axis];
    inside places = {start < 0 ? (-start + step - 1) / step : 0, shape->kernel[axis]};
    const intptr_t most = (shape->input[axis] - start + step - 1) / step;
    if (places.end > most) places.end = most;
    return places;
}
#endif

#define SOURCE "convolution/int8_depthwise.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#pragma clang fp contract(off)
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "int8_numbers.h"

static inline __attribute__((always_inline)) vf KERNEL(signed_bytes)(const int8_t *p, intptr_t count) {
    typedef int8_t vs __attribute__((vector_size(LANES)));
    vs bytes = {0};
    if (__builtin_expect(count >= LANES, 1)) memcpy(&bytes, p, sizeof bytes);
    else memcpy(&bytes, p, (size_t)count);
    return __builtin_convertvector(bytes, vf);
}

// One pixel of the output.
static void KERNEL(depthwise_pixel)(const depthwise_job *job, intptr_t image, intptr_t row, intptr_t column, float inverse) {
    const sb_int8_shape *shape = job->shape;
    const sb_int8_map *x = job->x;
    const intptr_t top = row * shape->stride[0] - shape->padding[0], left = column * shape->stride[1] - shape->padding[1];
    const inside rows = places_inside(shape, 0, top), columns = places_inside(shape, 1, left);
    const intptr_t pixel = (image * shape->output[0] + row) * shape->output[1] + column;
    FOR_LANES(channel, count, shape->channels) {
        vf sum = {0};
        for (intptr_t i = rows.first; i < rows.end; ++i)
            for (intptr_t j = columns.first; j < columns.end; ++j) {
                const intptr_t place =
                    (image * shape->input[0] + top + i * shape->dilation[0]) * shape->input[1] + left + j * shape->dilation[1];
                const vi bytes = vi_load_bytes(x->data + place * x->pixel + channel, count) - x->zero;
                sum += __builtin_convertvector(bytes, vf) *
                       KERNEL(signed_bytes)(job->w + (i * shape->kernel[1] + j) * shape->channels + channel, count);
            }
        v_store_finished(job->epilogue, job->y, inverse, sum, pixel, channel, count);
    }
}

static void KERNEL(depthwise_piece)(void *context, intptr_t piece) {
    const depthwise_job *job = context;
    const intptr_t height = job->shape->output[0];
    const float inverse = job->y->floats ? 0 : 1 / job->y->map.scale;
    for (intptr_t row = sb_piece_begin(job->rows, piece); row < sb_piece_end(job->rows, piece); ++row)
        for (intptr_t column = 0; column < job->shape->output[1]; ++column)
            KERNEL(depthwise_pixel)(job, row / height, row % height, column, inverse);
}

static void KERNEL(depthwise)(depthwise_job *job) { sb_parallel(job->rows.count, KERNEL(depthwise_piece), job); }

#else

void sb_int8_depthwise(const sb_int8_map *x, const int8_t *w, const sb_int8_shape *shape, const sb_int8_epilogue *epilogue,
                       const sb_int8_result *y) {
    const intptr_t row_work = shape->output[1] * shape->channels * shape->kernel[0] * shape->kernel[1];
    depthwise_job job = {.x = x, .w = w, .shape = shape, .epilogue = epilogue, .y = y,
                         .rows = sb_cut(shape->images * shape->output[0], row_work, 128 * 1024, INTPTR_MAX)};
    DISPATCH(depthwise, &job);
}

#endif
