// The matrix core for pairs of bfloat16: how operands become words of two.
#ifndef ISA_PASS
#define AVX512_ALSO ",avx512bf16"
#include "foundation/convert.h"
#endif

#define SOURCE "matmul/matmul_pairs.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS

#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/vector_transpose.h"
#include "matmul_core.h"
#include "pair_words.h"

#define INLINE static inline __attribute__((always_inline))

// MARK: Words

INLINE uint16_t KERNEL(bfloat_at)(const sb_pair_matrix *matrix, intptr_t offset) {
    return matrix->is_float ? bfloat_of_float(((const float *)matrix->data)[offset])
                            : ((const uint16_t *)matrix->data)[offset];
}

// One word, element by element: `step` leads from its first half to its second, which may not be there.
INLINE float KERNEL(word)(const sb_pair_matrix *matrix, intptr_t offset, intptr_t step, bool whole) {
    const uint32_t second = whole ? KERNEL(bfloat_at)(matrix, offset + step) : 0;
    return float_of_bits(KERNEL(bfloat_at)(matrix, offset) | second << 16);
}

// The first `count` elements from an offset on as bfloat16, in the high halves of the lanes; 0 in those after them.
INLINE vu KERNEL(high_halves)(const sb_pair_matrix *matrix, const bool is_float, intptr_t offset, intptr_t count) {
    if (!is_float) return (vu)vf_load_bfloats((const uint16_t *)matrix->data + offset, count);
    return rounded_highs(vf_load_or((const float *)matrix->data + offset, count, 0));
}

// Words of elements that lie side by side in two rows of the depth, of which the second may not be there.
INLINE vf KERNEL(words_across)(const sb_pair_matrix *matrix, const bool is_float, intptr_t offset, intptr_t step, bool whole,
                               intptr_t count) {
    const vu low = KERNEL(high_halves)(matrix, is_float, offset, count) >> 16;
    return (vf)(whole ? low | KERNEL(high_halves)(matrix, is_float, offset + step, count) : low);
}

// A vector of words of elements that lie side by side along the depth.
INLINE vf KERNEL(words_along)(const sb_pair_matrix *matrix, const bool is_float, intptr_t offset) {
    if (is_float) return words_of_floats((const float *)matrix->data + offset);
    return vf_load((const float *)(const void *)((const uint16_t *)matrix->data + offset));
}

// `count` words from number `first` on, of elements that lie side by side along the depth.
INLINE void KERNEL(copy_words)(const sb_pair_matrix *matrix, const bool is_float, intptr_t offset, intptr_t first,
                               intptr_t count, float *to) {
    const intptr_t whole = matrix->depth / 2 - first < count ? matrix->depth / 2 - first : count;
    intptr_t i = 0;
    for (; i + LANES <= whole; i += LANES)
        vf_store(to + i, KERNEL(words_along)(matrix, is_float, offset + 2 * (first + i)));
    for (; i < count; ++i) to[i] = KERNEL(word)(matrix, offset + 2 * (first + i), 1, i < whole);
}

// MARK: Right operand

// Panels from rows of elements side by side.
INLINE void KERNEL(pack_pair_rows)(const sb_pair_matrix *b, const bool is_float, intptr_t first, intptr_t words,
                                   intptr_t column, intptr_t columns, float *panels) {
    for (intptr_t i = 0; i < words; ++i, panels += MATMUL_PANEL) {
        const intptr_t k = 2 * (first + i), offset = k * b->row_stride + column;
        FOR_LANES(j, count, columns) {
            vf_store(panels + j / MATMUL_PANEL * MATMUL_PANEL * words + j % MATMUL_PANEL,
                     KERNEL(words_across)(b, is_float, offset + j, b->row_stride, k + 1 < b->depth, count));
        }
    }
}

// One panel from columns of elements side by side along the depth: their words are transposed in squares.
INLINE void KERNEL(pack_pair_columns)(const sb_pair_matrix *b, const bool is_float, intptr_t first, intptr_t words,
                                      intptr_t column, intptr_t columns, float *panel) {
    float lines[LANES * LANES];
    vf square[LANES];
    for (intptr_t i = 0; i < words; i += LANES)
        for (intptr_t j = 0; j < columns; j += LANES) {
            const intptr_t count = words - i < LANES ? words - i : LANES, there = columns - j < LANES ? columns - j : LANES;
            for (intptr_t l = 0; l < there; ++l)
                KERNEL(copy_words)(b, is_float, (column + j + l) * b->column_stride, first + i, count, lines + l * LANES);
            gather_lines(lines, LANES, there, count, 0, square);
            for (intptr_t l = 0; l < count; ++l) vf_store(panel + (i + l) * MATMUL_PANEL + j, square[l]);
        }
}

static void KERNEL(pack_pairs_anywhere)(const sb_pair_matrix *b, intptr_t first, intptr_t words, intptr_t column,
                                        intptr_t columns, float *panel) {
    for (intptr_t i = 0; i < words; ++i)
        for (intptr_t j = 0; j < columns; ++j) {
            const intptr_t k = 2 * (first + i), offset = k * b->row_stride + (column + j) * b->column_stride;
            panel[i * MATMUL_PANEL + j] = KERNEL(word)(b, offset, b->row_stride, k + 1 < b->depth);
        }
}

