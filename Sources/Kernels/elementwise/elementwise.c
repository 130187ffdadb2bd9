#define SOURCE "elementwise/elementwise.c"
#include "elementwise.h"
#include "elementwise_map.h"
#include "foundation/per_isa.h"

#ifdef ISA_PASS

#include "foundation/blocks.h"
#include "elementwise_map.h"

/// Bytes of an element of operand k while it is computed with.
static int KERNEL(element_size)(const sb_map *map, int k) {
    return map->compute == MAP_UNCONVERTED ? map->loop.size[k] : sb_element_size(map->compute);
}

static bool KERNEL(is_native)(const sb_map *map, int k) {
    return map->compute == MAP_UNCONVERTED || map->loop.dtype[k] == map->compute;
}

/// Whether a kernel may work on the operand's own memory for the next `count` elements.
static bool KERNEL(is_direct)(const sb_map *map, const sb_cursor *cursor, int k, intptr_t count) {
    if (!KERNEL(is_native)(map, k)) return false;
    if (map->loop.dense[k]) return true;
    return map->loop.steps[k][0] == map->loop.size[k] && count <= sb_cursor_run(&map->loop, cursor);
}

/// Whether the operand's innermost loops are whole vectors of elements side by side. Only such are moved as they are: when
/// a kernel loads a vector of which two stores have just brought the parts, it waits for these to reach the cache.
static bool KERNEL(has_rows_of_vectors)(const sb_map *map, int k) {
    return KERNEL(is_native)(map, k) && map->loop.steps[k][0] == map->loop.size[k] &&
           map->loop.shape[0] * map->loop.size[k] % VECTOR_BYTES == 0;
}

/// Runs shorter than this are gathered into blocks across the outer loops: short ones, where that has to be done run by
/// run, longer ones where it can be done a vector at a time, and where operands are dense or repeat rows or elements.
static intptr_t KERNEL(short_run)(const sb_map *map) {
    const sb_loop *loop = &map->loop;
    intptr_t shortest = 128;
    for (int k = 0; k < loop->operands; ++k) {
        const bool repeats = loop->rank > 1 && (loop->steps[k][0] == 0 || loop->steps[k][1] == 0);
        if (loop->dense[k] || repeats) continue;
        if (!KERNEL(has_rows_of_vectors)(map, k)) return 32;
        shortest = 64;
    }
    return shortest;
}

/// How many elements to do next: a whole run where nothing needs to pass through a block.
static intptr_t KERNEL(next_length)(const sb_map *map, const sb_cursor *cursor, intptr_t remaining) {
    intptr_t run = sb_cursor_run(&map->loop, cursor);
    if (map->loop.shape[0] < map->short_run && run < remaining) return remaining < BLOCK ? remaining : BLOCK;
    if (run > remaining) run = remaining;
    if (run <= BLOCK) return run;
    for (int k = 0; k < map->loop.operands; ++k) {
        const bool repeats = k > 0 && map->loop.steps[k][0] == 0;
        if (!repeats && !KERNEL(is_direct)(map, cursor, k, run)) return BLOCK;
    }
    return run;
}

static void KERNEL(load)(const sb_map *map, int k, const void *from, intptr_t step, void *to, intptr_t count) {
    if (map->compute == MAP_UNCONVERTED) move_block(map->loop.size[k], from, step, to, map->loop.size[k], count);
    else load_block(map->loop.dtype[k], from, step, to, count);
}

static void KERNEL(store)(const sb_map *map, const void *from, void *to, intptr_t step, intptr_t count) {
    const int size = map->loop.size[0];
    if (map->compute == MAP_UNCONVERTED) move_block(size, from, size, to, step, count);
    else store_block(map->compute, from, map->loop.dtype[0], to, step, count);
}

/// The same row over and over, from where the cursor stands in it.
static void KERNEL(gather_repeated_row)(const sb_map *map, const sb_cursor *cursor, int k, char *to, intptr_t count) {
    const intptr_t step = map->loop.steps[k][0], row = map->loop.shape[0], before = cursor->index[0];
    const int size = KERNEL(element_size)(map, k);
    KERNEL(load)(map, k, cursor->data[k], step, to, row - before);
    KERNEL(load)(map, k, cursor->data[k] - before * step, step, to + (row - before) * size, before);
    for (intptr_t done = row; done < count; done *= 2)
        memcpy(to + done * size, to, (size_t)((done < count - done ? done : count - done) * size));
}

#define REPEAT(type) \
    case sizeof(type): \
        for (const type *from = (const type *)&elements; rest > 0; ++from, run = map->loop.shape[0]) { \
            if (run > rest) run = rest; \
            for (intptr_t i = 0; i < run; ++i) ((type *)to)[i] = *from; \
            to += run * (intptr_t)sizeof(type); \
            rest -= run; \
        } \
        break;

