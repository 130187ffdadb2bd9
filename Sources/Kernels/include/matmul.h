// Matrix products. Sizes and strides are in elements; strides may be any that are not negative, so that a transposed
// or a repeated (stride 0) operand needs no copy. Only the columns of the result must lie side by side.
#ifndef SB_MATMUL_H
#define SB_MATMUL_H

#include <stdint.h>

#include "activation.h"
#include "array.h"

/// What is done to each element of a product before it is stored: activation(alpha · sum + beta · old + bias).
typedef struct {
    const float *column_bias;   // one for each column of the result, or NULL
    sb_activation activation;
} sb_epilogue;

/// c[m, n] = alpha · a[m, k] b[k, n] + beta · c, then the epilogue (or none: NULL).
/// With beta 0 the old contents of c are never read.
void sb_matmul_f32(intptr_t m, intptr_t n, intptr_t k, float alpha, const float *a, intptr_t a_row, intptr_t a_col,
                   const float *b, intptr_t b_row, intptr_t b_col, float beta, float *c, intptr_t c_row,
                   const sb_epilogue *epilogue);

/// `batch` independent products; the …_batch strides lead from one matrix to the next, and 0 repeats one.
void sb_matmul_batched_f32(intptr_t batch, intptr_t m, intptr_t n, intptr_t k, float alpha, const float *a,
                           intptr_t a_batch, intptr_t a_row, intptr_t a_col, const float *b, intptr_t b_batch,
                           intptr_t b_row, intptr_t b_col, float beta, float *c, intptr_t c_batch, intptr_t c_row);
void sb_matmul_batched_f64(intptr_t batch, intptr_t m, intptr_t n, intptr_t k, double alpha, const double *a,
                           intptr_t a_batch, intptr_t a_row, intptr_t a_col, const double *b, intptr_t b_batch,
                           intptr_t b_row, intptr_t b_col, double beta, double *c, intptr_t c_batch, intptr_t c_row);
/// c[m, n] = a[m, k] b[k, n] in 64-bit integers (overflow wraps around).
void sb_matmul_batched_i64(intptr_t batch, intptr_t m, intptr_t n, intptr_t k, const int64_t *a, intptr_t a_batch,
                           intptr_t a_row, intptr_t a_col, const int64_t *b, intptr_t b_batch, intptr_t b_row,
                           intptr_t b_col, int64_t *c, intptr_t c_batch, intptr_t c_row);

/// An operand of sb_matmul_rounded: float32 elements, which are rounded to bfloat16 on the way, or bfloat16.
typedef struct {
    const void *data;
    int dtype;                   // SB_FLOAT32 or SB_BFLOAT16
    intptr_t batch, row, col;    // strides in elements
} sb_rounded;

/// As sb_matmul_batched_f32 without alpha, of operands rounded to bfloat16; sums and c are float32. With the instruction
/// `vdpbf16ps` (AVX512_BF16) where the processor has it; elsewhere the same arithmetic takes longer than float32's. Of
/// two neighbors along k, the second's product is added first. Denormal numbers count as zeros.
void sb_matmul_rounded(intptr_t batch, intptr_t m, intptr_t n, intptr_t k, sb_rounded a, sb_rounded b, float beta, float *c,
                       intptr_t c_batch, intptr_t c_row, const sb_epilogue *epilogue);
/// Whether products of bfloat16 have an instruction of their own, in the instruction set in use.
int sb_has_bfloat_products(void);

#endif
