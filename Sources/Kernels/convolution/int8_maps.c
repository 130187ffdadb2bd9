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
    sb_pieces pixels;
} map_job;
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
    for (intptr_t pixel = sb_piece_begin(job->pixels, piece); pixel < sb_piece_end(job->pixels, piece); ++pixel) {
        const float *from = job->from + pixel * job->float_pixel;
        uint8_t *to = job->y->data + pixel * job->y->pixel;
        FOR_LANES(c, count, job->channels)
            vi_store_bytes(to + c, v_bytes(vf_load_or(from + c, count, 0), inverse, job->y->zero), count);
    }
}

static void KERNEL(dequantize_piece)(void *context, intptr_t piece) {
    const map_job *job = context;
    for (intptr_t pixel = sb_piece_begin(job->pixels, piece); pixel < sb_piece_end(job->pixels, piece); ++pixel) {
        const uint8_t *from = job->a->data + pixel * job->a->pixel;
        float *to = job->to + pixel * job->float_pixel;
        FOR_LANES(c, count, job->channels)
            vf_store_some(to + c, v_numbers(vi_load_bytes(from + c, count), job->a->scale, job->a->zero), count);
    }
}

static void KERNEL(add_piece)(void *context, intptr_t piece) {
    const map_job *job = context;
    const float inverse = 1 / job->y->scale;
    for (intptr_t pixel = sb_piece_begin(job->pixels, piece); pixel < sb_piece_end(job->pixels, piece); ++pixel) {
        const uint8_t *a = job->a->data + pixel * job->a->pixel, *b = job->b->data + pixel * job->b->pixel;
        uint8_t *to = job->y->data + pixel * job->y->pixel;
        FOR_LANES(c, count, job->channels) {
            const vf sum = v_numbers(vi_load_bytes(a + c, count), job->a->scale, job->a->zero) +
                           v_numbers(vi_load_bytes(b + c, count), job->b->scale, job->b->zero);
            vi_store_bytes(to + c, v_bytes(sum, inverse, job->y->zero), count);
        }
    }
}

static void KERNEL(quantize_map)(map_job *job) { sb_parallel(job->pixels.count, KERNEL(quantize_piece), job); }
static void KERNEL(dequantize_map)(map_job *job) { sb_parallel(job->pixels.count, KERNEL(dequantize_piece), job); }
static void KERNEL(add_maps)(map_job *job) { sb_parallel(job->pixels.count, KERNEL(add_piece), job); }

#else

void sb_int8_quantize(intptr_t pixels, intptr_t channels, const float *x, intptr_t x_pixel, const sb_int8_map *y) {
    map_job job = {.y = y, .from = x, .channels = channels, .float_pixel = x_pixel, .pixels = sb_cut_rows(pixels, channels)};
    DISPATCH(quantize_map, &job);
}

void sb_int8_dequantize(intptr_t pixels, intptr_t channels, const sb_int8_map *x, float *y, intptr_t y_pixel) {
    map_job job = {.a = x, .to = y, .channels = channels, .float_pixel = y_pixel, .pixels = sb_cut_rows(pixels, channels)};
    DISPATCH(dequantize_map, &job);
}

void sb_int8_add(intptr_t pixels, intptr_t channels, const sb_int8_map *a, const sb_int8_map *b, const sb_int8_map *y) {
    map_job job = {.a = a, .b = b, .y = y, .channels = channels, .pixels = sb_cut_rows(pixels, channels)};
    DISPATCH(add_maps, &job);
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

typedef struct {
    const sb_int8_map *x, *y;
    const sb_int8_shape *shape;
    sb_pieces rows;
} pool_job;

static void pool_pixel(const pool_job *job, intptr_t image, intptr_t row, intptr_t column) {
    const sb_int8_shape *shape = job->shape;
    uint8_t *to = job->y->data + ((image * shape->output[0] + row) * shape->output[1] + column) * job->y->pixel;
    memset(to, 0, (size_t)shape->channels);
    for (intptr_t i = 0; i < shape->kernel[0]; ++i)
        for (intptr_t j = 0; j < shape->kernel[1]; ++j) {
            const intptr_t y = row * shape->stride[0] - shape->padding[0] + i * shape->dilation[0];
            const intptr_t x = column * shape->stride[1] - shape->padding[1] + j * shape->dilation[1];
            if (y < 0 || y >= shape->input[0] || x < 0 || x >= shape->input[1]) continue;
            const uint8_t *from = job->x->data + ((image * shape->input[0] + y) * shape->input[1] + x) * job->x->pixel;
            for (intptr_t c = 0; c < shape->channels; ++c) to[c] = to[c] > from[c] ? to[c] : from[c];
        }
}

static void pool_piece(void *context, intptr_t piece) {
    const pool_job *job = context;
    const intptr_t height = job->shape->output[0];
    for (intptr_t row = sb_piece_begin(job->rows, piece); row < sb_piece_end(job->rows, piece); ++row)
        for (intptr_t column = 0; column < job->shape->output[1]; ++column)
            pool_pixel(job, row / height, row % height, column);
}

void sb_int8_max_pool(const sb_int8_map *x, const sb_int8_shape *shape, const sb_int8_map *y) {
    const intptr_t row_work = shape->output[1] * shape->channels * shape->kernel[0] * shape->kernel[1];
    pool_job job = {x, y, shape, sb_cut(shape->images * shape->output[0], row_work, 512 * 1024, INTPTR_MAX)};
    sb_parallel(job.rows.count, pool_piece, &job);
}

#endif