/// One element for each row, over and over.
static void KERNEL(gather_repeated_elements)(
    const sb_map *map, const sb_cursor *cursor, int k, char *to, intptr_t count) {
    const intptr_t row = map->loop.shape[0], rows = (cursor->index[0] + count + row - 1) / row;
    intptr_t run = sb_cursor_run(&map->loop, cursor), rest = count;
    sb_block elements;
    KERNEL(load)(map, k, cursor->data[k], map->loop.steps[k][1], &elements, rows);
    switch (KERNEL(element_size)(map, k)) {
        REPEAT(uint8_t)
        REPEAT(uint16_t)
        REPEAT(uint32_t)
        REPEAT(uint64_t)
    }
}

/// Moves `count` elements between operand k and a block, to the block if `gathers`: several rows at once where they may be
/// moved as they are, else run by run. `cursor` is a copy.
static inline void KERNEL(move_runs)(
    const bool gathers, const sb_map *map, sb_cursor cursor, int k, char *block, intptr_t count) {
    const sb_loop *loop = &map->loop;
    const int size = KERNEL(element_size)(map, k);
    const intptr_t row = loop->shape[0] * size, step = loop->steps[k][0];
    const bool of_vectors = KERNEL(has_rows_of_vectors)(map, k);
    for (intptr_t run; count > 0; count -= run, block += run * size) {
        const intptr_t rows = of_vectors ? sb_cursor_rows(loop, &cursor, count) : 0;
        char *place = cursor.data[k];
        if (rows > 0) {
            const intptr_t below = loop->steps[k][1];
            if (gathers) move_rows(place, below, block, row, row, rows);
            else move_rows(block, row, place, below, row, rows);
            sb_cursor_advance_rows(loop, rows, &cursor);
            run = rows * loop->shape[0];
        } else {
            run = sb_cursor_run(loop, &cursor);
            if (run > count) run = count;
            if (gathers) KERNEL(load)(map, k, place, step, block, run);
            else KERNEL(store)(map, block, place, step, run);
            sb_cursor_advance(loop, run, &cursor);
        }
    }
}

/// The next `count` elements of operand k, at most BLOCK.
static void KERNEL(gather)(const sb_map *map, const sb_cursor *cursor, int k, char *to, intptr_t count) {
    const sb_loop *loop = &map->loop;
    const bool in_plane =
        loop->rank > 1 && cursor->index[0] + count <= loop->shape[0] * (loop->shape[1] - cursor->index[1]);
    if (loop->dense[k]) KERNEL(load)(map, k, cursor->data[k], loop->size[k], to, count);
    else if (in_plane && loop->steps[k][1] == 0 && loop->shape[0] <= count)
        KERNEL(gather_repeated_row)(map, cursor, k, to, count);
    else if (in_plane && loop->steps[k][0] == 0) KERNEL(gather_repeated_elements)(map, cursor, k, to, count);
    else KERNEL(move_runs)(true, map, *cursor, k, to, count);
}

/// Where a kernel finds the next `count` elements of operand k, and in *step how to go through them.
static const void *KERNEL(fetch)(
    const sb_map *map, const sb_cursor *cursor, int k, intptr_t count, sb_block *block, intptr_t *step) {
    *step = 1;
    if (KERNEL(is_direct)(map, cursor, k, count)) return cursor->data[k];
    if (map->loop.steps[k][0] == 0 && count <= sb_cursor_run(&map->loop, cursor)) {
        *step = 0;
        KERNEL(load)(map, k, cursor->data[k], 0, block, VECTOR_BYTES / KERNEL(element_size)(map, k));
    } else {
        KERNEL(gather)(map, cursor, k, (char *)block, count);
    }
    return block;
}

/// Brings a block of results to where they belong.
static void KERNEL(put)(const sb_map *map, const sb_cursor *cursor, char *from, intptr_t count) {
    if (map->loop.dense[0]) KERNEL(store)(map, from, cursor->data[0], map->loop.size[0], count);
    else KERNEL(move_runs)(false, map, *cursor, 0, from, count);
}

/// The elements after the last full vector, by way of vectors that zeros fill up.
static void KERNEL(apply_to_rest)(
    const sb_map *map, const void *const *operands, const intptr_t *steps, void *y, intptr_t full, intptr_t rest) {
    char padded[LOOP_OPERANDS][VECTOR_BYTES] __attribute__((aligned(VECTOR_BYTES))) = {{0}};
    const void *padded_operands[LOOP_OPERANDS];
    for (int k = 1; k < map->loop.operands; ++k) {
        const size_t size = (size_t)KERNEL(element_size)(map, k);
        padded_operands[k - 1] = padded[k];
        if (steps[k - 1]) memcpy(padded[k], (const char *)operands[k - 1] + (size_t)full * size, (size_t)rest * size);
        else memcpy(padded[k], operands[k - 1], VECTOR_BYTES);
    }
    const size_t size = (size_t)KERNEL(element_size)(map, 0);
    map->kernel(map, padded_operands, steps, padded[0], VECTOR_BYTES / (intptr_t)size);
    memcpy((char *)y + (size_t)full * size, padded[0], (size_t)rest * size);
}

