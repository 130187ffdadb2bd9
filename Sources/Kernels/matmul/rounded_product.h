// Small matrix products as in tile_product.h, of floats that are rounded to bfloat16. Include foundation/convert.h and
// foundation/denormals.h, and this inside an ISA pass, after vector.h and lanes.h, in a file that names avx512bf16 in
// AVX512_ALSO.

#include "pair_words.h"

#undef product
#undef word_product
#undef product_element
#undef PRODUCT_ELEMENT
#undef PRODUCT_ADD
#undef PRODUCT_ADD_LANE
#define word_product KERNEL(word_product)
#define product word_product
#define product_element vi
#define PRODUCT_ELEMENT(p) pair_at(p)
#define PRODUCT_ADD(sum, element, b) add_products(sum, element, b)
#ifdef pairs_add_lane
#define PRODUCT_ADD_LANE pairs_add_lane
#endif
#include "tile_product.h"
#undef product

#ifndef SB_ROUNDED_PRODUCT_H
#define SB_ROUNDED_PRODUCT_H
// Of what is rounded at a time: rows of a, words along the depth, and vectors of b.
enum { ROUNDED_ROWS = 64, ROUNDED_WORDS = 32, ROUNDED_VECTORS = 8 };
#endif

// One word of elements that lie `step` apart.
static inline float KERNEL(word_at)(const float *a, intptr_t step, bool whole) {
    const uint32_t high = whole ? (uint32_t)bfloat_of_float(a[step]) << 16 : 0;
    return float_of_bits(bfloat_of_float(*a) | high);
}

// Words of `depth` elements that lie side by side, of each of `rows` rows: row after row, ROUNDED_WORDS apart.
static inline void KERNEL(round_rows)(intptr_t rows, intptr_t depth, const float *a, intptr_t row, float *words) {
    for (intptr_t r = 0; r < rows; ++r, a += row, words += ROUNDED_WORDS) {
        intptr_t k = 0;
        for (; k + 2 * LANES <= depth; k += 2 * LANES) vf_store(words + k / 2, words_of_floats(a + k));
        for (; k < depth; k += 2) words[k / 2] = KERNEL(word_at)(a + k, 1, k + 1 < depth);
    }
}

// The same of rows that lie side by side (if `row` is 1) or anywhere: word after word, ROUNDED_ROWS apart.
static inline void KERNEL(round_columns)(intptr_t rows, intptr_t depth, const float *a, intptr_t row, intptr_t step,
                                         float *words) {
    for (intptr_t k = 0; k < depth; k += 2, a += 2 * step, words += ROUNDED_ROWS) {
        const bool whole = k + 1 < depth;
        for (intptr_t r = 0; r < rows && row != 1; ++r) words[r] = KERNEL(word_at)(a + r * row, step, whole);
        if (row != 1) continue;
        FOR_LANES(r, count, rows) {
            const vu high = whole ? rounded_highs(vf_load_or(a + step + r, count, 0)) : (vu){0};
            vf_store(words + r, (vf)(rounded_highs(vf_load_or(a + r, count, 0)) >> 16 | high));
        }
    }
}

// Words of rows k and k + 1 of b.
static inline void KERNEL(round_right)(intptr_t depth, intptr_t vectors, const float *b, intptr_t step, float *words) {
    for (intptr_t k = 0; k < depth; k += 2, b += 2 * step, words += ROUNDED_VECTORS * LANES)
        for (intptr_t i = 0; i < vectors * LANES; i += LANES) {
            const vu high = k + 1 < depth ? rounded_highs(vf_load(b + step + i)) : (vu){0};
            vf_store(words + i, (vf)(rounded_highs(vf_load(b + i)) >> 16 | high));
        }
}

#define product KERNEL(product)
static void product(intptr_t rows, intptr_t vectors, intptr_t depth, const float *a, intptr_t a_row, intptr_t a_step,
                    const float *b, intptr_t b_step, float *c, intptr_t c_step, bool add) {
    const uint64_t mode = sb_flush_denormals();
    _Alignas(64) float left[ROUNDED_WORDS * ROUNDED_ROWS], right[ROUNDED_WORDS * ROUNDED_VECTORS * LANES];
    for (intptr_t first = 0; first < vectors; first += ROUNDED_VECTORS) {
        const intptr_t columns = vectors - first < ROUNDED_VECTORS ? vectors - first : ROUNDED_VECTORS;
        for (intptr_t k = 0; k == 0 || k < depth; k += 2 * ROUNDED_WORDS) {
            const intptr_t part = depth - k < 2 * ROUNDED_WORDS ? depth - k : 2 * ROUNDED_WORDS;
            KERNEL(round_right)(part, columns, b + k * b_step + first * LANES, b_step, right);
            for (intptr_t row = 0; row < rows; row += ROUNDED_ROWS) {
                const intptr_t some = rows - row < ROUNDED_ROWS ? rows - row : ROUNDED_ROWS;
                const float *from = a + row * a_row + k * a_step;
                if (a_step == 1) KERNEL(round_rows)(some, part, from, a_row, left);
                else KERNEL(round_columns)(some, part, from, a_row, a_step, left);
                word_product(some, columns, (part + 1) / 2, left, a_step == 1 ? ROUNDED_WORDS : 1,
                             a_step == 1 ? 1 : ROUNDED_ROWS, right, ROUNDED_VECTORS * LANES,
                             c + row * c_step + first * LANES, c_step, add || k > 0);
            }
        }
    }
    sb_restore_denormals(mode);
}
