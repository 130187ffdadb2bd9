// The matrix core, as the kernels above it see it: types, and inside an ISA pass also functions.
//
// A product c[m, n] = a[m, k] b[k, n] is computed in register tiles of MATMUL_ROWS × MATMUL_PANEL elements. The right
// operand is read as panels of MATMUL_PANEL columns that lie in memory row after row; the left operand is copied, a few
// rows and MATMUL_DEPTH columns at a time, into a buffer that stays in the first-level cache. What fills that buffer is
// up to the caller: a plain copy, or the patches of an image for a convolution, which then never exist as a whole. A left
// operand that is small, and read again and again, need not be copied.
//
// Operands of bfloat16 come in pairs: an element of both operands is then a word of two neighbors along the depth, the
// first in the low half, and a product is that of two numbers. All sizes and strides count words.

#ifndef SB_MATMUL_CORE_H
#define SB_MATMUL_CORE_H

#include <stdbool.h>

#include "matmul.h"

/// Distance between the rows of the buffer: a block's depth and one cache line, so that rows do not compete for the
/// same cache sets.
enum { MATMUL_DEPTH = 256, MATMUL_ROW_STRIDE = MATMUL_DEPTH + 16 };

/// A left operand that is read where it lies, which may overlap itself: element (r, k) is at
/// data + r · row_stride + runs[k / run] + k % run · column_stride.
typedef struct {
    const float *data;
    intptr_t row_stride, column_stride;
    const intptr_t *runs;
    intptr_t run_count, run;
} sb_windows;

/// The left operand. `fill` writes a[row ..< row + rows, k ..< k + depth] to the buffer; element (r, i) goes to
/// buffer[r · MATMUL_ROW_STRIDE + i], or to buffer[i · MATMUL_ROWS + r] if `by_columns`. Or there are `windows`.
typedef struct {
    void (*fill)(const void *source, intptr_t row, intptr_t rows, intptr_t k, intptr_t depth, float *buffer);
    const void *source;
    bool by_columns;
    const sb_windows *windows;
    bool pairs;   // whether both operands are pairs of bfloat16
} sb_left;

/// A left operand that lies in memory.
typedef struct {
    const float *data;
    intptr_t row_stride, column_stride;
} sb_matrix;

/// A matrix of k columns as windows: for one that lies in the nearer caches, and is read too few times to copy it.
static inline sb_windows sb_matrix_in_place(sb_matrix matrix, intptr_t k) {
    static const intptr_t start = 0;
    return (sb_windows){matrix.data, matrix.row_stride, matrix.column_stride, &start, 1, k};
}

/// The right operand: panel p, row i begins at data + p · panel_stride + i · row_stride.
typedef struct {
    const float *data;
    intptr_t panel_stride, row_stride;
} sb_panels;

/// The result: row i begins at rows[i], or at data + i · row_stride if there are no `rows`.
typedef struct {
    float *data;
    intptr_t row_stride;
    float *const *rows;
} sb_result;

/// activation(alpha · sum + beta · old + bias)
typedef struct {
    float alpha, beta;
    const float *bias;
    sb_activation activation;
    intptr_t old;   // how many floats after each element of the result its old value lies: 0 where it is the element's
} sb_finish;

/// How the left operand of a tile lies: in the buffer, or anywhere.
typedef enum { BY_ROWS, BY_COLUMNS, IN_PLACE } sb_tile_layout;

/// A register tile: up to MATMUL_ROWS rows from `c` on, and a panel's columns from number `column` on.
typedef void sb_register_tile(int rows, const sb_windows *a, const float *b, intptr_t b_row, float *const *c, intptr_t column,
                     intptr_t columns, const sb_finish *finish);

/// A matrix whose elements are rounded to bfloat16, or are it already, seen in pairs along its columns (or along its
/// rows, where it is the right operand). The last pair of an odd number of elements has 0 for the second.
typedef struct {
    const void *data;
    bool is_float;                        // or bfloat16
    intptr_t row_stride, column_stride;   // in elements
    intptr_t depth;                       // the number of elements along it
} sb_pair_matrix;

#endif

#ifdef ISA_PASS

// The tile's sums fill the registers, but for those that hold a row of the panel and one element of the left operand.
#undef MATMUL_ROWS
#if ISA_PASS == ISA_AVX512
#define MATMUL_ROWS 14
#elif VECTOR_REGISTERS == 32
#define MATMUL_ROWS 12   // and elements of four rows of the left operand in a vector
#else
#define MATMUL_ROWS 6
#endif
#undef MATMUL_PANEL
#define MATMUL_PANEL (2 * (VECTOR_BYTES / 4))

#undef packed_size
#undef pack_panels
#undef left_matrix
#undef pair_tile
#undef pack_pairs
#undef left_pairs
#undef multiply
#define packed_size KERNEL(packed_size)
#define pack_panels KERNEL(pack_panels)
#define left_matrix KERNEL(left_matrix)
#define pair_tile KERNEL(pair_tile)
#define pack_pairs KERNEL(pack_pairs)
#define left_pairs KERNEL(left_pairs)
#define multiply KERNEL(multiply)

/// The elements that pack_panels writes.
static inline intptr_t packed_size(intptr_t k, intptr_t n) {
    return (n + MATMUL_PANEL - 1) / MATMUL_PANEL * MATMUL_PANEL * k;
}

/// Copies b[k, n] to panels that lie one after the other. What the last holds beyond n is undefined.
sb_panels pack_panels(intptr_t k, intptr_t n, const float *b, intptr_t row, intptr_t col, float *packed);

/// The left operand that is a matrix in memory; `matrix` must outlive it.
sb_left left_matrix(const sb_matrix *matrix);

/// The tile for pairs.
sb_register_tile *pair_tile(sb_tile_layout layout);

/// As pack_panels, of the words `first` ..< `first` + `words` along the depth and n columns of b from `column` on.
sb_panels pack_pairs(intptr_t first, intptr_t words, intptr_t column, intptr_t n, const sb_pair_matrix *b, float *packed);

/// The left operand of pairs; `matrix` must outlive it.
sb_left left_pairs(const sb_pair_matrix *matrix);

/// The product on the calling thread. The columns of the last panel beyond n must be readable.
void multiply(intptr_t m, intptr_t n, intptr_t k, sb_left a, sb_panels b, sb_result c, sb_finish finish);

#endif
