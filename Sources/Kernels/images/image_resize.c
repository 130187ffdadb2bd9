#ifndef ISA_PASS
#include "image.h"

#include "image_bilinear.h"
#include "resample_taps.h"

typedef struct {
    intptr_t channels, width;            // of x
    sb_taps vertical, horizontal;
    const uint8_t *from;
    uint8_t *to;
} image_resize_job;

typedef float pixel __attribute__((vector_size(16)));
typedef float pixel_loaded __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t pixel_integers __attribute__((vector_size(16)));
typedef uint8_t pixel_bytes __attribute__((vector_size(4)));
#endif

#define SOURCE "images/image_resize.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"

#undef vb
#undef mix_rows
#undef mix_pixels
#undef mix_greys
#undef rounded_byte
#define vb KERNEL(vb)
#define mix_rows KERNEL(mix_rows)
#define mix_pixels KERNEL(mix_pixels)
#define mix_greys KERNEL(mix_greys)
#define rounded_byte KERNEL(rounded_byte)

typedef uint8_t vb __attribute__((vector_size(LANES), aligned(1), may_alias));

// y = Σ weights[k] · row k of x, n bytes each.
static void mix_rows(intptr_t n, intptr_t taps, const float *weights, const uint8_t *x, intptr_t stride, float *y) {
    intptr_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vf sum = {0};
        for (intptr_t k = 0; k < taps; ++k)
            sum += weights[k] * __builtin_convertvector(*(const vb *)(x + k * stride + i), vf);
        vf_store(y + i, sum);
    }
    for (; i < n; ++i) {
        float sum = 0;
        for (intptr_t k = 0; k < taps; ++k) sum += weights[k] * x[k * stride + i];
        y[i] = sum;
    }
}

static inline uint8_t rounded_byte(float value) {
    const float rounded = value + 0.5f;
    return rounded <= 0 ? 0 : rounded >= 255 ? 255 : (uint8_t)rounded;
}

// A row of pixels of 3 or 4 channels: four bytes at a time, of which the next pixel overwrites what is too much. The last
// pixel of all may not write more than its own.
static inline __attribute__((always_inline)) void mix_pixels(
    const sb_taps *taps, intptr_t channels, const float *x, uint8_t *y) {
    // Bytes may alias anything: what does not change is read once.
    const intptr_t out = taps->out, most = taps->most;
    const int32_t *start = taps->start, *count = taps->count;
    const float *weights = taps->weights;
    for (intptr_t o = 0; o < out; ++o, weights += most, y += channels) {
        const float *from = x + start[o] * channels;
        pixel sum = {0.5f, 0.5f, 0.5f, 0.5f};
        for (intptr_t k = 0, taps_here = count[o]; k < taps_here; ++k)
            sum += weights[k] * *(const pixel_loaded *)(from + k * channels);
        pixel_integers value = __builtin_convertvector(sum, pixel_integers);
        value = value & ~(value < 0);
        value = value | (value > 255);
        const pixel_bytes bytes = __builtin_convertvector(value, pixel_bytes);
        if (o + 1 < out) memcpy(y, &bytes, 4);
        else memcpy(y, &bytes, channels);
    }
}

static void mix_greys(const sb_taps *taps, intptr_t channels, const float *x, uint8_t *y) {
    for (intptr_t o = 0; o < taps->out; ++o) {
        const float *weights = taps->weights + o * taps->most, *from = x + taps->start[o] * channels;
        for (intptr_t c = 0; c < channels; ++c) {
            float sum = 0;
            for (intptr_t k = 0; k < taps->count[o]; ++k) sum += weights[k] * from[k * channels + c];
            y[o * channels + c] = rounded_byte(sum);
        }
    }
}

static void KERNEL(image_resize)(const image_resize_job *job) {
    const intptr_t row = job->channels * job->width, out_row = job->channels * job->horizontal.out;
    float *mixed = sb_scratch((row + 4) * sizeof *mixed);
    memset(mixed + row, 0, 4 * sizeof *mixed);
    for (intptr_t line = 0; line < job->vertical.out; ++line) {
        mix_rows(row, job->vertical.count[line], job->vertical.weights + line * job->vertical.most,
                 job->from + job->vertical.start[line] * row, row, mixed);
        uint8_t *to = job->to + line * out_row;
        if (job->channels == 3) mix_pixels(&job->horizontal, 3, mixed, to);
        else if (job->channels == 4) mix_pixels(&job->horizontal, 4, mixed, to);
        else mix_greys(&job->horizontal, job->channels, mixed, to);
    }
}

#else

static void resize_nearest(intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, const uint8_t *x,
                           uint8_t *y) {
    const double down = 1 / ((double)oh / h), right = 1 / ((double)ow / w);
    for (intptr_t i = 0; i < oh; ++i) {
        const intptr_t line = (intptr_t)(i * down);
        const uint8_t *row = x + (line < h ? line : h - 1) * w * c;
        for (intptr_t j = 0; j < ow; ++j) {
            const intptr_t column = (intptr_t)(j * right);
            const uint8_t *from = row + (column < w ? column : w - 1) * c;
            for (intptr_t k = 0; k < c; ++k) *y++ = from[k];
        }
    }
}

void sb_image_resize(intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, sb_interpolation mode,
                     const uint8_t *x, uint8_t *y) {
    if (mode == SB_NEAREST) return resize_nearest(c, h, w, oh, ow, x, y);
    if (mode == SB_LINEAR) return sb_image_resize_bilinear(c, h, w, oh, ow, x, y);
    if (mode == SB_COVERAGE && (oh > h || ow > w)) mode = SB_COVERAGE_UP;
    const sb_resize resize = {.mode = mode};
    const image_resize_job job = {.channels = c, .width = w, .vertical = sb_taps_make(h, oh, &resize, 0),
                                  .horizontal = sb_taps_make(w, ow, &resize, 1), .from = x, .to = y};
    DISPATCH(image_resize, &job);
    sb_taps_free(job.vertical);
    sb_taps_free(job.horizontal);
}

#endif
