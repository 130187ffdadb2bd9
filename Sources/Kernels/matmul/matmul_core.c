#ifndef ISA_PASS
// How the left operand of a tile lies: in the buffer, or anywhere.
typedef enum { BY_ROWS, BY_COLUMNS, IN_PLACE } tile_layout;
#endif

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
    return (sb_left){by_columns ? KERNEL(fill_by_columns) : KERNEL(fill_by_rows), matrix, by_columns};
}

// MARK: Product

INLINE vf KERNEL(finished)(vf sum, vf old, vf bias, const sb_finish *finish) {
    vf value = finish->alpha * sum + bias;
    if (finish->beta != 0) value += finish->beta * old;
    switch (finish->activation) {
        case SB_ACT_NONE: return value;
        case SB_ACT_RELU: return vf_select(value < 0, (vf){0}, value);
        case SB_ACT_SILU: return value;   // its own pass over the finished rows: see apply_silu
    }
}

INLINE void KERNEL(store)(float *c, vf sum, intptr_t columns, const float *bias, const sb_finish *finish) {
    const vf old = finish->beta != 0 ? vf_load_or(c + finish->old, columns, 0) : (vf){0};
    vf_store_some(c, KERNEL(finished)(sum, old, bias ? vf_load_or(bias, columns, 0) : (vf){0}, finish), columns);
}

// A register tile of rows × (vectors · LANES). The first three arguments are constants after inlining. Every third row has
// a pointer, and the two after it lie once and twice the distance of rows further, which an address can say: pointers to all
// rows would not fit into the registers.
INLINE void KERNEL(tile)(const int rows, const int vectors, const tile_layout layout, const sb_windows *a,
                         const float *b, intptr_t b_row, float *const *c, intptr_t column, intptr_t columns,
                         const sb_finish *finish) {
    const intptr_t a_row = layout == BY_ROWS ? MATMUL_ROW_STRIDE : layout == BY_COLUMNS ? 1 : a->row_stride;
    const intptr_t a_column = layout == BY_ROWS ? 1 : layout == BY_COLUMNS ? MATMUL_ROWS : a->column_stride;
    const intptr_t run_count = layout == IN_PLACE ? a->run_count : 1;
    vf sum[MATMUL_ROWS][2] = {0};
    for (intptr_t run = 0; run < run_count; ++run) {
        const float *from = layout == IN_PLACE ? a->data + a->runs[run] : a->data, *thirds[(MATMUL_ROWS + 2) / 3];
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r += 3) thirds[r / 3] = from + r * a_row;
        for (intptr_t i = 0; i < a->run; ++i, b += b_row) {
            const vf b0 = vf_load(b), b1 = vectors > 1 ? vf_load(b + LANES) : b0;
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; ++r) {
                const float element = thirds[r / 3][r % 3 * a_row];
                sum[r][0] += element * b0;
                if (vectors > 1) sum[r][1] += element * b1;
                if (r % 3 == 2 || r == rows - 1) thirds[r / 3] += a_column;
            }
        }
    }
    const float *bias = finish->bias ? finish->bias + column : NULL;
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) {
        KERNEL(store)(c[r] + column, sum[r][0], columns, bias, finish);
        if (vectors > 1) KERNEL(store)(c[r] + column + LANES, sum[r][1], columns - LANES, bias ? bias + LANES : NULL, finish);
    }
}

// The tile for each number of rows, so that no row is computed in vain.
#define TILE(rows) \
    case rows: \
        if (columns > LANES) KERNEL(tile)(rows, 2, layout, a, b, b_row, c, column, columns, finish); \
        else KERNEL(tile)(rows, 1, layout, a, b, b_row, c, column, columns, finish); \
        break;

INLINE void KERNEL(any_tile)(int rows, const tile_layout layout, const sb_windows *a, const float *b,
                             intptr_t b_row, float *const *c, intptr_t column, intptr_t columns,
                             const sb_finish *finish) {
    switch (rows) {
        TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if MATMUL_ROWS > 6
        TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)
#endif
#if MATMUL_ROWS > 12
        TILE(13) TILE(14)
#endif
    }
}

#define TILE_FUNCTION(name, layout) \
    static void KERNEL(name)(int rows, const sb_windows *a, const float *b, intptr_t b_row, float *const *c, \
                             intptr_t column, intptr_t columns, const sb_finish *finish) { \
        KERNEL(any_tile)(rows, layout, a, b, b_row, c, column, columns, finish); \
    }

TILE_FUNCTION(tile_by_rows, BY_ROWS)
TILE_FUNCTION(tile_by_columns, BY_COLUMNS)
TILE_FUNCTION(tile_in_place, IN_PLACE)

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
    for (intptr_t j = 0; j < n; j += MATMUL_PANEL) {
        const float *panel = b->data + j / MATMUL_PANEL * b->panel_stride + k * b->row_stride;
        const intptr_t columns = n - j < MATMUL_PANEL ? n - j : MATMUL_PANEL;
        (a->windows ? KERNEL(tile_in_place) : a->by_columns ? KERNEL(tile_by_columns) : KERNEL(tile_by_rows))(
            (int)rows, &left, panel, b->row_stride, c_rows, j, columns, finish);
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
#undef TILE
#undef TILE_FUNCTION

#endif
