// What happens to maps of bytes between convolutions.
#ifndef ISA_PASS
#include <stdbool.h>

#include "foundation/pieces.h"
#include "int8.h"

typedef struct {
    const sb_int8_map *a, *b, *y;
    const float *from;
    float *to;
    intptr_t channels, float_pixel;
    bool is_dense;      // whether pixels follow each other without gaps, so that they are one row of channels
    sb_pieces pixels;
} map_job;

// The pixels of a piece.
typedef struct {
    intptr_t first, end, channels;
} pixel_range;

static pixel_range pixels_of(const map_job *job, intptr_t piece) {
    const intptr_t first = sb_piece_begin(job->pixels, piece), end = sb_piece_end(job->pixels, piece);
    if (job->is_dense) return (pixel_range){first, first + 1, (end - first) * job->channels};
    return (pixel_range){first, end, job->channels};
}

typedef struct {
    const sb_int8_map *x, *y;
    const sb_int8_shape *shape;
    sb_pieces rows;
} pool_job;
#endif

#define SOURCE "convolution/int8_maps.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#pragma clang fp contract(off)
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "int8_numbers.h"

static void KERNEL(quantize_piece)(void *context, intptr_t piece) {
    const map_job *job = context;
    const float inverse = 1 / job->y->scale;
    const pixel_range pixels = pixels_of(job, piece);
    for (intptr_t pixel = pixels.first; pixel < pixels.end; ++pixel) {
        const float *from = job->from + pixel * job->float_pixel;
        uint8_t *to = job->y->data + pixel * job->y->pixel;
        FOR_LANES(c, count, pixels.channels)
            vi_store_bytes(to + c, v_bytes(vf_load_or(from + c, count, 0), inverse, job->y->zero), count);
    }
}

static void KERNEL(dequantize_piece)(void *context, intptr_t piece) {
    const map_job *job = context;
    const pixel_range pixels = pixels_of(job, piece);
    for (intptr_t pixel = pixels.first; pixel < pixels.end; ++pixel) {
        const uint8_t *from = job->a->data + pixel * job->a->pixel;
        float *to = job->to + pixel * job->float_pixel;
        FOR_LANES(c, count, pixels.channels)
            vf_store_some(to + c, v_numbers(vi_load_bytes(from + c, count), job->a->scale, job->a->zero), count);
    }
}

static void KERNEL(add_piece)(void *context, intptr_t piece) {
    const map_job *job = context;
    const float inverse = 1 / job->y->scale;
    const pixel_range pixels = pixels_of(job, piece);
    for (intptr_t pixel = pixels.first; pixel < pixels.end; ++pixel) {
        const uint8_t *a = job->a->data + pixel * job->a->pixel, *b = job->b->data + pixel * job->b->pixel;
        uint8_t *to = job->y->data + pixel * job->y->pixel;
        FOR_LANES(c, count, pixels.channels) {
            const vf sum = v_numbers(vi_load_bytes(a + c, count), job->a->scale, job->a->zero) +
                           v_numbers(vi_load_bytes(b + c, count), job->b->scale, job->b->zero);
            vi_store_bytes(to + c, v_bytes(sum, inverse, job->y->zero), count);
        }
    }
}

#define vbytes KERNEL(vbytes)
typedef uint8_t vbytes __attribute__((vector_size(VECTOR_BYTES)));

// The largest bytes of a window, for `count` channels from `channel` on, at most VECTOR_BYTES.
static inline vbytes KERNEL(largest)(const pool_job *job, intptr_t image, intptr_t row, intptr_t column, intptr_t channel,
                                     intptr_t count) {
    const sb_int8_shape *shape = job->shape;
    vbytes largest = {0};
    for (intptr_t i = 0; i < shape->kernel[0]; ++i)
        for (intptr_t j = 0; j < shape->kernel[1]; ++j) {
            const intptr_t y = row * shape->stride[0] - shape->padding[0] + i * shape->dilation[0];
            const intptr_t x = column * shape->stride[1] - shape->padding[1] + j * shape->dilation[1];
            if (y < 0 || y >= shape->input[0] || x < 0 || x >= shape->input[1]) continue;
            const uint8_t *from =
                job->x->data + ((image * shape->input[0] + y) * shape->input[1] + x) * job->x->pixel + channel;
            vbytes bytes = {0};
            if (count == VECTOR_BYTES) memcpy(&bytes, from, sizeof bytes);
            else memcpy(&bytes, from, (size_t)count);
            largest = __builtin_elementwise_max(largest, bytes);
        }
    return largest;
}

