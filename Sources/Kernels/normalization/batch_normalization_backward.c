// The gradient of batch normalization in training, with that of the activation after it: one pass over memory for the
// sums over each channel and one for the result. What relu lets through is found anew in each pass, from the normalization's
// input or output, so that no gradient before the activation is stored, unless a residual wants it. That of silu takes
// longer to find than to store, in the result's place.
#ifndef ISA_PASS
#include "batch_normalization.h"

#include "batch_normalization_blocks.h"
#include "foundation/pieces.h"
#include "foundation/workspace.h"

// How the gradient passes the activation: unchanged, where the output or the scaled input is above 0, or times silu'.
typedef enum { GATE_OPEN, GATE_OUTPUT, GATE_INPUT, GATE_SILU } gate;

typedef struct {
    sb_pieces pieces;
    intptr_t channels;
    const float *gy;
    intptr_t gy_step;
    sb_batch_norm_pass pass;
    gate gate;
    // The first pass:
    float *gated;        // where the gradient before the activation goes; NULL if it is not stored
    double *sum, *dot;   // [pieces, channels]: of that gradient, and of its products with x - mean
    // The second: gx = gradient·scale + (x - mean)·slope + offset
    const float *scale, *slope, *offset;
    float *gx;
} backward_job;
#endif

#define SOURCE "normalization/batch_normalization_backward.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/vector_math.h"
#include "batch_normalization_blocks.h"

#define INLINE static inline __attribute__((always_inline))

INLINE vf KERNEL(kept)(sb_kept numbers, intptr_t at, intptr_t count) {
    return numbers.bfloats ? vf_load_bfloats(numbers.bfloats + at, count) : vf_load_or(numbers.floats + at, count, 0);
}

// The gradient before the activation, of a row's channels from `channel` on.
INLINE vf KERNEL(gated)(const gate gate, const backward_job *job, vf x, intptr_t row, intptr_t channel, intptr_t count) {
    const vf g = vf_load_or(job->gy + row * job->gy_step + channel, count, 0);
    if (gate == GATE_OPEN) return g;
    if (gate == GATE_OUTPUT)
        return vf_select(KERNEL(kept)(job->pass.y, row * job->channels + channel, count) <= 0, (vf){0}, g);
    const vf z = x * vf_load_or(job->pass.scale + channel, count, 0) + vf_load_or(job->pass.shift + channel, count, 0);
    if (gate == GATE_INPUT) return vf_select(z <= 0, (vf){0}, g);
    const vf sigmoid = v_sigmoid(z);
    return g * (sigmoid * (1 + z * (1 - sigmoid)));
}

// MARK: Sums

// Adds the sums over rows `begin` ..< `end` of `vectors` vectors of channels; the last of them has `count` channels.
INLINE void KERNEL(sum_channels)(const int vectors, intptr_t count, const gate gate, const backward_job *job,
                                 intptr_t begin, intptr_t end, intptr_t channel, double *sums, double *dots) {
    vf center[4], sum[4] = {{0}}, dot[4] = {{0}};
    float lanes[2][COLUMNS];
    EACH(v, vectors) center[v] = vf_load_or(job->pass.mean + channel + v * LANES, count, 0);
    for (intptr_t row = begin; row < end; ++row)
        EACH(v, vectors) {
            const intptr_t at = row * job->channels + channel + v * LANES;
            const vf x = KERNEL(kept)(job->pass.x, at, count);
            const vf g = KERNEL(gated)(gate, job, x, row, channel + v * LANES, count);
            if ((gate == GATE_OUTPUT || gate == GATE_SILU) && job->gated) vf_store_some(job->gated + at, g, count);
            sum[v] += g;
            dot[v] += g * (x - center[v]);
        }
    EACH(v, vectors) {
        vf_store(lanes[0] + v * LANES, sum[v]);
        vf_store(lanes[1] + v * LANES, dot[v]);
    }
    for (intptr_t i = 0; i < (vectors - 1) * LANES + count; ++i) {
        sums[channel + i] += lanes[0][i];
        dots[channel + i] += lanes[1][i];
    }
}

INLINE void KERNEL(sum_piece)(const gate gate, const backward_job *job, intptr_t piece) {
    const intptr_t begin = sb_piece_begin(job->pieces, piece), end = sb_piece_end(job->pieces, piece);
    const intptr_t channels = job->channels, step = sb_norm_block_rows(channels);
    double *sums = job->sum + piece * channels, *dots = job->dot + piece * channels;
    memset(sums, 0, channels * sizeof *sums);
    memset(dots, 0, channels * sizeof *dots);
    for (intptr_t row = begin; row < end; row += step) {
        const intptr_t block_end = row + step < end ? row + step : end;
        for (intptr_t c = 0, count; c < channels; c += count) {
            count = column_count(channels - c);
            EACH_WIDTH(KERNEL(sum_channels), count, gate, job, row, block_end, c, sums, dots)
        }
    }
}

// MARK: Result

