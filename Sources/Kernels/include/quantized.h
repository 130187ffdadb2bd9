// Products with matrices of few bits a number, for inference: integer kernels over groups that share a scale.
//
// A matrix w[n, k], k a multiple of 32, is cut into groups of 32 neighbors in a row. A group is whole numbers q and one
// scale s, a bfloat16: w ≈ s · q, with q from -127 to 127 (8 bits) or from -8 to 7 (4 bits). So a number takes 8.5 or
// 4.5 bits.
//
// In memory 16 rows make a panel (the last is filled up with zeros), which lies group after group. A group of a panel
// holds blocks of 64 bytes, 4 for each of the 16 rows: 8 blocks for 8 bits, whose block b has elements 4b ..< 4b + 4 of
// each row, stored as q + 128; or 4 blocks for 4 bits, whose block b has elements 4b ..< 4b + 4 in the low halves of the
// bytes and elements 16 + 4b ..< 16 + 4b + 4 in the high halves, stored as q + 8. The scales, 16 for each group of each
// panel, lie in an array of their own, in the same order.
#ifndef SB_QUANTIZED_H
#define SB_QUANTIZED_H

#include <stdint.h>

enum { SB_QUANTIZED_GROUP = 32, SB_QUANTIZED_ROWS = 16 };

typedef struct {
    intptr_t n, k;
    int bits;                  // 8 or 4
    uint8_t *numbers;          // 64-byte aligned; sb_quantized_bytes
    uint16_t *scales;          // sb_quantized_scales
} sb_quantized;

/// Sizes of the two arrays: bytes of the numbers, and count of the scales.
intptr_t sb_quantized_bytes(intptr_t n, intptr_t k, int bits);
intptr_t sb_quantized_scales(intptr_t n, intptr_t k);

/// Fills `matrix` from w[row, column] = w[row · w_row + column · w_col]. Of the possible scales of a group the one is taken
/// that leaves the least sum of squared errors among some near the largest element's.
void sb_quantize(const float *w, intptr_t w_row, intptr_t w_col, const sb_quantized *matrix);

/// Row `rows[i]` of the matrix as floats, to y + i · k.
void sb_quantized_rows(const sb_quantized *matrix, intptr_t count, const int64_t *rows, float *y);

/// y[m, n] = x[m, k] · matrixᵀ + bias (or none: NULL). Rows of x and y are dense. Each group of x is rounded to 8 bits
/// with a scale of its own, products within a group are summed as whole numbers, and groups in order as floats.
void sb_quantized_linear(intptr_t m, const float *x, const sb_quantized *matrix, const float *bias, float *y);

/// y[m, n] = x[m, k] · wᵀ + bias (or none: NULL) with w[n, k] of bfloat16. All rows are dense.
void sb_bfloat_linear(intptr_t m, intptr_t n, intptr_t k, const float *x, const uint16_t *w, const float *bias,
                      float *y);

#endif