static void KERNEL(map_range)(void *context, intptr_t start, intptr_t end) {
    const sb_map *map = context;
    sb_block blocks[LOOP_OPERANDS];
    const void *operands[LOOP_OPERANDS];
    intptr_t steps[LOOP_OPERANDS];
    const intptr_t lanes = VECTOR_BYTES / KERNEL(element_size)(map, 0);
    sb_cursor cursor;
    sb_cursor_seek(&map->loop, start, &cursor);
    for (intptr_t count; start < end; start += count) {
        count = KERNEL(next_length)(map, &cursor, end - start);
        for (int k = 1; k < map->loop.operands; ++k)
            operands[k - 1] = KERNEL(fetch)(map, &cursor, k, count, &blocks[k], &steps[k - 1]);
        const bool direct = KERNEL(is_direct)(map, &cursor, 0, count);
        void *y = direct ? (void *)cursor.data[0] : &blocks[0];
        const intptr_t rest = count % lanes;
        if (count > rest) map->kernel(map, operands, steps, y, count - rest);
        if (rest) KERNEL(apply_to_rest)(map, operands, steps, y, count - rest, rest);
        if (!direct) KERNEL(put)(map, &cursor, y, count);
        if (count <= sb_cursor_run(&map->loop, &cursor)) sb_cursor_advance(&map->loop, count, &cursor);
        else sb_cursor_seek(&map->loop, start + count, &cursor);
    }
}

/// A single element of the type computed with goes straight to the kernel: to plan a walk would take longer.
static bool KERNEL(run_single)(sb_map *map, const sb_array *const *arrays) {
    const void *data[LOOP_OPERANDS];
    intptr_t steps[LOOP_OPERANDS];
    for (int k = 0; k < map->loop.operands; ++k) {
        if (arrays[k]->dtype != map->compute || sb_element_count(arrays[k]) != 1) return false;
        map->loop.size[k] = sb_element_size(map->compute);
        data[k] = arrays[k]->data;
        steps[k] = 1;
    }
    KERNEL(apply_to_rest)(map, data + 1, steps + 1, arrays[0]->data, 0, 1);
    return true;
}

void run_map(
    int operands, const sb_array *const *arrays, int compute, sb_map_kernel kernel, int op, double p0, double p1) {
    enum { PIECE = 32 * 1024 };
    sb_map map;
    map.loop.operands = operands;
    map.compute = compute;
    map.kernel = kernel;
    map.op = op;
    map.p0 = p0;
    map.p1 = p1;
    if (KERNEL(run_single)(&map, arrays)) return;
    sb_plan_loop(&map.loop, operands, arrays);
    map.short_run = KERNEL(short_run)(&map);
    if (map.loop.count <= PIECE) KERNEL(map_range)(&map, 0, map.loop.count);
    else sb_parallel_ranges(map.loop.count, PIECE, KERNEL(map_range), &map);
}

/// y = condition ? a : b for elements of one size.
#define WHERE(type) \
    case sizeof(type): { \
        enum { WIDTH = VECTOR_BYTES / sizeof(type) }; \
        typedef type vector __attribute__((vector_size(VECTOR_BYTES))); \
        typedef uint8_t condition_vector __attribute__((vector_size(WIDTH))); \
        const type *a_data = operands[1], *b_data = operands[2]; \
        for (intptr_t i = 0; i < count; i += WIDTH) { \
            condition_vector condition; \
            vector a, b; \
            memcpy(&condition, condition_data + i * steps[0], sizeof condition); \
            memcpy(&a, a_data + i * steps[1], sizeof a); \
            memcpy(&b, b_data + i * steps[2], sizeof b); \
            const vector mask = (vector)(__builtin_convertvector(condition, vector) != 0); \
            const vector chosen = (a & mask) | (b & ~mask); \
            memcpy((type *)y + i, &chosen, sizeof chosen); \
        } \
        break; \
    }

static void KERNEL(where_block)(
    const sb_map *map, const void *const *operands, const intptr_t *steps, void *y, intptr_t count) {
    const uint8_t *condition_data = operands[0];
    switch (map->loop.size[0]) {
        WHERE(uint8_t)
        WHERE(uint16_t)
        WHERE(uint32_t)
        WHERE(uint64_t)
    }
}

static void KERNEL(where)(const sb_array *const *arrays) {
    run_map(4, arrays, MAP_UNCONVERTED, KERNEL(where_block), 0, 0, 0);
}

#else

void sb_where(const sb_array *condition, const sb_array *a, const sb_array *b, const sb_array *y) {
    DISPATCH(where, (const sb_array *const[]){y, condition, a, b});
}

#endif
