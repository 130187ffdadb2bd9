// The gradient toward a convolution's bias: for each channel the sum over all pixels.
#ifndef ISA_PASS
#include "convolution_core.h"
#include "foundation/pieces.h"
#include "foundation/workspace.h"

typedef struct {
    const float *data;
    intptr_t channels, pixel;
    sb_pieces pixels;
    float *sums;   // [pieces][channels]
} bias_job;

enum { BIAS_BLOCK = 4, BIAS_WORK = 16384, BIAS_PIECES = 64 };
#endif

#define SOURCE "convolution/convolution_bias.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"

// `vectors` vectors of channels; the last of them has `count` channels. Every other pixel has sums of its own, which
// halves the length of the chains of additions.
static inline __attribute__((always_inline)) void KERNEL(sum_lanes)(const float *from, intptr_t pixels, intptr_t pixel,
                                                                    const int vectors, intptr_t count, float *to) {
    vf even[BIAS_BLOCK] = {0}, odd[BIAS_BLOCK] = {0};
    intptr_t i = 0;
    for (; i + 2 <= pixels; i += 2, from += 2 * pixel)
        for (int v = 0; v < vectors; ++v) {
            even[v] += vf_load_or(from + v * LANES, count, 0);
            odd[v] += vf_load_or(from + pixel + v * LANES, count, 0);
        }
    for (int v = 0; v < vectors; ++v) {
        if (i < pixels) even[v] += vf_load_or(from + v * LANES, count, 0);
        vf_store_some(to + v * LANES, even[v] + odd[v], count);
    }
}

static void KERNEL(bias_piece)(void *context, intptr_t piece) {
    const bias_job *job = context;
    const intptr_t begin = sb_piece_begin(job->pixels, piece), pixels = sb_piece_end(job->pixels, piece) - begin;
    const float *from = job->data + begin * job->pixel;
    float *to = job->sums + piece * job->channels;
    intptr_t channel = 0;
    for (; channel + BIAS_BLOCK * LANES <= job->channels; channel += BIAS_BLOCK * LANES)
        KERNEL(sum_lanes)(from + channel, pixels, job->pixel, BIAS_BLOCK, LANES, to + channel);
    FOR_LANES(rest, count, job->channels - channel)
        KERNEL(sum_lanes)(from + channel + rest, pixels, job->pixel, 1, count, to + channel + rest);
}

static void KERNEL(sum_bias)(bias_job *job) { sb_parallel(job->pixels.count, KERNEL(bias_piece), job); }

#else

void sb_sum_pixels(const sb_array *gy, float *sums) {
    const intptr_t channels = gy->shape[1], pixels = gy->shape[0] * gy->shape[2] * gy->shape[3];
    bias_job job = {gy->data, channels, gy->strides[3], sb_cut(pixels, channels, BIAS_WORK, BIAS_PIECES), NULL};
    const size_t bytes = sizeof(float) * (size_t)(job.pixels.count * channels);
    job.sums = sb_workspace(bytes);
    DISPATCH(sum_bias, &job);
    for (intptr_t channel = 0; channel < channels; ++channel) {
        double sum = 0;
        for (intptr_t piece = 0; piece < job.pixels.count; ++piece) sum += job.sums[piece * channels + channel];
        sums[channel] = (float)sum;
    }
    sb_free(job.sums, bytes);
}

#endif
