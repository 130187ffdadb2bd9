#include "loop.h"

#include "threads.h"

// Whether dimension `outer` of every operand goes on where `inner` (of `size`) ends.
static bool continues(const sb_loop *loop, int inner, const intptr_t *outer_steps) {
    for (int k = 0; k < loop->operands; ++k)
        if (outer_steps[k] != loop->shape[inner] * loop->steps[k][inner]) return false;
    return true;
}

static void start(sb_loop *loop, int operands, const sb_array *const *arrays) {
    loop->operands = operands;
    loop->rank = 0;
    for (int k = 0; k < operands; ++k) {
        loop->data[k] = arrays[k]->data;
        loop->dtype[k] = arrays[k]->dtype;
        loop->size[k] = sb_element_size(arrays[k]->dtype);
    }
}

// The dimensions of more than one element, innermost first; sorted by the first operand's strides unless `logical`.
static int order_dimensions(const sb_array *first, bool logical, int *order) {
    int rank = 0;
    for (int d = first->rank - 1; d >= 0; --d) {
        if (first->shape[d] == 1) continue;
        int place = rank++;
        if (!logical)
            for (; place && first->strides[order[place - 1]] > first->strides[d]; --place) order[place] = order[place - 1];
        order[place] = d;
    }
    return rank;
}

static void add_dimension(sb_loop *loop, intptr_t size, const intptr_t *steps) {
    const int last = loop->rank - 1;
    if (last >= 0 && continues(loop, last, steps)) {
        loop->shape[last] *= size;
        return;
    }
    loop->shape[loop->rank] = size;
    for (int k = 0; k < loop->operands; ++k) loop->steps[k][loop->rank] = steps[k];
    ++loop->rank;
}

static void finish(sb_loop *loop) {
    if (!loop->rank) {
        loop->rank = 1;
        loop->shape[0] = 1;
        for (int k = 0; k < loop->operands; ++k) loop->steps[k][0] = loop->size[k];
    }
    loop->count = 1;
    for (int k = 0; k < loop->operands; ++k) loop->dense[k] = true;
    for (int d = 0; d < loop->rank; ++d) {
        for (int k = 0; k < loop->operands; ++k)
            loop->dense[k] &= loop->steps[k][d] == loop->count * loop->size[k];
        loop->count *= loop->shape[d];
    }
}

static void plan(sb_loop *loop, int operands, const sb_array *const *arrays, bool logical) {
    start(loop, operands, arrays);
    int order[SB_MAX_RANK];
    const int rank = order_dimensions(arrays[0], logical, order);
    for (int d = 0; d < rank; ++d) {
        intptr_t steps[LOOP_OPERANDS];
        for (int k = 0; k < operands; ++k) steps[k] = arrays[k]->strides[order[d]] * loop->size[k];
        add_dimension(loop, arrays[0]->shape[order[d]], steps);
    }
    finish(loop);
}

void sb_plan_loop(sb_loop *loop, int operands, const sb_array *const *arrays) { plan(loop, operands, arrays, false); }

void sb_plan_logical_loop(sb_loop *loop, int operands, const sb_array *const *arrays) {
    plan(loop, operands, arrays, true);
}

void sb_cursor_seek(const sb_loop *loop, intptr_t position, sb_cursor *cursor) {
    for (int k = 0; k < loop->operands; ++k) cursor->data[k] = loop->data[k];
    for (int d = 0; d < loop->rank; ++d) {
        const bool outermost = position == 0 || d == loop->rank - 1;
        const intptr_t index = outermost ? position : position % loop->shape[d];
        if (!outermost) position /= loop->shape[d];
        cursor->index[d] = index;
        for (int k = 0; k < loop->operands; ++k) cursor->data[k] += index * loop->steps[k][d];
    }
}

// Steps over `count` indices of loop d, and goes on to the next of the loop around it where it comes to its end.
static void advance(const sb_loop *loop, int d, intptr_t count, sb_cursor *cursor) {
    cursor->index[d] += count;
    for (int k = 0; k < loop->operands; ++k) cursor->data[k] += count * loop->steps[k][d];
    for (; d < loop->rank - 1 && cursor->index[d] == loop->shape[d]; ++d) {
        cursor->index[d] = 0;
        cursor->index[d + 1] += 1;
        for (int k = 0; k < loop->operands; ++k)
            cursor->data[k] += loop->steps[k][d + 1] - loop->shape[d] * loop->steps[k][d];
    }
}

void sb_cursor_advance(const sb_loop *loop, intptr_t count, sb_cursor *cursor) { advance(loop, 0, count, cursor); }

void sb_cursor_advance_rows(const sb_loop *loop, intptr_t rows, sb_cursor *cursor) { advance(loop, 1, rows, cursor); }

void sb_walk_parts(
    const sb_loop *loop, intptr_t start, intptr_t end, intptr_t most, sb_part_task task, const void *plan) {
    sb_cursor cursor;
    sb_cursor_seek(loop, start, &cursor);
    for (intptr_t count; start < end; start += count) {
        count = sb_cursor_run(loop, &cursor);
        if (count > end - start) count = end - start;
        if (count > most) count = most;
        task(plan, &cursor, count);
        sb_cursor_advance(loop, count, &cursor);
    }
}

typedef struct {
    intptr_t count, length;
    sb_range_task task;
    void *context;
} ranges;

static void run_range(void *context, intptr_t piece) {
    const ranges *all = context;
    const intptr_t start = piece * all->length, rest = all->count - start;
    all->task(all->context, start, start + (rest < all->length ? rest : all->length));
}

void sb_parallel_ranges(intptr_t count, intptr_t length, sb_range_task task, void *context) {
    if (count <= 0) return;
    ranges all = {count, length, task, context};
    sb_parallel((count + length - 1) / length, run_range, &all);
}