sb_panels pack_pairs(intptr_t first, intptr_t words, intptr_t column, intptr_t n, const sb_pair_matrix *b, float *packed) {
    const bool by_rows = b->column_stride == 1, by_columns = b->row_stride == 1;
    const intptr_t step = by_rows ? 8 * MATMUL_PANEL : MATMUL_PANEL;
    for (intptr_t j = 0; j < n; j += step) {
        const intptr_t columns = n - j < step ? n - j : step;
        float *panel = packed + j * words;
        if (by_rows && b->is_float) KERNEL(pack_pair_rows)(b, true, first, words, column + j, columns, panel);
        else if (by_rows) KERNEL(pack_pair_rows)(b, false, first, words, column + j, columns, panel);
        else if (by_columns && b->is_float) KERNEL(pack_pair_columns)(b, true, first, words, column + j, columns, panel);
        else if (by_columns) KERNEL(pack_pair_columns)(b, false, first, words, column + j, columns, panel);
        else KERNEL(pack_pairs_anywhere)(b, first, words, column + j, columns, panel);
    }
    return (sb_panels){packed, MATMUL_PANEL * words, MATMUL_PANEL};
}

// MARK: Left operand

// Where tiles multiply by lane, rows become columns: words of several rows in a vector are widened, or multiplied, at once.
#undef ROWS_TO_COLUMNS
#define ROWS_TO_COLUMNS (ISA_PASS >= ISA_NEON)

INLINE void KERNEL(fill_pair_rows)(const sb_pair_matrix *a, const bool is_float, intptr_t row, intptr_t rows, intptr_t k,
                                   intptr_t depth, float *buffer) {
#if ROWS_TO_COLUMNS
    float lines[LANES * MATMUL_DEPTH];
    vf square[LANES];
    for (intptr_t r = 0; r < rows; r += LANES) {
        const intptr_t there = rows - r < LANES ? rows - r : LANES;
        for (intptr_t l = 0; l < there; ++l)
            KERNEL(copy_words)(a, is_float, (row + r + l) * a->row_stride, k, depth, lines + l * MATMUL_DEPTH);
        for (intptr_t i = 0; i < depth; i += LANES) {
            const intptr_t count = depth - i < LANES ? depth - i : LANES;
            gather_lines(lines + i, MATMUL_DEPTH, there, count, 0, square);
            for (intptr_t l = 0; l < count; ++l) vf_store(buffer + (i + l) * MATMUL_ROWS + r, square[l]);
        }
    }
#else
    for (intptr_t r = 0; r < rows; ++r, buffer += MATMUL_ROW_STRIDE)
        KERNEL(copy_words)(a, is_float, (row + r) * a->row_stride, k, depth, buffer);
#endif
}

static void KERNEL(fill_pairs_by_rows)(const void *source, intptr_t row, intptr_t rows, intptr_t k, intptr_t depth,
                                       float *buffer) {
    const sb_pair_matrix *a = source;
    if (a->column_stride == 1 && a->is_float) KERNEL(fill_pair_rows)(a, true, row, rows, k, depth, buffer);
    else if (a->column_stride == 1) KERNEL(fill_pair_rows)(a, false, row, rows, k, depth, buffer);
    else
        for (intptr_t r = 0; r < rows; ++r, buffer += MATMUL_ROW_STRIDE)
            for (intptr_t i = 0; i < depth; ++i)
                buffer[i] = KERNEL(word)(a, (row + r) * a->row_stride + 2 * (k + i) * a->column_stride, a->column_stride,
                                         2 * (k + i) + 1 < a->depth);
}

// Whole vectors are read where memory follows that may be read: the next word of the buffer covers what is too much.
INLINE void KERNEL(fill_pair_columns)(const sb_pair_matrix *a, const bool is_float, intptr_t row, intptr_t rows, intptr_t k,
                                      intptr_t depth, float *buffer) {
    enum { WHOLE = (MATMUL_ROWS + LANES - 1) / LANES * LANES };
    const intptr_t step = a->column_stride;
    for (intptr_t i = 0; i < depth; ++i, buffer += MATMUL_ROWS) {
        const intptr_t column = 2 * (k + i), offset = row + column * step;
        if (step >= WHOLE && column + 2 < a->depth && i + 1 < depth)
            for (int r = 0; r < WHOLE; r += LANES)
                vf_store(buffer + r, KERNEL(words_across)(a, is_float, offset + r, step, true, LANES));
        else
            for (intptr_t r = 0; r < rows; ++r)
                buffer[r] = KERNEL(word)(a, offset + r, step, column + 1 < a->depth);
    }
}

static void KERNEL(fill_pairs_by_columns)(const void *source, intptr_t row, intptr_t rows, intptr_t k, intptr_t depth,
                                          float *buffer) {
    const sb_pair_matrix *a = source;
    if (a->is_float) KERNEL(fill_pair_columns)(a, true, row, rows, k, depth, buffer);
    else KERNEL(fill_pair_columns)(a, false, row, rows, k, depth, buffer);
}

sb_left left_pairs(const sb_pair_matrix *matrix) {
    const bool by_columns = matrix->row_stride == 1 && matrix->column_stride != 1;
    return (sb_left){.fill = by_columns ? KERNEL(fill_pairs_by_columns) : KERNEL(fill_pairs_by_rows), .source = matrix,
                     .by_columns = by_columns || (ROWS_TO_COLUMNS && matrix->column_stride == 1), .pairs = true};
}

// MARK: Product

#undef tile_element
#undef TILE_ELEMENT
#undef MULTIPLY_ADD
#undef ADD_LANE
#undef TILE_FOR
#define tile_element vi
#define TILE_ELEMENT(p) pair_at(p)
#define MULTIPLY_ADD(sum, a, b) add_products(sum, a, b)
#define TILE_FOR pair_tile
#ifdef pairs_add_lane
#define ADD_LANE pairs_add_lane
#endif
#include "matmul_tile.h"

#undef INLINE

#endif
