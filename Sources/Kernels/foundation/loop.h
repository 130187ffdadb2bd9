// Walking over arrays of one shape: the fewest nested loops, in the best order.
//
// Dimensions of size 1 are dropped, the rest sorted by the first operand's strides, and neighbors that every operand
// steps through evenly are merged. What is left is one loop where all operands are dense in the same memory order.
#ifndef SB_LOOP_H
#define SB_LOOP_H

#include <stdbool.h>
#include <stddef.h>

#include "array.h"

enum { LOOP_OPERANDS = 4 };

typedef struct {
    intptr_t count;                                  // elements in all
    int rank;                                        // at least 1
    int operands;
    intptr_t shape[SB_MAX_RANK];                     // innermost first
    intptr_t steps[LOOP_OPERANDS][SB_MAX_RANK];      // in bytes, innermost first
    char *data[LOOP_OPERANDS];
    int32_t dtype[LOOP_OPERANDS];
    int32_t size[LOOP_OPERANDS];                     // bytes of an element
    bool dense[LOOP_OPERANDS];                       // element i of the walk lies i elements after the first
} sb_loop;

/// A place in a walk: the coordinates, innermost first, and each operand's element there.
typedef struct {
    intptr_t index[SB_MAX_RANK];
    char *data[LOOP_OPERANDS];
} sb_cursor;

/// Plans a walk over `operands` arrays of the first one's shape. The first one decides the order.
void sb_plan_loop(sb_loop *loop, int operands, const sb_array *const *arrays);
/// The same, but in logical (row-major) order, whatever the strides.
void sb_plan_logical_loop(sb_loop *loop, int operands, const sb_array *const *arrays);

void sb_cursor_seek(const sb_loop *loop, intptr_t position, sb_cursor *cursor);
/// Steps over `count` elements, which must not go beyond the end of the innermost loop.
void sb_cursor_advance(const sb_loop *loop, intptr_t count, sb_cursor *cursor);
/// Steps over `rows` whole innermost loops, which must not go beyond the end of the loop around them.
void sb_cursor_advance_rows(const sb_loop *loop, intptr_t rows, sb_cursor *cursor);

/// Elements from here to the end of the innermost loop.
static inline intptr_t sb_cursor_run(const sb_loop *loop, const sb_cursor *cursor) {
    return loop->shape[0] - cursor->index[0];
}

/// How many of the next `count` elements' innermost loops, of a cursor at the beginning of one, are whole and in a row.
static inline intptr_t sb_cursor_rows(const sb_loop *loop, const sb_cursor *cursor, intptr_t count) {
    if (loop->rank == 1 || cursor->index[0] > 0) return 0;
    const intptr_t rows = count / loop->shape[0], rest = loop->shape[1] - cursor->index[1];
    return rows < rest ? rows : rest;
}

/// Bytes of one element.
static inline int sb_element_size(int dtype) {
    static const int sizes[] = {4, 8, 2, 2, 4, 8, 1, 1};
    return sizes[dtype];
}

static inline intptr_t sb_element_count(const sb_array *array) {
    intptr_t count = 1;
    for (int i = 0; i < array->rank; ++i) count *= array->shape[i];
    return count;
}

/// Works on `count` elements of a walk, from a cursor to at most the end of its innermost loop.
typedef void (*sb_part_task)(const void *plan, const sb_cursor *cursor, intptr_t count);

/// Walks over elements start ..< end in parts of at most `most`.
void sb_walk_parts(
    const sb_loop *loop, intptr_t start, intptr_t end, intptr_t most, sb_part_task task, const void *plan);

typedef void (*sb_range_task)(void *context, intptr_t start, intptr_t end);

/// Runs task over 0 ..< count in ranges of `length`, on the pool where there is more than one.
void sb_parallel_ranges(intptr_t count, intptr_t length, sb_range_task task, void *context);

#endif
