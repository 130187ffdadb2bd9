// Small matrix products whose operands lie in the first-level caches. Include inside an ISA pass, after vector.h.
//
//     product: c[row, ·] (+)= Σ over k of a[row, k] · b[k, ·]
//
// An element of a meets a row of b, so the result's columns are the lanes: c and b have rows of `vectors` vectors.
// The elements of a may lie at any distance, `a_row` from row to row and `a_step` along a row: a transposed is as good.
//
// With these macros, elements are words of two bfloat16 numbers instead:
//
//     product_element, PRODUCT_ELEMENT(p)     an element of a in a register: its type, and the one that the float at p holds
//     PRODUCT_ADD(sum, element, b)            sum + the product of an element and a vector of b
//     PRODUCT_ADD_LANE(sum, a, lane, b)       the same for one of the elements that a vector holds; not on every processor
//     product                                 the name of the function

#ifndef PRODUCT_ADD
#undef product
#undef product_element
#undef PRODUCT_ELEMENT
#define product KERNEL(product)
#define product_element vf
#define PRODUCT_ELEMENT(p) vf_set(*(p))
#define PRODUCT_ADD(sum, element, b) ((sum) + (element) * (b))
#undef PRODUCT_ADD_LANE
#ifdef vf_add_lane
#define PRODUCT_ADD_LANE vf_add_lane
#endif
#endif

#undef TILE_ROWS
#undef TILE_VECTORS
#undef tile_sum
#undef tile_product
#undef PRODUCT_CASE

// The largest tile of results that stays in registers.
#define TILE_ROWS 4
#define TILE_VECTORS (VECTOR_REGISTERS / 8)

/// sum[rows, vectors] += the product; with constant rows and vectors the sums stay in registers. A caller that hands
/// `sum` on to a function that is not inlined must hand on a copy, or they will not.
#define tile_sum KERNEL(tile_sum)
static inline __attribute__((always_inline)) void tile_sum(const int rows, const int vectors, intptr_t depth,
                                                           const float *a, intptr_t a_row, intptr_t a_step,
                                                           const float *b, intptr_t b_step, vf *sum) {
    intptr_t k = 0;
#ifdef PRODUCT_ADD_LANE
// Row k + l of b times element l of each of the `fours`.
#define ADD_LANE_OF_FOURS(l) \
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; ++v) { \
        const vf column = vf_load(b + (k + l) * b_step + v * LANES); \
        _Pragma("clang loop unroll(full)") for (int row = 0; row < rows; ++row) \
            sum[row * vectors + v] = PRODUCT_ADD_LANE(sum[row * vectors + v], fours[row], l, column); \
    }
    for (; a_row == 1 && rows == 4 && k < depth; ++k) {
        const vf four = vf_load(a + k * a_step);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; ++v) {
            const vf column = vf_load(b + k * b_step + v * LANES);
            sum[v] = PRODUCT_ADD_LANE(sum[v], four, 0, column);
            sum[vectors + v] = PRODUCT_ADD_LANE(sum[vectors + v], four, 1, column);
            sum[2 * vectors + v] = PRODUCT_ADD_LANE(sum[2 * vectors + v], four, 2, column);
            sum[3 * vectors + v] = PRODUCT_ADD_LANE(sum[3 * vectors + v], four, 3, column);
        }
    }
    for (; a_step == 1 && k + 4 <= depth; k += 4) {
        vf fours[8];
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; ++row) fours[row] = vf_load(a + row * a_row + k);
        ADD_LANE_OF_FOURS(0) ADD_LANE_OF_FOURS(1) ADD_LANE_OF_FOURS(2) ADD_LANE_OF_FOURS(3)
    }
#undef ADD_LANE_OF_FOURS
#endif
    for (; k < depth; ++k) {
        vf columns[8];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; ++v) columns[v] = vf_load(b + k * b_step + v * LANES);
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; ++row) {
            const product_element element = PRODUCT_ELEMENT(a + row * a_row + k * a_step);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; ++v) sum[row * vectors + v] = PRODUCT_ADD(sum[row * vectors + v], element, columns[v]);
        }
    }
}

#define tile_product KERNEL(tile_product)
static inline __attribute__((always_inline)) void tile_product(const int rows, const int vectors, intptr_t depth,
                                                               const float *a, intptr_t a_row, intptr_t a_step,
                                                               const float *b, intptr_t b_step, float *c,
                                                               intptr_t c_step, bool add) {
    vf sum[TILE_ROWS * TILE_VECTORS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows * vectors; ++i)
        sum[i] = add ? vf_load(c + i / vectors * c_step + i % vectors * LANES) : (vf){0};
    tile_sum(rows, vectors, depth, a, a_row, a_step, b, b_step, sum);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows * vectors; ++i) vf_store(c + i / vectors * c_step + i % vectors * LANES, sum[i]);
}

#define PRODUCT_CASE(r, v) \
    case r * 8 + v: tile_product(r, v, depth, a_tile, a_row, a_step, b_tile, b_step, c_tile, c_step, add); break;

/// `add` keeps what c holds; otherwise c is overwritten.
static inline void product(intptr_t rows, intptr_t vectors, intptr_t depth, const float *a, intptr_t a_row,
                           intptr_t a_step, const float *b, intptr_t b_step, float *c, intptr_t c_step, bool add) {
    for (intptr_t first = 0; first < vectors; first += TILE_VECTORS) {
        const int tile_vectors = vectors - first < TILE_VECTORS ? (int)(vectors - first) : TILE_VECTORS;
        const float *b_tile = b + first * LANES;
        for (intptr_t row = 0; row < rows; row += TILE_ROWS) {
            const int tile_rows = rows - row < TILE_ROWS ? (int)(rows - row) : TILE_ROWS;
            const float *a_tile = a + row * a_row;
            float *c_tile = c + row * c_step + first * LANES;
            switch (tile_rows * 8 + tile_vectors) {
                PRODUCT_CASE(1, 1) PRODUCT_CASE(2, 1) PRODUCT_CASE(3, 1) PRODUCT_CASE(4, 1)
                PRODUCT_CASE(1, 2) PRODUCT_CASE(2, 2) PRODUCT_CASE(3, 2) PRODUCT_CASE(4, 2)
#if TILE_VECTORS > 2
                PRODUCT_CASE(1, 3) PRODUCT_CASE(2, 3) PRODUCT_CASE(3, 3) PRODUCT_CASE(4, 3)
                PRODUCT_CASE(1, 4) PRODUCT_CASE(2, 4) PRODUCT_CASE(3, 4) PRODUCT_CASE(4, 4)
#endif
            }
        }
    }
}

#undef PRODUCT_ADD
