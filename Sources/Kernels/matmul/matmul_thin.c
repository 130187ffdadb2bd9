#ifndef ISA_PASS
#include "matmul_thin.h"

#include "foundation/pieces.h"
#include "foundation/workspace.h"

typedef struct {
    intptr_t m, n, k;
    const float *a, *b;
    intptr_t a_stride, b_stride;
    const sb_thin_result *result;
    sb_pieces columns, depth;   // dots: pieces of columns; rows: chunks of the depth, times blocks of columns
    float *sums;                // rows: [chunks][n]
} thin_job;

enum {
    THIN_WORK = 32768,       // elements of the large operand in a piece
    ROWS_CHUNKS = 16,        // of the depth, at most
    ROWS_COLUMNS = 4096,     // in a block, so that their sums stay in the first-level cache
};
#endif

#define SOURCE "matmul/matmul_thin.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"

#define INLINE static inline __attribute__((always_inline))

static void KERNEL(store_thin)(const sb_thin_result *result, intptr_t i, intptr_t j, float sum) {
    float *c = result->c + i * result->c_row + j * result->c_col;
    float value = result->alpha * sum;
    if (result->beta != 0) value += result->beta * *c;
    if (result->bias) value += result->bias[j * result->bias_stride];
    switch (result->activation) {
        case SB_ACT_NONE: break;
        case SB_ACT_RELU: if (value < 0) value = 0; break;
        case SB_ACT_SILU: value /= 1 + expf(-value); break;
    }
    *c = value;
}

// MARK: Dots

// One row: memory is read fastest in one stream, from its beginning to its end.
INLINE float KERNEL(dot)(const float *a, const float *b, intptr_t k) {
    vf sums[4] = {{0}};
    intptr_t l = 0;
    for (; l + 4 * LANES <= k; l += 4 * LANES)
        for (int i = 0; i < 4; ++i) sums[i] += vf_load(a + l + i * LANES) * vf_load(b + l + i * LANES);
    FOR_LANES(i, count, k - l) sums[0] += vf_load_or(a + l + i, count, 0) * vf_load_or(b + l + i, count, 0);
    return vf_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

INLINE void KERNEL(dots_tile)(const thin_job *job, const int rows, const int columns, intptr_t row, intptr_t column) {
    const float *a = job->a + row * job->a_stride, *b = job->b + column * job->b_stride;
    vf sums[4][4] = {{{0}}};
    FOR_LANES(l, count, job->k) {
        vf b_lanes[4];
        for (int j = 0; j < columns; ++j) b_lanes[j] = vf_load_or(b + j * job->b_stride + l, count, 0);
        for (int i = 0; i < rows; ++i) {
            const vf a_lanes = vf_load_or(a + i * job->a_stride + l, count, 0);
            for (int j = 0; j < columns; ++j) sums[i][j] += a_lanes * b_lanes[j];
        }
    }
    for (int i = 0; i < rows; ++i)
        for (int j = 0; j < columns; ++j) KERNEL(store_thin)(job->result, row + i, column + j, vf_sum(sums[i][j]));
}

// All rows of `columns` columns, which stay in the first-level cache from one group of rows to the next.
INLINE void KERNEL(dots_columns)(const thin_job *job, const int columns, intptr_t column) {
    intptr_t row = 0;
    for (; row + 4 <= job->m; row += 4) KERNEL(dots_tile)(job, 4, columns, row, column);
    for (; row + 2 <= job->m; row += 2) KERNEL(dots_tile)(job, 2, columns, row, column);
    if (row < job->m) KERNEL(dots_tile)(job, 1, columns, row, column);
}

static void KERNEL(dots_piece)(void *context, intptr_t piece) {
    const thin_job *job = context;
    const intptr_t end = sb_piece_end(job->columns, piece);
    intptr_t column = sb_piece_begin(job->columns, piece);
    if (job->m == 1)
        for (; column < end; ++column)
            KERNEL(store_thin)(job->result, 0, column, KERNEL(dot)(job->a, job->b + column * job->b_stride, job->k));
    for (; column + 4 <= end; column += 4) KERNEL(dots_columns)(job, 4, column);
    for (; column < end; ++column) KERNEL(dots_columns)(job, 1, column);
}

static void KERNEL(dots)(thin_job *job) { sb_parallel(job->columns.count, KERNEL(dots_piece), job); }

// MARK: Rows

// sums += a multiple of row l of b. Row by row, which is one stream through memory.
INLINE void KERNEL(add_row)(const thin_job *job, intptr_t l, intptr_t column, intptr_t columns, float *sums) {
    const float *b = job->b + l * job->b_stride + column;
    const float factor = job->a[l * job->a_stride];
    FOR_LANES(j, count, columns)
        vf_store_some(sums + j, vf_load_or(sums + j, count, 0) + factor * vf_load_or(b + j, count, 0), count);
}

static void KERNEL(rows_piece)(void *context, intptr_t piece) {
    const thin_job *job = context;
    const intptr_t chunk = piece / job->columns.count, block = piece % job->columns.count;
    const intptr_t column = sb_piece_begin(job->columns, block), columns = sb_piece_end(job->columns, block) - column;
    const intptr_t end = sb_piece_end(job->depth, chunk);
    float *sums = job->sums + chunk * job->n + column;
    memset(sums, 0, sizeof *sums * (size_t)columns);
    for (intptr_t l = sb_piece_begin(job->depth, chunk); l < end; ++l) KERNEL(add_row)(job, l, column, columns, sums);
}

static void KERNEL(rows)(thin_job *job) {
    sb_parallel(job->depth.count * job->columns.count, KERNEL(rows_piece), job);
    for (intptr_t j = 0; j < job->n; ++j) {
        float sum = 0;
        for (intptr_t chunk = 0; chunk < job->depth.count; ++chunk) sum += job->sums[chunk * job->n + j];
        KERNEL(store_thin)(job->result, 0, j, sum);
    }
}

#undef INLINE

#else

void sb_matmul_dots(intptr_t m, intptr_t n, intptr_t k, const float *a, intptr_t a_row, const float *b, intptr_t b_col,
                    const sb_thin_result *result) {
    thin_job job = {.m = m, .n = n, .k = k, .a = a, .b = b, .a_stride = a_row, .b_stride = b_col, .result = result,
                    .columns = sb_cut(n, k, THIN_WORK, INTPTR_MAX)};
    DISPATCH(dots, &job);
}

void sb_matmul_rows(intptr_t n, intptr_t k, const float *a, intptr_t a_col, const float *b, intptr_t b_row,
                    const sb_thin_result *result) {
    thin_job job = {.m = 1, .n = n, .k = k, .a = a, .b = b, .a_stride = a_col, .b_stride = b_row, .result = result,
                    .columns = sb_cut(n, 1, ROWS_COLUMNS, INTPTR_MAX), .depth = sb_cut(k, n, THIN_WORK, ROWS_CHUNKS)};
    const size_t bytes = sizeof(float) * (size_t)(job.depth.count * n);
    job.sums = sb_workspace(bytes);
    DISPATCH(rows, &job);
    sb_free(job.sums, bytes);
}

#endif
