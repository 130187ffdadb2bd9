// The register tiles of the matrix core, for one kind of element. Include inside an ISA pass, after matmul_core.h and
// lanes.h, with these macros:
//
//     tile_element               what an element of the left operand is in a register
//     TILE_ELEMENT(p)            the element that the float at p holds
//     MULTIPLY_ADD(sum, a, b)    sum + the product of an element and a vector of a panel
//     ADD_LANE(sum, a, lane, b)  the same for one of the elements that a vector holds; not on every processor
//     TILE_FOR                   the function that gives the tile for a layout

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

#ifdef ADD_LANE
// One element's products, if the tile has its row. What is `const` is a constant after inlining, here and below.
INLINE void KERNEL(add_lane)(const int row, const int rows, const int vectors, vf four, const int lane, vf b0, vf b1,
                             vf (*sum)[2]) {
    if (row >= rows) return;
    switch (lane) {   // the instruction takes a constant
#define LANE(l) \
    case l: \
        sum[row][0] = ADD_LANE(sum[row][0], four, l, b0); \
        if (vectors > 1) sum[row][1] = ADD_LANE(sum[row][1], four, l, b1); \
        break;
        LANE(0) LANE(1) LANE(2) LANE(3)
#undef LANE
    }
}

// The products of one row of the panel with elements that lie side by side, one for each row of the tile.
INLINE void KERNEL(add_row)(const int rows, const int vectors, const float *a, const float *b, vf (*sum)[2]) {
    const vf b0 = vf_load(b), b1 = vectors > 1 ? vf_load(b + LANES) : b0;
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r += 4) {
        const vf four = vf_load(a + r);
#pragma clang loop unroll(full)
        for (int lane = 0; lane < 4; ++lane) KERNEL(add_lane)(r + lane, rows, vectors, four, lane, b0, b1, sum);
    }
}

// Those of two rows of the panel with two elements of each row of the tile, which lie side by side.
INLINE void KERNEL(add_two_rows)(const int rows, const int vectors, const float *const *thirds, intptr_t a_row, const float *b,
                                 intptr_t b_row, vf (*sum)[2]) {
    const vf b0 = vf_load(b), b1 = vectors > 1 ? vf_load(b + LANES) : b0;
    const vf c0 = vf_load(b + b_row), c1 = vectors > 1 ? vf_load(b + b_row + LANES) : c0;
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) {
        const vf two = vcombine_f32(vld1_f32(thirds[r / 3] + r % 3 * a_row), vdup_n_f32(0));
        KERNEL(add_lane)(r, rows, vectors, two, 0, b0, b1, sum);
        KERNEL(add_lane)(r, rows, vectors, two, 1, c0, c1, sum);
    }
}

// As many products of a run as elements lie side by side for; returns how many along the depth. What is left begins at
// `thirds`.
INLINE intptr_t KERNEL(add_run)(const int rows, const int vectors, const sb_tile_layout layout, const sb_windows *a,
                                intptr_t a_row, intptr_t a_column, const float *from, const float **thirds, const float *b,
                                intptr_t b_row, vf (*sum)[2]) {
    intptr_t i = 0;
    // The buffer ends behind the last rows, but what is read in place might end with them.
    if (layout == BY_COLUMNS || (layout == IN_PLACE && a_row == 1 && rows % 4 == 0)) {
        for (; i < a->run; ++i, b += b_row, from += a_column) KERNEL(add_row)(rows, vectors, from, b, sum);
        return i;
    }
    for (; a_column == 1 && i + 2 <= a->run; i += 2, b += 2 * b_row) {
        KERNEL(add_two_rows)(rows, vectors, thirds, a_row, b, b_row, sum);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r += 3) thirds[r / 3] += 2;
    }
    return i;
}
#endif

// A register tile of rows × (vectors · LANES). The first three arguments are constants after inlining. Every third row has
// a pointer, and the two after it lie once and twice the distance of rows further, which an address can say: pointers to all
// rows would not fit into the registers.
INLINE void KERNEL(tile)(const int rows, const int vectors, const sb_tile_layout layout, const sb_windows *a,
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
        intptr_t done = 0;
#ifdef ADD_LANE
        done = KERNEL(add_run)(rows, vectors, layout, a, a_row, a_column, from, thirds, b, b_row, sum);
        b += done * b_row;
#endif
        for (intptr_t i = done; i < a->run; ++i, b += b_row) {
            const vf b0 = vf_load(b), b1 = vectors > 1 ? vf_load(b + LANES) : b0;
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; ++r) {
                const tile_element element = TILE_ELEMENT(thirds[r / 3] + r % 3 * a_row);
                sum[r][0] = MULTIPLY_ADD(sum[r][0], element, b0);
                if (vectors > 1) sum[r][1] = MULTIPLY_ADD(sum[r][1], element, b1);
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

INLINE void KERNEL(any_tile)(int rows, const sb_tile_layout layout, const sb_windows *a, const float *b,
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

sb_register_tile *TILE_FOR(sb_tile_layout layout) {
    switch (layout) {
        case BY_ROWS: return KERNEL(tile_by_rows);
        case BY_COLUMNS: return KERNEL(tile_by_columns);
        case IN_PLACE: return KERNEL(tile_in_place);
    }
}

#undef TILE
#undef TILE_FUNCTION
