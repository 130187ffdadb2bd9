// The register tiles of the matrix core, for one kind of element. Include inside an ISA pass, after matmul_core.h and
// lanes.h, with these macros:
//
//     tile_element               what an element of the left operand is in a register
//     TILE_ELEMENT(p)            the element that the float at p holds
//     MULTIPLY_ADD(sum, a, b)    sum + the product of an element and a vector of a panel
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
        for (intptr_t i = 0; i < a->run; ++i, b += b_row) {
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
