#ifndef ISA_PASS
#include "normalization.h"

#include <stdbool.h>

#include "pieces.h"
#include "workspace.h"

// RMS normalization is layer normalization whose mean is taken to be zero: `mean` is NULL then.
typedef struct {
    sb_pieces pieces;
    intptr_t cols;
    const float *x, *weight, *bias;
    float eps;
    float *y, *mean, *rstd;
} norm_job;

typedef struct {
    sb_pieces pieces;
    intptr_t cols;
    const float *gy, *x, *weight, *mean, *rstd;
    float *gx;
    float *partial_weight, *partial_bias;   // [pieces, cols] each, NULL if not wanted
} norm_backward_job;

// Column sums are taken in at most this many pieces, so that the partial sums stay small beside the input.
enum { COLUMN_PIECES = 64 };
#endif

#define SOURCE "normalization.c"
#include "per_isa.h"
#ifdef ISA_PASS
#include "vector.h"
#include "lanes.h"

// The mean of x, corrected by the mean of what remains after subtracting it.
static float KERNEL(row_mean)(intptr_t n, const float *x) {
    vf sum = {0}, rest = {0};
    FOR_LANES(i, count, n) sum += vf_load_or(x + i, count, 0);
    const float mean = vf_sum(sum) / n;
    FOR_LANES(i, count, n) rest += vf_load_or(x + i, count, mean) - mean;
    return mean + vf_sum(rest) / n;
}

static float KERNEL(row_rstd)(intptr_t n, const float *x, float mean, float eps) {
    vf squares = {0};
    FOR_LANES(i, count, n) {
        const vf d = vf_load_or(x + i, count, mean) - mean;
        squares += d * d;
    }
    return 1.0f / sqrtf(vf_sum(squares) / n + eps);
}

static void KERNEL(norm_rows)(void *context, intptr_t piece) {
    const norm_job *job = context;
    const float *weight = job->weight, *bias = job->bias;
    const intptr_t end = sb_piece_end(job->pieces, piece), cols = job->cols;
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row) {
        const float *x = job->x + row * cols;
        float *y = job->y + row * cols;
        const float mean = job->mean ? KERNEL(row_mean)(cols, x) : 0;
        const float rstd = KERNEL(row_rstd)(cols, x, mean, job->eps);
        if (job->mean) job->mean[row] = mean;
        job->rstd[row] = rstd;
        FOR_LANES(i, count, cols) {
            vf value = (vf_load_or(x + i, count, 0) - mean) * rstd;
            if (weight) value *= vf_load_or(weight + i, count, 0);
            if (bias) value += vf_load_or(bias + i, count, 0);
            vf_store_some(y + i, value, count);
        }
    }
}

static void KERNEL(norm)(norm_job *job, intptr_t rows) {
    job->pieces = sb_cut_rows(rows, job->cols);
    sb_parallel(job->pieces.count, KERNEL(norm_rows), job);
}

// With g = gy·weight and n = (x - mean)·rstd:  gx = rstd·(g - mean of g - n·mean of g·n), where the mean of g is left
// out in RMS normalization, because its forward subtracts none.
static void KERNEL(norm_row_backward)(const norm_backward_job *job, intptr_t row) {
    const intptr_t cols = job->cols;
    const float *gy = job->gy + row * cols, *x = job->x + row * cols, *weight = job->weight;
    const float mean = job->mean ? job->mean[row] : 0, rstd = job->rstd[row];
    vf sum = {0}, dot = {0};
    FOR_LANES(i, count, cols) {
        vf g = vf_load_or(gy + i, count, 0);
        if (weight) g *= vf_load_or(weight + i, count, 0);
        sum += g;
        dot += g * (vf_load_or(x + i, count, mean) - mean);
    }
    const float mean_g = job->mean ? vf_sum(sum) / cols : 0;
    const float slope = vf_sum(dot) / cols * rstd * rstd;
    FOR_LANES(i, count, cols) {
        vf g = vf_load_or(gy + i, count, 0);
        if (weight) g *= vf_load_or(weight + i, count, 0);
        const vf d = vf_load_or(x + i, count, 0) - mean;
        vf_store_some(job->gx + row * cols + i, (g - mean_g - d * slope) * rstd, count);
    }
}