static void KERNEL(pool_piece)(void *context, intptr_t piece) {
    const pool_job *job = context;
    const sb_int8_map y = *job->y;
    const intptr_t height = job->shape->output[0], width = job->shape->output[1], channels = job->shape->channels;
    for (intptr_t row = sb_piece_begin(job->rows, piece); row < sb_piece_end(job->rows, piece); ++row)
        for (intptr_t column = 0; column < width; ++column)
            for (intptr_t channel = 0; channel < channels; channel += VECTOR_BYTES) {
                const intptr_t count = channels - channel < VECTOR_BYTES ? channels - channel : VECTOR_BYTES;
                const vbytes bytes = KERNEL(largest)(job, row / height, row % height, column, channel, count);
                memcpy(y.data + (row * width + column) * y.pixel + channel, &bytes, (size_t)count);
            }
}

#undef vbytes

static void KERNEL(quantize_map)(map_job *job) { sb_parallel(job->pixels.count, KERNEL(quantize_piece), job); }
static void KERNEL(dequantize_map)(map_job *job) { sb_parallel(job->pixels.count, KERNEL(dequantize_piece), job); }
static void KERNEL(add_maps)(map_job *job) { sb_parallel(job->pixels.count, KERNEL(add_piece), job); }
static void KERNEL(pool_maps)(pool_job *job) { sb_parallel(job->rows.count, KERNEL(pool_piece), job); }

#else

void sb_int8_quantize(intptr_t pixels, intptr_t channels, const float *x, intptr_t x_pixel, const sb_int8_map *y) {
    map_job job = {.y = y, .from = x, .channels = channels, .float_pixel = x_pixel,
                   .is_dense = x_pixel == channels && y->pixel == channels, .pixels = sb_cut_rows(pixels, channels)};
    DISPATCH(quantize_map, &job);
}

void sb_int8_dequantize(intptr_t pixels, intptr_t channels, const sb_int8_map *x, float *y, intptr_t y_pixel) {
    map_job job = {.a = x, .to = y, .channels = channels, .float_pixel = y_pixel,
                   .is_dense = x->pixel == channels && y_pixel == channels, .pixels = sb_cut_rows(pixels, channels)};
    DISPATCH(dequantize_map, &job);
}

void sb_int8_add(intptr_t pixels, intptr_t channels, const sb_int8_map *a, const sb_int8_map *b, const sb_int8_map *y) {
    map_job job = {.a = a, .b = b, .y = y, .channels = channels,
                   .is_dense = a->pixel == channels && b->pixel == channels && y->pixel == channels,
                   .pixels = sb_cut_rows(pixels, channels)};
    DISPATCH(add_maps, &job);
}

void sb_int8_max_pool(const sb_int8_map *x, const sb_int8_shape *shape, const sb_int8_map *y) {
    const intptr_t row_work = shape->output[1] * shape->channels * shape->kernel[0] * shape->kernel[1];
    pool_job job = {x, y, shape, sb_cut(shape->images * shape->output[0], row_work, 512 * 1024, INTPTR_MAX)};
    DISPATCH(pool_maps, &job);
}

// MARK: Moving bytes, which is the same for every instruction set

void sb_int8_copy(intptr_t pixels, intptr_t channels, const sb_int8_map *x, const sb_int8_map *y) {
    for (intptr_t pixel = 0; pixel < pixels; ++pixel)
        memcpy(y->data + pixel * y->pixel, x->data + pixel * x->pixel, (size_t)channels);
}

void sb_int8_repeat(const sb_int8_map *x, const sb_int8_shape *shape, const intptr_t factor[2], const sb_int8_map *y) {
    uint8_t *to = y->data;
    for (intptr_t row = 0; row < shape->images * shape->input[0]; ++row)
        for (intptr_t below = 0; below < factor[0]; ++below)
            for (intptr_t column = 0; column < shape->input[1]; ++column)
                for (intptr_t beside = 0; beside < factor[1]; ++beside, to += y->pixel)
                    memcpy(to, x->data + (row * shape->input[1] + column) * x->pixel, (size_t)shape->channels);
}

#endif
