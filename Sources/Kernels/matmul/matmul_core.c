#define SOURCE "matmul/matmul_core.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS

#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/vector_math.h"
#include "foundation/vector_transpose.h"
#include "matmul_core.h"

#define INLINE static inline __attribute__((always_inline))

// MARK: Right operand

// A few panels from b with rows of elements side by side: together, as memory is faster in longer stretches than the rows
// of a panel. Rows lie on pages of their own where matrices are wide, so what follows has to be asked for.
static void KERNEL(pack_rows)(intptr_t k, intptr_t columns, const float *b, intptr_t row, float *panels) {
    for (intptr_t i = 0; i < k; ++i, b += row, panels += MATMUL_PANEL)
        FOR_LANES(j, count, columns) {
            __builtin_prefetch(b + 8 * row + j);
            vf_store(panels + j / MATMUL_PANEL * MATMUL_PANEL * k + j % MATMUL_PANEL, vf_load_or(b + j, count, 0));
        }
}

static void KERNEL(pack_strided)(intptr_t k, intptr_t columns, const float *b, intptr_t row, intptr_t col,
                                 float *panel) {
    for (intptr_t i = 0; i < k; ++i)
        for (intptr_t j = 0; j < columns; ++j) panel[i * MATMUL_PANEL + j] = b[i * row + j * col];
}

static void KERNEL(transpose)(const float *b, intptr_t col, intptr_t columns, float *panel) {
    vf v[LANES];
    gather_lines(b, col, columns, LANES, 4 * LANES, v);
    for (int i = 0; i < LANES; ++i) vf_store(panel + i * MATMUL_PANEL, v[i]);
}

// One panel from b with columns of elements side by side: squares are transposed in registers.
static void KERNEL(pack_columns)(intptr_t k, intptr_t columns, const float *b, intptr_t col, float *panel) {
    const intptr_t whole = k / LANES * LANES;
    for (intptr_t i = 0; i < whole; i += LANES)
        for (intptr_t j = 0; j < columns; j += LANES)
            KERNEL(transpose)(b + i + j * col, col, columns - j, panel + i * MATMUL_PANEL + j);
    KERNEL(pack_strided)(k - whole, columns, b + whole, 1, col, panel + whole * MATMUL_PANEL);
}

sb_panels pack_panels(intptr_t k, intptr_t n, const float *b, intptr_t row, intptr_t col, float *packed) {
    const intptr_t step = col == 1 ? 8 * MATMUL_PANEL : MATMUL_PANEL;
    for (intptr_t j = 0; j < n; j += step) {
        const intptr_t columns = n - j < step ? n - j : step;
        float *panel = packed + j * k;
        if (col == 1) KERNEL(pack_rows)(k, columns, b + j, row, panel);
        else if (row == 1) KERNEL(pack_columns)(k, columns, b + j * col, col, panel);
        else KERNEL(pack_strided)(k, columns, b + j * col, row, col, panel);
    }
    return (sb_panels){packed, MATMUL_PANEL * k, MATMUL_PANEL};
}

// MARK: Left operand

// Rows of elements side by side; asks for the rows that the next call will copy.
static void KERNEL(copy_rows)(const float *from, intptr_t row_stride, intptr_t rows, intptr_t depth, float *buffer) {
    for (intptr_t r = 0; r < rows; ++r, from += row_stride, buffer += MATMUL_ROW_STRIDE) {
        for (intptr_t i = 0; i < depth; i += 16) __builtin_prefetch(from + MATMUL_ROWS * row_stride + i, 0, 2);
        FOR_LANES(i, count, depth) vf_store_some(buffer + i, vf_load_or(from + i, count, 0), count);
    }
}

static void KERNEL(fill_by_rows)(const void *source, intptr_t row, intptr_t rows, intptr_t k, intptr_t depth,
                                 float *buffer) {
    const sb_matrix *a = source;
    const float *from = a->data + row * a->row_stride + k * a->column_stride;
    if (a->column_stride == 1) {
        KERNEL(copy_rows)(from, a->row_stride, rows, depth, buffer);
        return;
    }
    for (intptr_t r = 0; r < rows; ++r, from += a->row_stride, buffer += MATMUL_ROW_STRIDE)
        for (intptr_t i = 0; i < depth; ++i) buffer[i] = from[i * a->column_stride];
}

