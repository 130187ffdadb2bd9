#define SOURCE "memory/copy.c"
#include "foundation/blocks.h"
#include "copy.h"
#include "foundation/loop.h"
#include "foundation/per_isa.h"

#ifdef ISA_PASS

#include "foundation/blocks.h"
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/vector_transpose.h"

/// Converts by way of the type that x computes in; dense elements of that very type are read in place.
static void KERNEL(convert_range)(void *context, intptr_t start, intptr_t end) {
    const sb_loop *loop = context;
    const int from = loop->dtype[1], to = loop->dtype[0], compute = sb_compute_type(from);
    const bool in_place = from == compute && loop->steps[1][0] == loop->size[1];
    sb_block block;
    sb_cursor cursor;
    sb_cursor_seek(loop, start, &cursor);
    while (start < end) {
        intptr_t count = sb_cursor_run(loop, &cursor);
        if (count > end - start) count = end - start;
        if (count > BLOCK) count = BLOCK;
        if (!in_place) load_block(from, cursor.data[1], loop->steps[1][0], &block, count);
        store_block(compute, in_place ? (void *)cursor.data[1] : &block, to, cursor.data[0], loop->steps[0][0], count);
        sb_cursor_advance(loop, count, &cursor);
        start += count;
    }
}

static void KERNEL(move_range)(void *context, intptr_t start, intptr_t end) {
    const sb_loop *loop = context;
    const int size = loop->size[0];
    const bool dense_rows = loop->steps[0][0] == size && loop->steps[1][0] == size;
    const intptr_t row = loop->shape[0];
    sb_cursor cursor;
    sb_cursor_seek(loop, start, &cursor);
    for (intptr_t count; start < end; start += count) {
        const intptr_t rest = end - start, rows = dense_rows ? sb_cursor_rows(loop, &cursor, rest) : 0;
        if (rows > 1) {
            move_rows(cursor.data[1], loop->steps[1][1], cursor.data[0], loop->steps[0][1], row * size, rows);
            count = rows * row;
            sb_cursor_advance_rows(loop, rows, &cursor);
        } else {
            count = sb_cursor_run(loop, &cursor);
            if (count > rest) count = rest;
            move_block(size, cursor.data[1], loop->steps[1][0], cursor.data[0], loop->steps[0][0], count);
            sb_cursor_advance(loop, count, &cursor);
        }
    }
}

// A transpose: y is dense along one dimension, its columns, and x along another, its rows. Both are cut into tiles that
// fit in L1, so that every cache line is fetched once.

typedef struct {
    sb_loop tiles;           // over the first elements of all tiles: operand 0 is y, 1 is x
    intptr_t size[2];        // columns and rows in all
    intptr_t tile[2];        // columns and rows of a tile
    intptr_t y_step, x_step; // bytes between rows of y, between columns of x
    bool in_squares;         // of LANES × LANES elements of four bytes
    bool streamed;           // see lanes.h
} KERNEL(transpose_plan);

/// Goes along x or y, whichever has the larger steps across: these are often powers of two, where few cache lines can
/// be kept, so each line is read or written as a whole. A side of a few elements is never the inner loop.
#define TRANSPOSE(type) \
    case sizeof(type): \
        if (rows >= columns || (rows >= SIDE && x_step >= y_step)) \
            for (intptr_t c = 0; c < columns; ++c) \
                _Pragma("clang loop vectorize(disable) unroll_count(8)") for (intptr_t r = 0; r < rows; ++r) \
                    ((type *)(y + r * y_step))[c] = ((const type *)(x + c * x_step))[r]; \
        else \
            for (intptr_t r = 0; r < rows; ++r) \
                _Pragma("clang loop vectorize(disable) unroll_count(8)") for (intptr_t c = 0; c < columns; ++c) \
                    ((type *)(y + r * y_step))[c] = ((const type *)(x + c * x_step))[r]; \
        break;

