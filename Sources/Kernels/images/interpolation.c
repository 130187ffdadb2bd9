#ifndef ISA_PASS
#include "interpolation.h"

#include <stdbool.h>

#include "foundation/pieces.h"
#include "resample_taps.h"

typedef struct {
    sb_pieces pieces;
    intptr_t channels, height, width;   // of the image
    sb_taps vertical, horizontal;
    const float *from;                  // forward: the image; backward: the gradient of the output
    intptr_t from_pixel;                // backward: floats from one pixel of it to the next
    float *to;
} resize_job;
#endif

#define SOURCE "images/interpolation.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"

#undef add_scaled
#undef add_scaled_runs
#undef weighted_sum
#define add_scaled KERNEL(add_scaled)
#define add_scaled_runs KERNEL(add_scaled_runs)
#define weighted_sum KERNEL(weighted_sum)

// y = Σ weights[k] · x[k·step …], n floats, for the taps of output position o.
static void weighted_sum(intptr_t n, const sb_taps *all, intptr_t o, const float *x, intptr_t step, float *y) {
    const float *weights = all->weights + o * all->most;
    const intptr_t taps = all->count[o], idle = all->idle[o];
    FOR_LANES(i, count, n) {
        vf sum = vf_load_or(x + i, count, 0) * weights[0];
        for (intptr_t k = 1; k < taps; ++k) sum += vf_load_or(x + k * step + i, count, 0) * weights[k];
        if (idle >= 0) sum += vf_load_or(x + idle * step + i, count, 0) * 0.0f;
        vf_store_some(y + i, sum, count);
    }
}

static inline void add_scaled(intptr_t n, float weight, const float *x, float *sum) {
    FOR_LANES(i, count, n)
        vf_store_some(sum + i, vf_load_or(sum + i, count, 0) + vf_load_or(x + i, count, 0) * weight, count);
}

// sum += weight · x, where x has runs of n floats, `step` floats apart.
static inline void add_scaled_runs(intptr_t runs, intptr_t n, float weight, const float *x, intptr_t step, float *sum) {
    for (intptr_t run = 0; run < runs; ++run) add_scaled(n, weight, x + run * step, sum + run * n);
}

// A row of the pieces is a row of an output image: first the image's rows are combined, then the columns of that.
static void KERNEL(resize_rows)(void *context, intptr_t piece) {
    const resize_job *job = context;
    const intptr_t channels = job->channels, width = job->width * channels, end = sb_piece_end(job->pieces, piece);
    const sb_taps *vertical = &job->vertical, *horizontal = &job->horizontal;
    float *combined = sb_scratch(width * sizeof *combined);
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row) {
        const intptr_t image = row / vertical->out, line = row % vertical->out;
        const float *x = job->from + (image * job->height + vertical->start[line]) * width;
        const bool alone =
            vertical->count[line] == 1 && vertical->weights[line * vertical->most] == 1 && vertical->idle[line] < 0;
        if (!alone) weighted_sum(width, vertical, line, x, width, combined);
        const float *source = alone ? x : combined;
        for (intptr_t column = 0; column < horizontal->out; ++column)
            weighted_sum(channels, horizontal, column, source + horizontal->start[column] * channels, channels,
                         job->to + (row * horizontal->out + column) * channels);
    }
}

// The adjoint: a row of the pieces is a row of an image, which gathers the output rows that it had a part in.
static void KERNEL(resize_rows_backward)(void *context, intptr_t piece) {
    const resize_job *job = context;
    const sb_taps *vertical = &job->vertical, *horizontal = &job->horizontal;
    const intptr_t channels = job->channels, out_width = horizontal->out * channels;
    const bool dense = job->from_pixel == channels;
    const intptr_t runs = dense ? 1 : horizontal->out, run = dense ? out_width : channels;
    const intptr_t end = sb_piece_end(job->pieces, piece);
    float *combined = sb_scratch(out_width * sizeof *combined);
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row) {
        const intptr_t image = row / job->height, line = row % job->height;
        memset(combined, 0, out_width * sizeof *combined);
        for (intptr_t out = 0; out < vertical->out; ++out) {
            const intptr_t tap = line - vertical->start[out];
            if (tap < 0 || tap >= vertical->count[out]) continue;
            const float *from = job->from + (image * vertical->out + out) * horizontal->out * job->from_pixel;
            add_scaled_runs(runs, run, vertical->weights[out * vertical->most + tap], from, job->from_pixel, combined);
        }
        float *gx = job->to + row * job->width * channels;
        memset(gx, 0, job->width * channels * sizeof *gx);
        for (intptr_t column = 0; column < horizontal->out; ++column)
            for (intptr_t i = 0; i < horizontal->count[column]; ++i)
                add_scaled(channels, horizontal->weights[column * horizontal->most + i],
                           combined + column * channels, gx + (horizontal->start[column] + i) * channels);
    }
}

static void KERNEL(resize)(resize_job *job) { sb_parallel(job->pieces.count, KERNEL(resize_rows), job); }

static void KERNEL(resize_backward)(resize_job *job) {
    sb_parallel(job->pieces.count, KERNEL(resize_rows_backward), job);
}

#else

void sb_interpolate2d(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, sb_resize resize,
                      const float *x, float *y) {
    if (n * c * oh * ow == 0) return;
    resize_job job = {.pieces = sb_cut_rows(n * oh, (w + ow) * c), .channels = c, .height = h, .width = w,
                      .vertical = sb_taps_make(h, oh, &resize, 0), .horizontal = sb_taps_make(w, ow, &resize, 1),
                      .from = x, .to = y};
    DISPATCH(resize, &job);
    sb_taps_free(job.vertical);
    sb_taps_free(job.horizontal);
}

void sb_interpolate2d_backward(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow,
                               sb_resize resize, const float *gy, intptr_t gy_pixel, float *gx) {
    if (n * c * h * w == 0) return;
    resize_job job = {.pieces = sb_cut_rows(n * h, (w + ow) * c), .channels = c, .height = h, .width = w,
                      .vertical = sb_taps_make(h, oh, &resize, 0), .horizontal = sb_taps_make(w, ow, &resize, 1),
                      .from = gy, .from_pixel = gy_pixel, .to = gx};
    DISPATCH(resize_backward, &job);
    sb_taps_free(job.vertical);
    sb_taps_free(job.horizontal);
}

#endif
