// How batch normalization walks over [rows, channels] to sum columns: a piece of rows is read a block at a time, which
// lies in the first-level cache, so that it may be read twice. Include before per_isa.h and again inside a pass.
#ifndef SB_BATCH_NORMALIZATION_BLOCKS_H
#define SB_BATCH_NORMALIZATION_BLOCKS_H

#include "matmul.h"
#include "foundation/pieces.h"

enum { NORM_BLOCK_ELEMENTS = 4096, NORM_PIECES = 64 };

static inline sb_pieces sb_norm_pieces(intptr_t rows, intptr_t channels) {
    return sb_cut(rows, channels, 4 * NORM_BLOCK_ELEMENTS, NORM_PIECES);
}

static inline intptr_t sb_norm_block_rows(intptr_t channels) {
    const intptr_t rows = NORM_BLOCK_ELEMENTS / channels;
    return rows < 8 ? 8 : rows > 256 ? 256 : rows;
}

#endif

#ifdef ISA_PASS

#undef COLUMNS
#undef EACH
#undef EACH_WIDTH
#undef column_count
#define column_count KERNEL(column_count)

// Column sums are taken over this many columns at once, so that an addition need not wait for the one before it.
#define COLUMNS (4 * LANES)
#define EACH(v, vectors) _Pragma("clang loop unroll(full)") for (int v = 0; v < (vectors); ++v)

/// How many columns to sum next when `left` are left: as many whole vectors as there are, or a part of one.
static inline intptr_t column_count(intptr_t left) {
    return left >= COLUMNS ? COLUMNS : left < LANES ? left : left / LANES * LANES;
}

/// function(vectors, columns in the last of them) for `count` columns, with a constant number of vectors.
#define EACH_WIDTH(function, count, ...) \
    switch ((count) / LANES) { \
    case 4: function(4, LANES, __VA_ARGS__); break; \
    case 3: function(3, LANES, __VA_ARGS__); break; \
    case 2: function(2, LANES, __VA_ARGS__); break; \
    case 1: function(1, LANES, __VA_ARGS__); break; \
    default: function(1, count, __VA_ARGS__); \
    }

#endif