static void KERNEL(transpose_tile)(
    int size, const char *restrict x, intptr_t x_step, char *restrict y, intptr_t y_step, intptr_t rows,
    intptr_t columns) {
    enum { SIDE = 16 };
    switch (size) {
        TRANSPOSE(uint8_t)
        TRANSPOSE(uint16_t)
        TRANSPOSE(uint32_t)
        TRANSPOSE(uint64_t)
    }
}

/// As transpose_tile, for elements of four bytes: in squares, which are transposed in registers.
static void KERNEL(transpose_squares)(
    const float *x, intptr_t x_step, float *y, intptr_t y_step, intptr_t rows, intptr_t columns, bool streamed) {
    for (intptr_t c = 0; c < columns; c += LANES)
        for (intptr_t r = 0; r < rows; r += LANES) {
            const intptr_t high = rows - r < LANES ? rows - r : LANES;
            vf square[LANES];
            gather_lines(x + c * x_step + r, x_step, columns - c, high, rows, square);
            for (intptr_t k = 0; k < high; ++k)
                vf_store_result(y + (r + k) * y_step + c, square[k], columns - c, streamed);
        }
}

static void KERNEL(transpose_range)(void *context, intptr_t start, intptr_t end) {
    const KERNEL(transpose_plan) *plan = context;
    sb_cursor cursor;
    sb_cursor_seek(&plan->tiles, start, &cursor);
    for (; start < end; ++start) {
        intptr_t sides[2];
        for (int d = 0; d < 2; ++d) {
            const intptr_t rest = plan->size[d] - cursor.index[d] * plan->tile[d];
            sides[d] = rest < plan->tile[d] ? rest : plan->tile[d];
        }
        if (plan->in_squares)
            KERNEL(transpose_squares)(
                (const float *)cursor.data[1], plan->x_step / 4, (float *)cursor.data[0], plan->y_step / 4, sides[1],
                sides[0], plan->streamed);
        else
            KERNEL(transpose_tile)(
                plan->tiles.size[0], cursor.data[1], plan->x_step, cursor.data[0], plan->y_step, sides[1], sides[0]);
        sb_cursor_advance(&plan->tiles, 1, &cursor);
    }
    if (plan->streamed) end_of_stream();
}

/// The dimension along which x is dense while y is dense along the innermost one; -1 if there is no such.
static int KERNEL(transposed_dimension)(const sb_loop *loop) {
    if (loop->steps[0][0] != loop->size[0] || loop->steps[1][0] == loop->size[1]) return -1;
    for (int d = 1; d < loop->rank; ++d)
        if (loop->steps[1][d] == loop->size[1]) return d;
    return -1;
}

static void KERNEL(swap)(sb_loop *loop, int a, int b) {
    const intptr_t size = loop->shape[a];
    loop->shape[a] = loop->shape[b];
    loop->shape[b] = size;
    for (int k = 0; k < loop->operands; ++k) {
        const intptr_t step = loop->steps[k][a];
        loop->steps[k][a] = loop->steps[k][b];
        loop->steps[k][b] = step;
    }
}

/// Whether whole cache lines of y can be written past the caches: those of squares in the widest vectors.
static bool KERNEL(streams_lines)(const sb_loop *y) {
    enum { LINE = 64 };
    bool aligned = VECTOR_BYTES == LINE && (uintptr_t)y->data[0] % LINE == 0 && y->shape[0] % LANES == 0;
    for (int d = 1; d < y->rank; ++d) aligned = aligned && y->steps[0][d] % LINE == 0;
    return aligned && y->count * y->size[0] >= STREAMED_BYTES;
}

