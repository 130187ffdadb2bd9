#ifndef ISA_PASS
#include <stdbool.h>

#include "matmul.h"
#include "matmul_blocks.h"
#include "matmul_thin.h"

typedef struct {
    intptr_t batch, m, n, k;
    const float *a, *b;
    float *c;
    intptr_t a_batch, a_row, a_col, b_batch, b_row, b_col, c_batch, c_row;
    float alpha, beta;
    sb_epilogue epilogue;
    sb_product_blocks blocks;
} matmul_job;

enum { THIN_ROWS = 8, BLOCK_ROWS = 336 };
#endif

#define SOURCE "matmul/matmul.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "matmul_core.h"

static void KERNEL(matmul_block)(const matmul_job *job, intptr_t matrix, intptr_t row, intptr_t rows, intptr_t column,
                                 intptr_t columns) {
    const bool in_place = rows <= 2 * MATMUL_ROWS && job->b_col == 1 && columns % LANES == 0;
    float *scratch = in_place ? NULL : sb_scratch(sizeof(float) * (size_t)packed_size(MATMUL_DEPTH, columns));
    const float *b = job->b + matrix * job->b_batch + column * job->b_col;
    const float *bias = job->epilogue.column_bias ? job->epilogue.column_bias + column : NULL;
    float *c = job->c + matrix * job->c_batch + row * job->c_row + column;
    for (intptr_t k = 0; k == 0 || k < job->k; k += MATMUL_DEPTH) {
        const intptr_t depth = job->k - k < MATMUL_DEPTH ? job->k - k : MATMUL_DEPTH;
        const bool first = k == 0, last = k + depth == job->k;
        const sb_matrix a = {job->a + matrix * job->a_batch + row * job->a_row + k * job->a_col, job->a_row, job->a_col};
        const float *b_block = b + k * job->b_row;
        const sb_panels panels = in_place ? (sb_panels){b_block, MATMUL_PANEL, job->b_row}
                                          : pack_panels(depth, columns, b_block, job->b_row, job->b_col, scratch);
        const sb_finish finish = {job->alpha, first ? job->beta : 1, last ? bias : NULL,
                                  last ? job->epilogue.activation : SB_ACT_NONE, 0};
        multiply(rows, columns, depth, left_matrix(&a), panels, (sb_result){c, job->c_row, NULL}, finish);
    }
}

static void KERNEL(matmul_piece)(void *context, intptr_t piece) {
    const matmul_job *job = context;
    const sb_product_block block = sb_product_block_at(&job->blocks, piece, MATMUL_PANEL);
    for (intptr_t matrix = block.first_matrix; matrix < block.end_matrix; ++matrix)
        KERNEL(matmul_block)(job, matrix, block.row, block.rows, block.column, block.columns);
}

static void KERNEL(run_matmul)(intptr_t pieces, matmul_job *job) { sb_parallel(pieces, KERNEL(matmul_piece), job); }

#else

static void matmul(matmul_job *job) {
    if (job->batch <= 0 || job->m <= 0 || job->n <= 0) return;
    job->blocks = sb_cut_products(job->batch, job->m, job->n, job->k, BLOCK_ROWS);
    DISPATCH(run_matmul, sb_product_pieces(&job->blocks), job);
}

// Whether the product has few rows or columns and operands that lie as matmul_thin.h needs them; then it is computed.
static bool multiply_thin(const matmul_job *job) {
    sb_thin_result result = {job->alpha, job->beta, job->epilogue.column_bias, 1, job->epilogue.activation,
                             job->c, job->c_row, 1};
    const bool along_depth = job->a_col == 1 && job->b_row == 1;
    if (job->m <= THIN_ROWS && along_depth) {
        sb_matmul_dots(job->m, job->n, job->k, job->a, job->a_row, job->b, job->b_col, &result);
        return true;
    }
    if (job->m == 1 && job->b_col == 1) {
        sb_matmul_rows(job->n, job->k, job->a, job->a_col, job->b, job->b_row, &result);
        return true;
    }
    if (job->n != 1) return false;
    result.bias_stride = 0;   // the one column's result is a row, and a and b exchange their roles
    result.c_row = 0;
    result.c_col = job->c_row;
    if (along_depth) sb_matmul_dots(1, job->m, job->k, job->b, 0, job->a, job->a_row, &result);
    else if (job->a_row == 1) sb_matmul_rows(job->m, job->k, job->b, job->b_row, job->a, job->a_col, &result);
    else return false;
    return true;
}

void sb_matmul_f32(intptr_t m, intptr_t n, intptr_t k, float alpha, const float *a, intptr_t a_row, intptr_t a_col,
                   const float *b, intptr_t b_row, intptr_t b_col, float beta, float *c, intptr_t c_row,
                   const sb_epilogue *epilogue) {
    matmul_job job = {.batch = 1, .m = m, .n = n, .k = k, .a = a, .b = b, .c = c, .a_row = a_row, .a_col = a_col,
                      .b_row = b_row, .b_col = b_col, .c_row = c_row, .alpha = alpha, .beta = beta};
    if (epilogue) job.epilogue = *epilogue;
    if (m <= 0 || n <= 0 || multiply_thin(&job)) return;
    matmul(&job);
}

void sb_matmul_batched_f32(intptr_t batch, intptr_t m, intptr_t n, intptr_t k, float alpha, const float *a,
                           intptr_t a_batch, intptr_t a_row, intptr_t a_col, const float *b, intptr_t b_batch,
                           intptr_t b_row, intptr_t b_col, float beta, float *c, intptr_t c_batch, intptr_t c_row) {
    matmul_job job = {.batch = batch, .m = m, .n = n, .k = k, .a = a, .b = b, .c = c, .a_batch = a_batch,
                      .a_row = a_row, .a_col = a_col, .b_batch = b_batch, .b_row = b_row, .b_col = b_col,
                      .c_batch = c_batch, .c_row = c_row, .alpha = alpha, .beta = beta};
    matmul(&job);
}

#endif