static void KERNEL(norm_row_weights)(const norm_backward_job *job, intptr_t row, float *gweight, float *gbias) {
    const intptr_t cols = job->cols;
    const float *gy = job->gy + row * cols, *x = job->x + row * cols;
    const float mean = job->mean ? job->mean[row] : 0, rstd = job->rstd[row];
    FOR_LANES(i, count, cols) {
        const vf g = vf_load_or(gy + i, count, 0);
        if (gweight) {
            const vf normalized = (vf_load_or(x + i, count, 0) - mean) * rstd;
            vf_store_some(gweight + i, vf_load_or(gweight + i, count, 0) + g * normalized, count);
        }
        if (gbias) vf_store_some(gbias + i, vf_load_or(gbias + i, count, 0) + g, count);
    }
}

static void KERNEL(norm_rows_backward)(void *context, intptr_t piece) {
    const norm_backward_job *job = context;
    const intptr_t end = sb_piece_end(job->pieces, piece), cols = job->cols;
    float *gweight = job->partial_weight ? job->partial_weight + piece * cols : NULL;
    float *gbias = job->partial_bias ? job->partial_bias + piece * cols : NULL;
    if (gweight) memset(gweight, 0, cols * sizeof *gweight);
    if (gbias) memset(gbias, 0, cols * sizeof *gbias);
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row) {
        if (gweight || gbias) KERNEL(norm_row_weights)(job, row, gweight, gbias);
        if (job->gx) KERNEL(norm_row_backward)(job, row);
    }
}

static void KERNEL(norm_backward)(norm_backward_job *job) {
    sb_parallel(job->pieces.count, KERNEL(norm_rows_backward), job);
}

#else

void sb_layer_norm(intptr_t rows, intptr_t cols, const float *x, const float *weight, const float *bias, float eps,
                   float *y, float *mean, float *rstd) {
    norm_job job = {.cols = cols, .x = x, .weight = weight, .bias = bias, .eps = eps, .y = y, .mean = mean,
                    .rstd = rstd};
    DISPATCH(norm, &job, rows);
}

void sb_rms_norm(intptr_t rows, intptr_t cols, const float *x, const float *weight, float eps, float *y, float *rstd) {
    norm_job job = {.cols = cols, .x = x, .weight = weight, .eps = eps, .y = y, .rstd = rstd};
    DISPATCH(norm, &job, rows);
}

// partial is [pieces, cols]; the pieces are added in their order.
static void add_pieces(intptr_t pieces, intptr_t cols, const float *partial, float *sum) {
    memset(sum, 0, cols * sizeof *sum);
    for (intptr_t piece = 0; piece < pieces; ++piece)
        for (intptr_t col = 0; col < cols; ++col) sum[col] += partial[piece * cols + col];
}

static void norm_backward(intptr_t rows, norm_backward_job *job, float *gweight, float *gbias) {
    job->pieces = sb_cut(rows, job->cols, 16384, COLUMN_PIECES);
    const intptr_t partial_size = job->pieces.count * job->cols;
    const size_t bytes = 2 * partial_size * sizeof(float);
    float *partial = sb_workspace(bytes);
    job->partial_weight = gweight ? partial : NULL;
    job->partial_bias = gbias ? partial + partial_size : NULL;
    DISPATCH(norm_backward, job);
    if (gweight) add_pieces(job->pieces.count, job->cols, job->partial_weight, gweight);
    if (gbias) add_pieces(job->pieces.count, job->cols, job->partial_bias, gbias);
    sb_free(partial, bytes);
}

void sb_layer_norm_backward(intptr_t rows, intptr_t cols, const float *gy, const float *x, const float *weight,
                            const float *mean, const float *rstd, float *gx, float *gweight, float *gbias) {
    norm_backward_job job = {.cols = cols, .gy = gy, .x = x, .weight = weight, .mean = mean, .rstd = rstd, .gx = gx};
    norm_backward(rows, &job, gweight, gbias);
}

void sb_rms_norm_backward(intptr_t rows, intptr_t cols, const float *gy, const float *x, const float *weight,
                          const float *rstd, float *gx, float *gweight) {
    norm_backward_job job = {.cols = cols, .gy = gy, .x = x, .weight = weight, .rstd = rstd, .gx = gx};
    norm_backward(rows, &job, gweight, NULL);
}

#endif