static void KERNEL(transpose)(const sb_loop *loop, int dimension) {
    enum { SIDE = 16, AREA = 1024, AREA_IN_SQUARES = 4096, ELEMENTS_AT_ONCE = 32 * 1024 };
    KERNEL(transpose_plan) plan;
    plan.tiles = *loop;
    KERNEL(swap)(&plan.tiles, 1, dimension);
    plan.y_step = plan.tiles.steps[0][1];
    plan.x_step = plan.tiles.steps[1][0];
    plan.in_squares = loop->size[0] == 4 && plan.tiles.shape[0] >= LANES && plan.tiles.shape[1] >= LANES;
    plan.streamed = plan.in_squares && KERNEL(streams_lines)(loop);
    const intptr_t side = plan.in_squares ? 4 * SIDE : SIDE, area = plan.in_squares ? AREA_IN_SQUARES : AREA;
    plan.tiles.count = 1;
    for (int d = 0; d < plan.tiles.rank; ++d) {
        const intptr_t size = plan.tiles.shape[d];
        if (d < 2) {
            // A tile is longer along one side where the array is thin along the other.
            const intptr_t other = plan.tiles.shape[1 - d], thin = d ? plan.tile[0] : other < side ? other : side;
            plan.size[d] = size;
            plan.tile[d] = size < area / thin ? size : area / thin;
            plan.tiles.shape[d] = (size + plan.tile[d] - 1) / plan.tile[d];
            for (int k = 0; k < 2; ++k) plan.tiles.steps[k][d] *= plan.tile[d];
        }
        plan.tiles.count *= plan.tiles.shape[d];
    }
    sb_parallel_ranges(plan.tiles.count, ELEMENTS_AT_ONCE / area, KERNEL(transpose_range), &plan);
}

static void KERNEL(copy)(const sb_array *const *arrays) {
    enum { PIECE = 64 * 1024 };
    sb_loop loop;
    sb_plan_loop(&loop, 2, arrays);
    if (!loop.count) return;
    const bool same_type = arrays[0]->dtype == arrays[1]->dtype;
    const int dimension = same_type ? KERNEL(transposed_dimension)(&loop) : -1;
    if (dimension > 0) KERNEL(transpose)(&loop, dimension);
    else sb_parallel_ranges(loop.count, PIECE, same_type ? KERNEL(move_range) : KERNEL(convert_range), &loop);
}

typedef struct {
    sb_loop loop;
    sb_block block;   // the value, many times, in y's type
} KERNEL(fill_plan);

static void KERNEL(fill_range)(void *context, intptr_t start, intptr_t end) {
    const KERNEL(fill_plan) *plan = context;
    const int size = plan->loop.size[0];
    sb_cursor cursor;
    sb_cursor_seek(&plan->loop, start, &cursor);
    while (start < end) {
        intptr_t count = sb_cursor_run(&plan->loop, &cursor);
        if (count > end - start) count = end - start;
        if (count > BLOCK) count = BLOCK;
        move_block(size, &plan->block, size, cursor.data[0], plan->loop.steps[0][0], count);
        sb_cursor_advance(&plan->loop, count, &cursor);
        start += count;
    }
}

static void KERNEL(fill)(const sb_array *y, double value, int64_t integer) {
    enum { PIECE = 64 * 1024 };
    KERNEL(fill_plan) plan;
    sb_plan_loop(&plan.loop, 1, &y);
    const bool is_integer = sb_compute_type(y->dtype) == SB_INT64;
    const intptr_t size = plan.loop.size[0], count = plan.loop.count < BLOCK ? plan.loop.count : BLOCK;
    if (!count) return;
    char *block = (char *)&plan.block;
    store_block(is_integer ? SB_INT64 : SB_FLOAT64, is_integer ? (void *)&integer : &value, y->dtype, block, size, 1);
    move_block((int)size, block, 0, block + size, size, count - 1);
    sb_parallel_ranges(plan.loop.count, PIECE, KERNEL(fill_range), &plan);
}

#else

void sb_copy(const sb_array *x, const sb_array *y) { DISPATCH(copy, (const sb_array *const[]){y, x}); }

void sb_fill(const sb_array *y, double value, int64_t integer) { DISPATCH(fill, y, value, integer); }

#endif
