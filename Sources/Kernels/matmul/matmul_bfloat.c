// Products with a matrix of bfloat16, which widens to float32 without loss: few rows widen it on the way, so that only
// half as much memory is read; for many rows blocks of it are widened first.
#ifndef ISA_PASS
#include "matmul.h"
#include "quantized.h"

#include "foundation/convert.h"
#include "foundation/pieces.h"
#include "foundation/workspace.h"

enum { FEW_ROWS = 8, BFLOAT_WORK = 32 * 1024, BLOCK_COLUMNS = 512 };

typedef struct {
    intptr_t m, n, k;
    const float *x;
    const uint16_t *w;
    const float *bias;
    float *y;
    sb_pieces columns;
    float *wide;   // many rows: a block of w, widened
} bfloat_job;
#endif

#define SOURCE "matmul/matmul_bfloat.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"

#define INLINE static inline __attribute__((always_inline))

INLINE void KERNEL(bfloat_tile)(const bfloat_job *job, const int rows, const int columns, intptr_t row, intptr_t column) {
    const float *x = job->x + row * job->k;
    const uint16_t *w = job->w + column * job->k;
    vf sums[4][4] = {{{0}}};
    FOR_LANES(l, count, job->k) {
        vf w_lanes[4];
        for (int j = 0; j < columns; ++j) w_lanes[j] = vf_load_bfloats(w + j * job->k + l, count);
        for (int i = 0; i < rows; ++i) {
            const vf x_lanes = vf_load_or(x + i * job->k + l, count, 0);
            for (int j = 0; j < columns; ++j) sums[i][j] += x_lanes * w_lanes[j];
        }
    }
    for (int i = 0; i < rows; ++i)
        for (int j = 0; j < columns; ++j)
            job->y[(row + i) * job->n + column + j] = vf_sum(sums[i][j]) + (job->bias ? job->bias[column + j] : 0);
}

// One row: memory is read fastest in one stream, from its beginning to its end.
INLINE float KERNEL(bfloat_dot)(const float *x, const uint16_t *w, intptr_t k) {
    vf sums[4] = {{0}};
    intptr_t l = 0;
    for (; l + 4 * LANES <= k; l += 4 * LANES)
        for (int i = 0; i < 4; ++i)
            sums[i] += vf_load(x + l + i * LANES) * vf_load_bfloats(w + l + i * LANES, LANES);
    FOR_LANES(i, count, k - l) sums[0] += vf_load_or(x + l + i, count, 0) * vf_load_bfloats(w + l + i, count);
    return vf_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

INLINE void KERNEL(bfloat_columns)(const bfloat_job *job, const int columns, intptr_t column) {
    intptr_t row = 0;
    for (; row + 4 <= job->m; row += 4) KERNEL(bfloat_tile)(job, 4, columns, row, column);
    for (; row < job->m; ++row) KERNEL(bfloat_tile)(job, 1, columns, row, column);
}

static void KERNEL(bfloat_piece)(void *context, intptr_t piece) {
    const bfloat_job *job = context;
    const intptr_t end = sb_piece_end(job->columns, piece);
    intptr_t column = sb_piece_begin(job->columns, piece);
    if (job->m == 1)
        for (; column < end; ++column)
            job->y[column] = KERNEL(bfloat_dot)(job->x, job->w + column * job->k, job->k) +
                             (job->bias ? job->bias[column] : 0);
    for (; column + 4 <= end; column += 4) KERNEL(bfloat_columns)(job, 4, column);
    for (; column < end; ++column) KERNEL(bfloat_columns)(job, 1, column);
}

static void KERNEL(widen_piece)(void *context, intptr_t piece) {
    const bfloat_job *job = context;
    const intptr_t first = sb_piece_begin(job->columns, piece) * job->k, end = sb_piece_end(job->columns, piece) * job->k;
    for (intptr_t i = first; i < end; ++i) job->wide[i] = float_of_bfloat(job->w[i]);
}

static void KERNEL(few_rows)(bfloat_job *job) { sb_parallel(job->columns.count, KERNEL(bfloat_piece), job); }
static void KERNEL(widen)(bfloat_job *job) { sb_parallel(job->columns.count, KERNEL(widen_piece), job); }

#undef INLINE

#else

static void many_rows(const bfloat_job *all) {
    const size_t bytes = sizeof(float) * BLOCK_COLUMNS * (size_t)all->k;
    bfloat_job block = *all;
    block.wide = sb_workspace(bytes);
    for (intptr_t column = 0; column < all->n; column += BLOCK_COLUMNS) {
        block.n = all->n - column < BLOCK_COLUMNS ? all->n - column : BLOCK_COLUMNS;
        block.w = all->w + column * all->k;
        block.columns = sb_cut_rows(block.n, all->k);
        DISPATCH(widen, &block);
        const sb_epilogue epilogue = {all->bias ? all->bias + column : NULL, SB_ACT_NONE};
        sb_matmul_f32(all->m, block.n, all->k, 1, all->x, all->k, 1, block.wide, 1, all->k, 0, all->y + column, all->n,
                      &epilogue);
    }
    sb_free(block.wide, bytes);
}

void sb_bfloat_linear(intptr_t m, intptr_t n, intptr_t k, const float *x, const uint16_t *w, const float *bias,
                      float *y) {
    bfloat_job job = {.m = m, .n = n, .k = k, .x = x, .w = w, .bias = bias, .y = y,
                      .columns = sb_cut(n, k, BFLOAT_WORK, INTPTR_MAX)};
    if (m > FEW_ROWS) many_rows(&job);
    else if (m > 0 && n > 0) DISPATCH(few_rows, &job);
}

#endif