INLINE void KERNEL(result_piece)(const gate gate, const backward_job *job, intptr_t piece) {
    const intptr_t end = sb_piece_end(job->pieces, piece), channels = job->channels;
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row)
        FOR_LANES(c, count, channels) {
            const intptr_t at = row * channels + c;
            const vf x = KERNEL(kept)(job->pass.x, at, count);
            const vf g = KERNEL(gated)(gate, job, x, row, c, count), d = x - vf_load_or(job->pass.mean + c, count, 0);
            vf_store_some(job->gx + at,
                          g * vf_load_or(job->scale + c, count, 0) +
                              (d * vf_load_or(job->slope + c, count, 0) + vf_load_or(job->offset + c, count, 0)),
                          count);
        }
}

#define EACH_GATE(function, ...) \
    switch (job->gate) { \
    case GATE_OPEN: function(GATE_OPEN, __VA_ARGS__); break; \
    case GATE_OUTPUT: function(GATE_OUTPUT, __VA_ARGS__); break; \
    case GATE_INPUT: function(GATE_INPUT, __VA_ARGS__); break; \
    case GATE_SILU: function(GATE_SILU, __VA_ARGS__); break; \
    }

static void KERNEL(backward_sums_piece)(void *context, intptr_t piece) {
    const backward_job *job = context;
    EACH_GATE(KERNEL(sum_piece), job, piece)
}

static void KERNEL(backward_result_piece)(void *context, intptr_t piece) {
    const backward_job *job = context;
    EACH_GATE(KERNEL(result_piece), job, sb_backwards(job->pieces, piece))
}

static void KERNEL(backward_sums)(backward_job *job) {
    sb_parallel(job->pieces.count, KERNEL(backward_sums_piece), job);
}

static void KERNEL(backward_result)(backward_job *job) {
    sb_parallel(job->pieces.count, KERNEL(backward_result_piece), job);
}

#undef INLINE
#undef EACH_GATE

#else

static gate gate_of(const sb_batch_norm_pass *pass) {
    switch (pass->activation) {
        case SB_ACT_NONE: return GATE_OPEN;
        case SB_ACT_RELU: return pass->y.floats || pass->y.bfloats ? GATE_OUTPUT : GATE_INPUT;
        case SB_ACT_SILU: return GATE_SILU;
    }
}

// Adds all pieces up in the first one's place.
static void merge_pieces(const backward_job *job) {
    for (intptr_t piece = 1; piece < job->pieces.count; ++piece)
        for (intptr_t c = 0; c < job->channels; ++c) {
            job->sum[c] += job->sum[piece * job->channels + c];
            job->dot[c] += job->dot[piece * job->channels + c];
        }
}

// The sums as the gradients of weight and bias and as the factors of the second pass.
static void combine(const backward_job *job, intptr_t rows, sb_batch_norm_gradients gradients, float *scale,
                    float *slope, float *offset) {
    for (intptr_t c = 0; c < job->channels; ++c) {
        const double sum = rows ? job->sum[c] : 0, dot = rows ? job->dot[c] : 0;
        const double rstd = job->pass.rstd[c], factor = rstd * (job->pass.weight ? job->pass.weight[c] : 1);
        if (gradients.weight) gradients.weight[c] = dot * rstd;
        if (gradients.bias) gradients.bias[c] = sum;
        scale[c] = factor;
        slope[c] = -factor * rstd * rstd * dot / rows;
        offset[c] = -factor * sum / rows;
    }
}

void sb_batch_norm_backward(intptr_t rows, intptr_t channels, const float *gy, intptr_t gy_step,
                            sb_batch_norm_pass pass, sb_batch_norm_gradients gradients) {
    if (channels == 0) return;
    backward_job job = {.pieces = sb_norm_pieces(rows, channels), .channels = channels, .gy = gy, .gy_step = gy_step,
                        .pass = pass, .gate = gate_of(&pass)};
    if (job.gate == GATE_OUTPUT) job.gated = gradients.residual;
    if (job.gate == GATE_SILU) job.gated = gradients.x;
    const intptr_t partial = job.pieces.count * channels;
    const size_t bytes = 2 * partial * sizeof(double) + 3 * channels * sizeof(float);
    job.sum = sb_workspace(bytes);
    job.dot = job.sum + partial;
    float *scale = (float *)(job.dot + partial), *slope = scale + channels, *offset = slope + channels;
    DISPATCH(backward_sums, &job);
    merge_pieces(&job);
    combine(&job, rows, gradients, scale, slope, offset);
    if (gradients.x) {
        job.pieces = sb_cut_rows(rows, channels);
        job.scale = scale;
        job.slope = slope;
        job.offset = offset;
        job.gx = gradients.x;
        if (job.gated) {
            job.gy = job.gated;
            job.gy_step = channels;
            job.gate = GATE_OPEN;
        }
        DISPATCH(backward_result, &job);
    }
    sb_free(job.sum, bytes);
}

#endif
