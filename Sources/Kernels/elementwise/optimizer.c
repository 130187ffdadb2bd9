#ifndef ISA_PASS
#include "optimizer.h"

#include <stdbool.h>

#include "foundation/pieces.h"
#include "foundation/workspace.h"

typedef struct {
    sb_pieces pieces;
    float *p;
    const float *g;
    float *buffer;
    float lr, momentum, gradient_share, weight_decay, gradient_scale;
    bool nesterov, first_step;
} sgd_job;

typedef struct {
    sb_pieces pieces;
    float *p;
    const float *g;
    float *m, *v, *vmax;
    float beta1, beta2, one_minus_beta1, one_minus_beta2;
    float keep;            // what decoupled weight decay leaves of a parameter
    float weight_decay;    // the coupled one
    float step_size;       // lr / (1 - beta1^step)
    float root_scale;      // 1 / √(1 - beta2^step)
    float eps, gradient_scale;
} adam_job;

typedef struct {
    sb_pieces pieces;
    float *average;
    const float *value;
    float decay;
} ema_job;

typedef struct {
    sb_pieces pieces;
    const float *x;
    double *partial;   // [pieces]
} squares_job;
#endif

#define SOURCE "elementwise/optimizer.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/vector_math.h"

static void KERNEL(sgd_piece)(void *context, intptr_t piece) {
    const sgd_job *job = context;
    const intptr_t begin = sb_piece_begin(job->pieces, piece), n = sb_piece_end(job->pieces, piece) - begin;
    float *p = job->p + begin, *buffer = job->buffer ? job->buffer + begin : NULL;
    const float *gradient = job->g + begin;
    FOR_LANES(i, count, n) {
        const vf value = vf_load_or(p + i, count, 0);
        vf g = vf_load_or(gradient + i, count, 0) * job->gradient_scale + value * job->weight_decay;
        if (buffer) {
            const vf average = job->first_step ? g : vf_load_or(buffer + i, count, 0) * job->momentum +
                                                     g * job->gradient_share;
            vf_store_some(buffer + i, average, count);
            g = job->nesterov ? g + average * job->momentum : average;
        }
        vf_store_some(p + i, value - g * job->lr, count);
    }
}

static void KERNEL(sgd)(sgd_job *job) { sb_parallel(job->pieces.count, KERNEL(sgd_piece), job); }

static void KERNEL(adam_piece)(void *context, intptr_t piece) {
    const adam_job *job = context;
    const intptr_t begin = sb_piece_begin(job->pieces, piece), n = sb_piece_end(job->pieces, piece) - begin;
    float *p = job->p + begin, *ms = job->m + begin, *vs = job->v + begin;
    float *vmax = job->vmax ? job->vmax + begin : NULL;
    const float *gradient = job->g + begin;
    FOR_LANES(i, count, n) {
        const vf value = vf_load_or(p + i, count, 0);
        const vf g = vf_load_or(gradient + i, count, 0) * job->gradient_scale + value * job->weight_decay;
        const vf m = vf_load_or(ms + i, count, 0) * job->beta1 + g * job->one_minus_beta1;
        vf v = vf_load_or(vs + i, count, 0) * job->beta2 + g * g * job->one_minus_beta2;
        vf_store_some(ms + i, m, count);
        vf_store_some(vs + i, v, count);
        if (vmax) {
            v = v_max(vf_load_or(vmax + i, count, 0), v);
            vf_store_some(vmax + i, v, count);
        }
        const vf change = m * job->step_size / (v_sqrt(v) * job->root_scale + job->eps);
        vf_store_some(p + i, value * job->keep - change, count);
    }
}

static void KERNEL(adam)(adam_job *job) { sb_parallel(job->pieces.count, KERNEL(adam_piece), job); }

static void KERNEL(ema_piece)(void *context, intptr_t piece) {
    const ema_job *job = context;
    const intptr_t begin = sb_piece_begin(job->pieces, piece), n = sb_piece_end(job->pieces, piece) - begin;
    float *average = job->average + begin;
    const float *value = job->value + begin;
    FOR_LANES(i, count, n) {
        vf sum = vf_load_or(average + i, count, 0) * job->decay;
        sum += vf_load_or(value + i, count, 0) * (1 - job->decay);
        vf_store_some(average + i, sum, count);
    }
}

static void KERNEL(ema)(ema_job *job) { sb_parallel(job->pieces.count, KERNEL(ema_piece), job); }

static void KERNEL(squares_piece)(void *context, intptr_t piece) {
    const squares_job *job = context;
    const intptr_t begin = sb_piece_begin(job->pieces, piece), n = sb_piece_end(job->pieces, piece) - begin;
    typedef double doubles __attribute__((vector_size(2 * VECTOR_BYTES)));
    doubles sum = {0};
    FOR_LANES(i, count, n) {
        const doubles x = __builtin_convertvector(vf_load_or(job->x + begin + i, count, 0), doubles);
        sum += x * x;
    }
    double total = 0;
    for (int lane = 0; lane < LANES; ++lane) total += sum[lane];
    job->partial[piece] = total;
}

static void KERNEL(squares)(squares_job *job) { sb_parallel(job->pieces.count, KERNEL(squares_piece), job); }

#else

void sb_sgd_step(intptr_t n, float *p, const float *g, float *momentum_buffer, float lr, float momentum,
                 float dampening, float weight_decay, int nesterov, int first_step, float gradient_scale) {
    sgd_job job = {
        .pieces = sb_cut_rows(n, 1), .p = p, .g = g, .buffer = momentum_buffer, .lr = lr, .momentum = momentum,
        .gradient_share = 1 - dampening, .weight_decay = weight_decay, .gradient_scale = gradient_scale,
        .nesterov = nesterov, .first_step = first_step,
    };
    DISPATCH(sgd, &job);
}

void sb_adam_step(intptr_t n, float *p, const float *g, float *m, float *v, float *vmax, float lr, float beta1,
                  float beta2, float eps, float weight_decay, int decoupled, int64_t step, float gradient_scale) {
    adam_job job = {
        .pieces = sb_cut_rows(n, 1), .p = p, .g = g, .m = m, .v = v, .vmax = vmax, .beta1 = beta1, .beta2 = beta2,
        .one_minus_beta1 = 1 - (double)beta1, .one_minus_beta2 = 1 - (double)beta2,
        .keep = decoupled ? 1 - (double)lr * weight_decay : 1, .weight_decay = decoupled ? 0 : weight_decay,
        .step_size = lr / (1 - pow(beta1, step)), .root_scale = 1 / sqrt(1 - pow(beta2, step)), .eps = eps,
        .gradient_scale = gradient_scale,
    };
    DISPATCH(adam, &job);
}

double sb_sum_of_squares(intptr_t n, const float *x) {
    const sb_pieces pieces = sb_cut_rows(n, 1);
    double *partial = sb_workspace(pieces.count * sizeof(double)), sum = 0;
    squares_job job = {.pieces = pieces, .x = x, .partial = partial};
    DISPATCH(squares, &job);
    for (intptr_t piece = 0; piece < pieces.count; ++piece) sum += partial[piece];
    sb_free(partial, pieces.count * sizeof(double));
    return sum;
}

void sb_ema(intptr_t n, float *average, const float *value, float decay) {
    ema_job job = {.pieces = sb_cut_rows(n, 1), .average = average, .value = value, .decay = decay};
    DISPATCH(ema, &job);
}

#endif
