#ifndef ISA_PASS
#include "softmax.h"

#include <stdbool.h>

#include "foundation/pieces.h"
#include "threads.h"

// A row is `n` elements, `inner` apart; rows with inner > 1 are handled a block of neighbors at a time.
typedef struct {
    sb_pieces pieces;
    intptr_t n, inner;
    const float *x, *gy;   // gy in a backward job only, where x is the forward's result
    float *y;
    bool log, streamed;
} softmax_job;
#endif

#define SOURCE "normalization/softmax.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/vector_math.h"

static float KERNEL(row_maximum)(intptr_t n, const float *x) {
    vf highest = vf_set(-INFINITY);
    FOR_LANES(i, count, n) highest = vf_max(vf_load_or(x + i, count, -INFINITY), highest);
    return vf_highest(highest);
}

static void KERNEL(softmax_row)(intptr_t n, const float *x, float *y, bool streamed) {
    const float highest = KERNEL(row_maximum)(n, x);
    float *powers = streamed ? sb_scratch((size_t)n * sizeof(float)) : y;
    vf sum = {0};
    FOR_LANES(i, count, n) {
        const vf e = v_exp(vf_load_or(x + i, count, -INFINITY) - highest);
        sum += e;
        vf_store_some(powers + i, e, count);
    }
    const float scale = 1.0f / vf_sum(sum);
    FOR_LANES(i, count, n) vf_store_result(y + i, vf_load_or(powers + i, count, 0) * scale, count, streamed);
}

static void KERNEL(log_softmax_row)(intptr_t n, const float *x, float *y, bool streamed) {
    const float highest = KERNEL(row_maximum)(n, x);
    vf sum = {0};
    FOR_LANES(i, count, n) sum += v_exp(vf_load_or(x + i, count, -INFINITY) - highest);
    const float log_sum = logf(vf_sum(sum));
    FOR_LANES(i, count, n)
        vf_store_result(y + i, (vf_load_or(x + i, count, 0) - highest) - log_sum, count, streamed);
}

static float KERNEL(row_dot)(intptr_t n, const float *x, const float *y) {
    vf_long sums = {0};
    intptr_t done = 0;
    for (; done + LONG * LANES <= n; done += LONG * LANES) sums += vf_long_at(x + done) * vf_long_at(y + done);
    vf sum = vf_long_fold(&sums);
    FOR_LANES(i, count, n - done) sum += vf_load_or(x + done + i, count, 0) * vf_load_or(y + done + i, count, 0);
    return vf_sum(sum);
}

static void KERNEL(softmax_row_backward)(
    intptr_t n, const float *gy, const float *y, float *gx, bool streamed) {
    const float dot = KERNEL(row_dot)(n, gy, y);
    FOR_LANES(i, count, n)
        vf_store_result(gx + i, vf_load_or(y + i, count, 0) * (vf_load_or(gy + i, count, 0) - dot), count, streamed);
}

static void KERNEL(log_softmax_row_backward)(
    intptr_t n, const float *gy, const float *y, float *gx, bool streamed) {
    vf sum = {0};
    FOR_LANES(i, count, n) sum += vf_load_or(gy + i, count, 0);
    const float total = vf_sum(sum);
    FOR_LANES(i, count, n) {
        const vf value = vf_load_or(gy + i, count, 0) - v_exp(vf_load_or(y + i, count, 0)) * total;
        vf_store_result(gx + i, value, count, streamed);
    }
}

static void KERNEL(softmax_rows)(void *context, intptr_t piece) {
    const softmax_job *job = context;
    if (job->gy) piece = sb_backwards(job->pieces, piece);
    const intptr_t end = sb_piece_end(job->pieces, piece), n = job->n;
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row) {
        const float *x = job->x + row * n;
        float *y = job->y + row * n;
        const bool streamed = job->streamed;
        if (!job->gy) (job->log ? KERNEL(log_softmax_row) : KERNEL(softmax_row))(n, x, y, streamed);
        else
            (job->log ? KERNEL(log_softmax_row_backward) : KERNEL(softmax_row_backward))(
                n, job->gy + row * n, x, y, streamed);
    }
    if (job->streamed) end_of_stream();
}

