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
    inside places = {0, shape->kernel[axis]};
    while (places.first < places.end && start + places.first * step < 0) ++places.first;
    while (places.end > places.first && start + (places.end - 1) * step >= shape->input[axis]) --places.end;
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

// The filters as floats, once for all pixels of a piece.
static const float *KERNEL(filters_as_floats)(const depthwise_job *job) {
    const intptr_t count = job->shape->kernel[0] * job->shape->kernel[1] * job->shape->channels;
    float *filters = sb_scratch((size_t)count * sizeof *filters);
    for (intptr_t i = 0; i < count; ++i) filters[i] = job->w[i];
    return filters;
}

// Some channels of a row of the output, numbered through all images; `activation` is a constant after inlining.
static inline __attribute__((always_inline)) void KERNEL(depthwise_row)(const sb_activation activation,
                                                                        const depthwise_job *job, const float *filters,
                                                                        intptr_t row, intptr_t channel, intptr_t count) {
    const sb_int8_shape *shape = job->shape;
    const sb_int8_map x = *job->x;
    const intptr_t image = row / shape->output[0], columns = shape->output[1];
    const intptr_t top = row % shape->output[0] * shape->stride[0] - shape->padding[0];
    const inside rows = places_inside(shape, 0, top);
    const v_finish finish = v_finish_for(job->epilogue, job->y, channel, count);
    for (intptr_t column = 0; column < columns; ++column) {
        const intptr_t left = column * shape->stride[1] - shape->padding[1];
        const inside places = places_inside(shape, 1, left);
        vf sum = {0};
        for (intptr_t i = rows.first; i < rows.end; ++i) {
            const intptr_t line = (image * shape->input[0] + top + i * shape->dilation[0]) * shape->input[1] + left;
            for (intptr_t j = places.first; j < places.end; ++j) {
                const vi bytes = vi_load_bytes(x.data + (line + j * shape->dilation[1]) * x.pixel + channel, count) - x.zero;
                sum += __builtin_convertvector(bytes, vf) *
                       vf_load_or(filters + (i * shape->kernel[1] + j) * shape->channels + channel, count, 0);
            }
        }
        v_store_finished(activation, &finish, sum, row * columns + column);
    }
}

static void KERNEL(depthwise_piece)(void *context, intptr_t piece) {
    const depthwise_job *job = context;
    const float *filters = KERNEL(filters_as_floats)(job);
    for (intptr_t row = sb_piece_begin(job->rows, piece); row < sb_piece_end(job->rows, piece); ++row)
        FOR_LANES(channel, count, job->shape->channels)
            WITH_ACTIVATION(job->epilogue->activation,
                            KERNEL(depthwise_row)(ACTIVATION, job, filters, row, channel, count))
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
