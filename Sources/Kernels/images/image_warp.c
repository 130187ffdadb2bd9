#ifndef ISA_PASS
#include "image.h"

#include <stdbool.h>

// Weights of mixing are multiples of 1/256: two of them multiply a byte to 24 bits.
enum { WEIGHT_BITS = 8, WEIGHT_ONE = 1 << WEIGHT_BITS };

typedef struct {
    intptr_t channels, height, width, out_height, out_width;
    const double *map;
    bool nearest;
    uint8_t fill;
    const uint8_t *from;
    uint8_t *to;
} image_warp_job;

typedef uint8_t eight_bytes __attribute__((vector_size(8), aligned(1), may_alias));
typedef uint16_t eight_words __attribute__((vector_size(16)));
typedef uint32_t four_words __attribute__((vector_size(16)));
typedef uint8_t four_bytes __attribute__((vector_size(4)));
#endif

#define SOURCE "images/image_warp.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS

#undef channel_at
#undef warp_slowly
#undef warp_rows
#undef mix_inside
#undef mix_at_edge
#define channel_at KERNEL(channel_at)
#define warp_slowly KERNEL(warp_slowly)
#define warp_rows KERNEL(warp_rows)
#define mix_inside KERNEL(mix_inside)
#define mix_at_edge KERNEL(mix_at_edge)

// A channel of a pixel of x; `fill` outside.
static inline uint8_t channel_at(const image_warp_job *job, intptr_t i, intptr_t j, intptr_t c) {
    if (i < 0 || j < 0 || i >= job->width || j >= job->height) return job->fill;
    return job->from[(j * job->width + i) * job->channels + c];
}

static void mix_at_edge(const image_warp_job *job, intptr_t i, intptr_t j, uint32_t right, uint32_t down, uint8_t *y) {
    for (intptr_t c = 0; c < job->channels; ++c) {
        const uint32_t above = channel_at(job, i, j, c) * (WEIGHT_ONE - right)
                               + channel_at(job, i + 1, j, c) * right;
        const uint32_t below = channel_at(job, i, j + 1, c) * (WEIGHT_ONE - right)
                               + channel_at(job, i + 1, j + 1, c) * right;
        y[c] = (uint8_t)((above * (WEIGHT_ONE - down) + below * down + (1 << 15)) >> 16);
    }
}

// All four pixels lie inside, and so do the eight bytes from each of the two left ones on. Writes `room` bytes: four,
// of which the next pixel overwrites what is too much, except at the end of a row.
static inline __attribute__((always_inline)) void mix_inside(
    const uint8_t *x, intptr_t stride, intptr_t channels, uint32_t right, uint32_t down, uint8_t *y, intptr_t room) {
    const eight_words above = __builtin_convertvector(*(const eight_bytes *)x, eight_words);
    const eight_words below = __builtin_convertvector(*(const eight_bytes *)(x + stride), eight_words);
    const eight_words mixed = above * (uint16_t)(WEIGHT_ONE - down) + below * (uint16_t)down;
    const eight_words shifted = channels == 3 ? __builtin_shufflevector(mixed, mixed, 3, 4, 5, 5, 6, 7, 7, 7)
                                              : __builtin_shufflevector(mixed, mixed, 4, 5, 6, 7, 7, 7, 7, 7);
    const four_words one = __builtin_convertvector(__builtin_shufflevector(mixed, mixed, 0, 1, 2, 3), four_words);
    const four_words other = __builtin_convertvector(__builtin_shufflevector(shifted, shifted, 0, 1, 2, 3), four_words);
    const four_words sum = (one * (WEIGHT_ONE - right) + other * right + (1 << 15)) >> 16;
    const four_bytes bytes = __builtin_convertvector(sum, four_bytes);
    if (room == 4) memcpy(y, &bytes, 4);
    else memcpy(y, &bytes, channels);
}

// A pixel near the picture's edge, outside it, or one that is not mixed.
static void warp_slowly(const image_warp_job *job, double u, double v, uint8_t *y) {
    // Far outside, and not a number: the comparison also keeps the conversion to integers within bounds.
    if (!(u > -2 && v > -2 && u < job->width + 1 && v < job->height + 1)) {
        for (intptr_t c = 0; c < job->channels; ++c) y[c] = job->fill;
    } else if (job->nearest) {
        const intptr_t i = (intptr_t)(u + 2.5) - 2, j = (intptr_t)(v + 2.5) - 2;
        for (intptr_t c = 0; c < job->channels; ++c) y[c] = channel_at(job, i, j, c);
    } else {
        // In steps of 1/256, counted from two pixels outside the picture on, where no position is negative.
        const int64_t across = (int64_t)((u + 2) * WEIGHT_ONE + 0.5), along = (int64_t)((v + 2) * WEIGHT_ONE + 0.5);
        mix_at_edge(job, (across >> WEIGHT_BITS) - 2, (along >> WEIGHT_BITS) - 2, across & (WEIGHT_ONE - 1),
                    along & (WEIGHT_ONE - 1), y);
    }
}

static inline __attribute__((always_inline)) void warp_rows(const image_warp_job *job, intptr_t channels) {
    // Bytes may alias anything: what does not change is read once.
    const double a = job->map[0], b = job->map[3], c = job->map[6];
    const double right = job->nearest ? 0 : job->width - 2, bottom = job->nearest ? 0 : job->height - 1;
    const intptr_t out_width = job->out_width, stride = job->width * channels;
    const uint8_t *from = job->from;
    uint8_t *y = job->to;
    for (intptr_t j = 0; j < job->out_height; ++j) {
        const double u0 = job->map[1] * j + job->map[2], v0 = job->map[4] * j + job->map[5];
        const double t0 = job->map[7] * j + job->map[8];
        for (intptr_t i = 0; i < out_width; ++i, y += channels) {
            const double t = c * i + t0, scale = t == 1 ? 1 : 1 / t;
            const double u = (a * i + u0) * scale, v = (b * i + v0) * scale;
            if (channels < 3 || !(u >= 0 && v >= 0 && u < right - 0.01 && v < bottom - 0.01)) {
                warp_slowly(job, u, v, y);
                continue;
            }
            const int32_t across = (int32_t)(u * WEIGHT_ONE + 0.5), along = (int32_t)(v * WEIGHT_ONE + 0.5);
            const uint8_t *x = from + (along >> WEIGHT_BITS) * stride + (across >> WEIGHT_BITS) * channels;
            mix_inside(x, stride, channels, across & (WEIGHT_ONE - 1), along & (WEIGHT_ONE - 1), y,
                       i + 1 < out_width ? 4 : channels);
        }
    }
}

static void KERNEL(image_warp)(const image_warp_job *job) {
    if (job->channels == 3) warp_rows(job, 3);
    else if (job->channels == 4) warp_rows(job, 4);
    else warp_rows(job, job->channels);
}

#else

void sb_image_warp(intptr_t c, intptr_t h, intptr_t w, const double map[9], int nearest, uint8_t fill, intptr_t oh,
                   intptr_t ow, const uint8_t *x, uint8_t *y) {
    const image_warp_job job = {.channels = c, .height = h, .width = w, .out_height = oh, .out_width = ow, .map = map,
                                .nearest = nearest, .fill = fill, .from = x, .to = y};
    DISPATCH(image_warp, &job);
}

#endif