// Whole vectors are copied where memory follows that may be read: the next row of the buffer covers what is too much.
static void KERNEL(fill_by_columns)(const void *source, intptr_t row, intptr_t rows, intptr_t k, intptr_t depth,
                                    float *buffer) {
    enum { WHOLE = (MATMUL_ROWS + LANES - 1) / LANES * LANES };
    const sb_matrix *a = source;
    const float *from = a->data + row + k * a->column_stride;
    const intptr_t whole = a->column_stride >= WHOLE ? depth - 1 : 0;
    intptr_t i = 0;
    for (; i < whole; ++i, from += a->column_stride, buffer += MATMUL_ROWS) {
        __builtin_prefetch(from + MATMUL_DEPTH * a->column_stride, 0, 2);   // the next block's
        for (int r = 0; r < WHOLE; r += LANES) vf_store(buffer + r, vf_load(from + r));
    }
    for (; i < depth; ++i, from += a->column_stride, buffer += MATMUL_ROWS)
        for (intptr_t r = 0; r < rows; ++r) buffer[r] = from[r];
}

sb_left left_matrix(const sb_matrix *matrix) {
    const bool by_columns = matrix->row_stride == 1 && matrix->column_stride != 1;
    return (sb_left){.fill = by_columns ? KERNEL(fill_by_columns) : KERNEL(fill_by_rows), .source = matrix,
                     .by_columns = by_columns};
}

// MARK: Product

#undef tile_element
#undef TILE_ELEMENT
#undef MULTIPLY_ADD
#undef ADD_LANE
#undef TILE_FOR
#define tile_element float
#define TILE_ELEMENT(p) (*(p))
#define MULTIPLY_ADD(sum, a, b) ((sum) + (a) * (b))
#define TILE_FOR KERNEL(float_tile)
#ifdef vf_add_lane
#define ADD_LANE vf_add_lane
#endif
#include "matmul_tile.h"

static void KERNEL(apply_silu)(intptr_t rows, intptr_t n, float *const *c) {
    for (intptr_t r = 0; r < rows; ++r)
        FOR_LANES(j, count, n) {
            const vf x = vf_load_or(c[r] + j, count, 0);
            vf_store_some(c[r] + j, x * v_sigmoid(x), count);
        }
}

// All columns of a few rows, for one block of the depth.
static void KERNEL(multiply_rows)(intptr_t row, intptr_t rows, intptr_t n, intptr_t k, intptr_t depth,
                                  const sb_left *a, const sb_panels *b, const sb_result *c, const sb_finish *finish) {
    _Alignas(64) float buffer[MATMUL_ROWS * MATMUL_ROW_STRIDE];
    float *c_rows[MATMUL_ROWS];
    float *c_row = c->data + row * c->row_stride;
#pragma clang loop vectorize(disable)   // 14 additions are cheaper than 14 multiplications in vectors
    for (intptr_t r = 0; r < rows; ++r, c_row += c->row_stride) c_rows[r] = c->rows ? c->rows[row + r] : c_row;
    sb_windows left = {.data = buffer, .run = depth};
    if (a->windows) {
        left = *a->windows;
        left.data += row * left.row_stride;
    } else if (depth) a->fill(a->source, row, rows, k, depth, buffer);
    const sb_tile_layout layout = a->windows ? IN_PLACE : a->by_columns ? BY_COLUMNS : BY_ROWS;
    sb_register_tile *const tile = a->pairs ? pair_tile(layout) : KERNEL(float_tile)(layout);
    for (intptr_t j = 0; j < n; j += MATMUL_PANEL) {
        const float *panel = b->data + j / MATMUL_PANEL * b->panel_stride + k * b->row_stride;
        const intptr_t columns = n - j < MATMUL_PANEL ? n - j : MATMUL_PANEL;
        tile((int)rows, &left, panel, b->row_stride, c_rows, j, columns, finish);
    }
    if (finish->activation == SB_ACT_SILU) KERNEL(apply_silu)(rows, n, c_rows);
}

void multiply(intptr_t m, intptr_t n, intptr_t k, sb_left a, sb_panels b, sb_result c, sb_finish finish) {
    const intptr_t groups = (m + MATMUL_ROWS - 1) / MATMUL_ROWS, deepest = a.windows ? INTPTR_MAX : MATMUL_DEPTH;
    for (intptr_t begin = 0; begin == 0 || begin < k; begin += deepest) {
        const intptr_t depth = k - begin < deepest ? k - begin : deepest;
        const bool first = begin == 0, last = begin + depth == k;
        const sb_finish step = {finish.alpha, first ? finish.beta : 1, last ? finish.bias : NULL,
                                last ? finish.activation : SB_ACT_NONE, first ? finish.old : 0};
        for (intptr_t group = 0, row = 0, rows; group < groups; ++group, row += rows) {
            rows = m / groups + (group < m % groups);
            KERNEL(multiply_rows)(row, rows, n, begin, depth, &a, &b, &c, &step);
        }
    }
}

#undef INLINE

#endif