// `count` neighboring rows, one in each lane.
static void KERNEL(softmax_lanes)(const softmax_job *job, const float *x, float *y, intptr_t count) {
    const intptr_t n = job->n, inner = job->inner;
    vf highest = vf_set(-INFINITY), sum = {0};
    for (intptr_t k = 0; k < n; ++k) highest = vf_max(vf_load_or(x + k * inner, count, 0), highest);
    for (intptr_t k = 0; k < n; ++k) {
        const vf e = v_exp(vf_load_or(x + k * inner, count, 0) - highest);
        sum += e;
        if (!job->log) vf_store_some(y + k * inner, e, count);
    }
    if (!job->log) {
        const vf scale = 1.0f / sum;
        for (intptr_t k = 0; k < n; ++k)
            vf_store_some(y + k * inner, vf_load_or(y + k * inner, count, 0) * scale, count);
        return;
    }
    for (int lane = 0; lane < LANES; ++lane) sum[lane] = logf(sum[lane]);
    for (intptr_t k = 0; k < n; ++k)
        vf_store_some(y + k * inner, (vf_load_or(x + k * inner, count, 0) - highest) - sum, count);
}

static void KERNEL(softmax_lanes_backward)(const softmax_job *job, const float *gy, const float *y, float *gx,
                                           intptr_t count) {
    const intptr_t n = job->n, inner = job->inner;
    vf sum = {0};
    for (intptr_t k = 0; k < n; ++k) {
        const vf g = vf_load_or(gy + k * inner, count, 0);
        sum += job->log ? g : g * vf_load_or(y + k * inner, count, 0);
    }
    for (intptr_t k = 0; k < n; ++k) {
        const vf g = vf_load_or(gy + k * inner, count, 0), value = vf_load_or(y + k * inner, count, 0);
        vf_store_some(gx + k * inner, job->log ? g - v_exp(value) * sum : value * (g - sum), count);
    }
}

// Here a "row" of the pieces is one vector's worth of neighbors within one outer index.
static void KERNEL(softmax_blocks)(void *context, intptr_t piece) {
    const softmax_job *job = context;
    const intptr_t end = sb_piece_end(job->pieces, piece), inner = job->inner, blocks = (inner + LANES - 1) / LANES;
    for (intptr_t block = sb_piece_begin(job->pieces, piece); block < end; ++block) {
        const intptr_t first = block % blocks * LANES, offset = block / blocks * job->n * inner + first;
        const intptr_t count = inner - first < LANES ? inner - first : LANES;
        if (!job->gy) KERNEL(softmax_lanes)(job, job->x + offset, job->y + offset, count);
        else KERNEL(softmax_lanes_backward)(job, job->gy + offset, job->x + offset, job->y + offset, count);
    }
}

static void KERNEL(softmax)(softmax_job *job, intptr_t outer) {
    if (job->inner == 1) {
        job->pieces = sb_cut_rows(outer, job->n);
        job->streamed = is_streamed(job->y, job->n, outer * job->n * (intptr_t)sizeof(float));
        sb_parallel(job->pieces.count, KERNEL(softmax_rows), job);
    } else {
        job->pieces = sb_cut_rows(outer * ((job->inner + LANES - 1) / LANES), job->n * LANES);
        sb_parallel(job->pieces.count, KERNEL(softmax_blocks), job);
    }
}

#else

void sb_softmax_strided(intptr_t outer, intptr_t n, intptr_t inner, const float *x, float *y, int log) {
    softmax_job job = {.n = n, .inner = inner, .x = x, .y = y, .log = log};
    DISPATCH(softmax, &job, outer);
}

void sb_softmax_strided_backward(intptr_t outer, intptr_t n, intptr_t inner, const float *gy, const float *y,
                                 float *gx, int log) {
    softmax_job job = {.n = n, .inner = inner, .x = y, .gy = gy, .y = gx, .log = log};
    DISPATCH(softmax, &job, outer);
}

void sb_softmax(intptr_t rows, intptr_t cols, const float *x, float *y) { sb_softmax_strided(rows, cols, 1, x, y, 0); }

void sb_log_softmax(intptr_t rows, intptr_t cols, const float *x, float *y) {
    sb_softmax_strided(rows, cols, 1, x, y, 1);
}

void sb_softmax_backward(intptr_t rows, intptr_t cols, const float *gy, const float *y, float *gx) {
    sb_softmax_strided_backward(rows, cols, 1, gy, y, gx, 0);
}

void sb_log_softmax_backward(intptr_t rows, intptr_t cols, const float *gy, const float *y, float *gx) {
    sb_softmax_strided_backward(rows, cols, 1, gy, y, gx, 1);
}

#endif
