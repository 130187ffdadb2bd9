#ifndef ISA_PASS
#include "normalization.h"

#include <stdbool.h>

#include "foundation/pieces.h"
#include "foundation/workspace.h"

// RMS normalization is layer normalization whose mean is taken to be zero: `mean` is NULL then.
typedef struct {
    sb_pieces pieces;
    intptr_t cols;
    const float *x, *weight, *bias;
    float eps;
    float *y, *mean, *rstd;
    bool streamed;
} norm_job;

typedef struct {
    sb_pieces pieces;
    intptr_t cols;
    const float *gy, *x, *weight, *mean, *rstd;
    float *gx;
    float *partial_weight, *partial_bias;   // [pieces, cols] each, NULL if not wanted
    bool streamed;
} norm_backward_job;

// Column sums are taken in at most this many pieces, so that the partial sums stay small beside the input.
enum { COLUMN_PIECES = 64 };
#endif

#define SOURCE "normalization/normalization.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"

static float KERNEL(row_sum)(intptr_t n, const float *x) {
    vf_long sums = {0};
    intptr_t done = 0;
    for (; done + LONG * LANES <= n; done += LONG * LANES) sums += vf_long_at(x + done);
    vf sum = vf_long_fold(&sums);
    FOR_LANES(i, count, n - done) sum += vf_load_or(x + done + i, count, 0);
    return vf_sum(sum);
}

// Σ (x - center) and Σ (x - center)².
static void KERNEL(row_moments)(intptr_t n, const float *x, float center, float *first, float *second) {
    vf_long sums = {0}, squares = {0};
    intptr_t done = 0;
    for (; done + LONG * LANES <= n; done += LONG * LANES) {
        const vf_long d = vf_long_at(x + done) - center;
        sums += d;
        squares += d * d;
    }
    vf sum = vf_long_fold(&sums), square = vf_long_fold(&squares);
    FOR_LANES(i, count, n - done) {
        const vf d = vf_load_or(x + done + i, count, center) - center;
        sum += d;
        square += d * d;
    }
    *first = vf_sum(sum);
    *second = vf_sum(square);
}

// The mean is corrected by the mean of what is left after subtracting it: so rows far from zero stay accurate.
static void KERNEL(row_statistics)(intptr_t n, const float *x, float *mean, float *variance) {
    const float center = KERNEL(row_sum)(n, x) / n;
    float first, second;
    KERNEL(row_moments)(n, x, center, &first, &second);
    const float correction = first / n;
    *mean = center + correction;
    *variance = second / n - correction * correction;
}

static void KERNEL(norm_rows)(void *context, intptr_t piece) {
    const norm_job *job = context;
    const float *weight = job->weight, *bias = job->bias;
    const intptr_t end = sb_piece_end(job->pieces, piece), cols = job->cols;
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row) {
        const float *x = job->x + row * cols;
        float *y = job->y + row * cols;
        float mean = 0, variance, unused;
        if (job->mean) {
            KERNEL(row_statistics)(cols, x, &mean, &variance);
            job->mean[row] = mean;
        } else {
            KERNEL(row_moments)(cols, x, 0, &unused, &variance);
            variance /= cols;
        }
        const float rstd = job->rstd[row] = 1.0f / sqrtf(variance + job->eps);
        FOR_LANES(i, count, cols) {
            vf value = (vf_load_or(x + i, count, 0) - mean) * rstd;
            if (weight) value *= vf_load_or(weight + i, count, 0);
            if (bias) value += vf_load_or(bias + i, count, 0);
            vf_store_result(y + i, value, count, job->streamed);
        }
    }
    if (job->streamed) end_of_stream();
}

static void KERNEL(norm)(norm_job *job, intptr_t rows) {
    job->pieces = sb_cut_rows(rows, job->cols);
    job->streamed = is_streamed(job->y, job->cols, rows * job->cols * (intptr_t)sizeof(float));
    sb_parallel(job->pieces.count, KERNEL(norm_rows), job);
}

// Σ g and Σ g·(x - mean), with g = gy·weight.
static void KERNEL(row_products)(intptr_t n, const float *gy, const float *x, const float *weight, float mean,
                                 float *first, float *second) {
    vf_long sums = {0}, dots = {0};
    intptr_t done = 0;
    for (; done + LONG * LANES <= n; done += LONG * LANES) {
        vf_long g = vf_long_at(gy + done);
        if (weight) g *= vf_long_at(weight + done);
        sums += g;
        dots += g * (vf_long_at(x + done) - mean);
    }
    vf sum = vf_long_fold(&sums), dot = vf_long_fold(&dots);
    FOR_LANES(i, count, n - done) {
        vf g = vf_load_or(gy + done + i, count, 0);
        if (weight) g *= vf_load_or(weight + done + i, count, 0);
        sum += g;
        dot += g * (vf_load_or(x + done + i, count, mean) - mean);
    }
    *first = vf_sum(sum);
    *second = vf_sum(dot);
}

// With g = gy·weight and n = (x - mean)·rstd:  gx = rstd·(g - mean of g - n·mean of g·n), where the mean of g is left
// out in RMS normalization, because its forward subtracts none.
static void KERNEL(norm_row_backward)(const norm_backward_job *job, intptr_t row) {
    const intptr_t cols = job->cols;
    const float *gy = job->gy + row * cols, *x = job->x + row * cols, *weight = job->weight;
    const float mean = job->mean ? job->mean[row] : 0, rstd = job->rstd[row];
    float sum, dot;
    KERNEL(row_products)(cols, gy, x, weight, mean, &sum, &dot);
    const float mean_g = job->mean ? sum / cols : 0, slope = dot / cols * rstd * rstd;
    FOR_LANES(i, count, cols) {
        vf g = vf_load_or(gy + i, count, 0);
        if (weight) g *= vf_load_or(weight + i, count, 0);
        const vf d = vf_load_or(x + i, count, 0) - mean;
        vf_store_result(job->gx + row * cols + i, (g - mean_g - d * slope) * rstd, count, job->streamed);
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
    piece = sb_backwards(job->pieces, piece);
    const intptr_t end = sb_piece_end(job->pieces, piece), cols = job->cols;
    float *gweight = job->partial_weight ? job->partial_weight + piece * cols : NULL;
    float *gbias = job->partial_bias ? job->partial_bias + piece * cols : NULL;
    if (gweight) memset(gweight, 0, cols * sizeof *gweight);
    if (gbias) memset(gbias, 0, cols * sizeof *gbias);
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row) {
        if (gweight || gbias) KERNEL(norm_row_weights)(job, row, gweight, gbias);
        if (job->gx) KERNEL(norm_row_backward)(job, row);
    }
    if (job->streamed) end_of_stream();
}

static void KERNEL(norm_backward)(norm_backward_job *job) {
    const intptr_t bytes = job->pieces.rows * job->cols * (intptr_t)sizeof(float);
    job->streamed = job->gx && is_streamed(job->gx, job->cols, bytes);
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
