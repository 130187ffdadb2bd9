// Products of operands that are rounded to bfloat16, with sums in float32.
#ifndef ISA_PASS
#include <stdbool.h>

#include "matmul.h"
#include "matmul_blocks.h"
#include "foundation/convert.h"
#include "foundation/denormals.h"
#include "foundation/workspace.h"

typedef struct {
    sb_product_blocks blocks;
    intptr_t k, c_batch, c_row;
    sb_rounded a, b;
    float *c;
    float beta;
    sb_epilogue epilogue;
    float *packed;   // all panels of b, where several blocks of rows read them
} rounded_job;

enum {
    BLOCK_ROWS = 672,
    PACKED_PANELS = 8,           // by one piece
    PACKED_BYTES = 16 << 20,     // at most: what caches keep
};
#endif

#define SOURCE "matmul/matmul_rounded.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "matmul_core.h"
#include "pair_words.h"

// Element (row, column) of one matrix of an operand, and what follows it, with `depth` elements along the depth.
static sb_pair_matrix KERNEL(matrix_at)(const sb_rounded *operand, intptr_t matrix, intptr_t row, intptr_t column,
                                        intptr_t depth) {
    const bool is_float = operand->dtype == SB_FLOAT32;
    const intptr_t offset = matrix * operand->batch + row * operand->row + column * operand->col;
    return (sb_pair_matrix){(const char *)operand->data + offset * (is_float ? 4 : 2), is_float, operand->row, operand->col,
                            depth};
}

// Where the packed panels of some words along the depth begin, `depth` of which are a block.
static float *KERNEL(packed_at)(const rounded_job *job, intptr_t word, intptr_t column, intptr_t depth) {
    return job->packed + packed_size(word, job->blocks.n) + column * depth;
}

static void KERNEL(pack_piece)(void *context, intptr_t piece) {
    const rounded_job *job = context;
    const intptr_t words = (job->k + 1) / 2, column = piece * PACKED_PANELS * MATMUL_PANEL, rest = job->blocks.n - column;
    const intptr_t columns = rest < PACKED_PANELS * MATMUL_PANEL ? rest : PACKED_PANELS * MATMUL_PANEL;
    const sb_pair_matrix b = KERNEL(matrix_at)(&job->b, 0, 0, column, job->k);
    for (intptr_t word = 0; word < words; word += MATMUL_DEPTH) {
        const intptr_t depth = words - word < MATMUL_DEPTH ? words - word : MATMUL_DEPTH;
        pack_pairs(word, depth, 0, columns, &b, KERNEL(packed_at)(job, word, column, depth));
    }
}

// The panels of a block's columns.
static sb_panels KERNEL(panels_of)(const rounded_job *job, intptr_t matrix, const sb_product_block *block, intptr_t word,
                                   intptr_t depth) {
    if (job->packed)
        return (sb_panels){KERNEL(packed_at)(job, word, block->column, depth), MATMUL_PANEL * depth, MATMUL_PANEL};
    float *scratch = sb_scratch(sizeof(float) * (size_t)packed_size(MATMUL_DEPTH, block->columns));
    const sb_pair_matrix b = KERNEL(matrix_at)(&job->b, matrix, 0, block->column, job->k);
    return pack_pairs(word, depth, 0, block->columns, &b, scratch);
}

static void KERNEL(rounded_block)(const rounded_job *job, intptr_t matrix, const sb_product_block *block) {
    const intptr_t words = (job->k + 1) / 2;
    const float *bias = job->epilogue.column_bias ? job->epilogue.column_bias + block->column : NULL;
    float *c = job->c + matrix * job->c_batch + block->row * job->c_row + block->column;
    for (intptr_t word = 0; word == 0 || word < words; word += MATMUL_DEPTH) {
        const intptr_t depth = words - word < MATMUL_DEPTH ? words - word : MATMUL_DEPTH;
        const bool first = word == 0, last = word + depth == words;
        const sb_pair_matrix a = KERNEL(matrix_at)(&job->a, matrix, block->row, 2 * word, job->k - 2 * word);
        const sb_finish finish = {1, first ? job->beta : 1, last ? bias : NULL,
                                  last ? job->epilogue.activation : SB_ACT_NONE, 0};
        multiply(block->rows, block->columns, depth, left_pairs(&a), KERNEL(panels_of)(job, matrix, block, word, depth),
                 (sb_result){c, job->c_row, NULL}, finish);
    }
}

static void KERNEL(rounded_piece)(void *context, intptr_t piece) {
    const rounded_job *job = context;
    const sb_product_block block = sb_product_block_at(&job->blocks, piece, MATMUL_PANEL);
    const uint64_t mode = sb_flush_denormals();
    for (intptr_t matrix = block.first_matrix; matrix < block.end_matrix; ++matrix)
        KERNEL(rounded_block)(job, matrix, &block);
    sb_restore_denormals(mode);
}

static void KERNEL(multiply_rounded)(rounded_job *job) {
    const size_t bytes = sizeof(float) * (size_t)packed_size((job->k + 1) / 2, job->blocks.n);
    if (job->blocks.batch == 1 && job->blocks.row_blocks > 1 && bytes <= PACKED_BYTES && bytes > 0) {
        job->packed = sb_workspace(bytes);
        sb_parallel((job->blocks.n + PACKED_PANELS * MATMUL_PANEL - 1) / (PACKED_PANELS * MATMUL_PANEL), KERNEL(pack_piece),
                    job);
    }
    sb_parallel(sb_product_pieces(&job->blocks), KERNEL(rounded_piece), job);
    if (job->packed) sb_free(job->packed, bytes);
}

#else

int sb_has_bfloat_products(void) {
#if defined(__x86_64__)
    return sb_isa() == SB_ISA_AVX512 && __builtin_cpu_supports("avx512bf16");
#else
    return 0;
#endif
}

void sb_matmul_rounded(intptr_t batch, intptr_t m, intptr_t n, intptr_t k, sb_rounded a, sb_rounded b, float beta, float *c,
                       intptr_t c_batch, intptr_t c_row, const sb_epilogue *epilogue) {
    if (batch <= 0 || m <= 0 || n <= 0) return;
    rounded_job job = {.blocks = sb_cut_products(batch, m, n, k, BLOCK_ROWS), .k = k, .c_batch = c_batch, .c_row = c_row, .a = a, .b = b,
                       .c = c, .beta = beta};
    if (epilogue) job.epilogue = *epilogue;
    DISPATCH_ROUNDED(multiply_rounded, &job);
}

#endif
