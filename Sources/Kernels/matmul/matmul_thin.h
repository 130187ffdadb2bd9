// Products with few rows or columns, which only read each element of the large operand once: memory sets their speed,
// and copying that operand to panels would double their time.
#ifndef SB_MATMUL_THIN_H
#define SB_MATMUL_THIN_H

#include "matmul.h"

/// c[i, j] = activation(alpha · sum + beta · old + bias[j · bias_stride]), bias may be NULL.
typedef struct {
    float alpha, beta;
    const float *bias;
    intptr_t bias_stride;
    sb_activation activation;
    float *c;
    intptr_t c_row, c_col;
} sb_thin_result;

/// Few rows: sums of a[i · a_row + l] · b[j · b_col + l] over l in 0 ..< k, for i in 0 ..< m and j in 0 ..< n.
void sb_matmul_dots(intptr_t m, intptr_t n, intptr_t k, const float *a, intptr_t a_row, const float *b, intptr_t b_col,
                    const sb_thin_result *result);

/// One row: sums of a[l · a_col] · b[l · b_row + j] over l in 0 ..< k, for j in 0 ..< n.
void sb_matmul_rows(intptr_t n, intptr_t k, const float *a, intptr_t a_col, const float *b, intptr_t b_row,
                    const sb_thin_result *result);

#endif
