// The matrix core, as the kernels above it see it: types, and inside an ISA pass also functions.
//
// A product c[m, n] = a[m, k] b[k, n] is computed in register tiles of MATMUL_ROWS × MATMUL_PANEL elements. The right
// operand is read as panels of MATMUL_PANEL columns that lie in memory row after row; the left operand is copied, a few
// rows and MATMUL_DEPTH columns at a time, into a buffer that stays in the first-level cache. What fills that buffer is
// up to the caller: a plain copy, or the patches of an image for a convolution, which then never exist as a whole. A left
// operand that is small, and read again and again, need not be copied.

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

#endif

#ifdef ISA_PASS

// The tile's sums fill the registers, but for those that hold a row of the panel and one element of the left operand.
#undef MATMUL_ROWS
#if ISA_PASS == 2
#define MATMUL_ROWS 14
#elif defined(__aarch64__)
#define MATMUL_ROWS 12
#else
#define MATMUL_ROWS 6
#endif
#undef MATMUL_PANEL
#define MATMUL_PANEL (2 * (VECTOR_BYTES / 4))

#undef packed_size
#undef pack_panels
#undef left_matrix
#undef multiply
#define packed_size KERNEL(packed_size)
#define pack_panels KERNEL(pack_panels)
#define left_matrix KERNEL(left_matrix)
#define multiply KERNEL(multiply)

/// The elements that pack_panels writes.
static inline intptr_t packed_size(intptr_t k, intptr_t n) {
    return (n + MATMUL_PANEL - 1) / MATMUL_PANEL * MATMUL_PANEL * k;
}

/// Copies b[k, n] to panels that lie one after the other. What the last holds beyond n is undefined.
sb_panels pack_panels(intptr_t k, intptr_t n, const float *b, intptr_t row, intptr_t col, float *packed);

/// The left operand that is a matrix in memory; `matrix` must outlive it.
sb_left left_matrix(const sb_matrix *matrix);

/// The product on the calling thread. The columns of the last panel beyond n must be readable.
void multiply(intptr_t m, intptr_t n, intptr_t k, sb_left a, sb_panels b, sb_result c, sb_finish finish);

#endif
