#define SOURCE "arrangement/scan.c"
#include "foundation/blocks.h"
#include "copy.h"
#include "foundation/loop.h"
#include "scan.h"
#include "foundation/per_isa.h"

#ifdef ISA_PASS

#include "foundation/blocks.h"

// Running totals are kept in double, or in int64 for integers. Lines along the scanned dimension are taken one by one
// where x is dense along it; otherwise a block of neighboring lines goes forward together.

typedef struct {
    sb_loop lines;           // over the first elements of all lines: operand 0 is y, 1 is x
    intptr_t length;         // of a line
    intptr_t y_step, x_step; // bytes along a line
    int op;
} KERNEL(scan_plan);

#define FOR_EACH_OPERATION(OPERATION) \
    OPERATION(SB_SCAN_SUM, 0, a + b) \
    OPERATION(SB_SCAN_PROD, 1, a * b) \
    OPERATION(SB_SCAN_MAX, lowest, a != a ? a : a > b ? a : b) \
    OPERATION(SB_SCAN_MIN, highest, a != a ? a : a < b ? a : b)

#define START_CASE(op, identity, combined) case op: first = identity; break;

#define ALONG_CASE(op, identity, combined) \
    case op: \
        for (intptr_t i = 0; i < count; ++i) { \
            const number a = total[0], b = x[i]; \
            total[0] = x[i] = combined; \
        } \
        break;

#define ACROSS_CASE(op, identity, combined) \
    case op: \
        for (intptr_t i = 0; i < count; ++i) { \
            const number a = total[i], b = x[i]; \
            total[i] = combined; \
        } \
        break;

#define DEFINE_SCAN(number_type, lowest_number, highest_number, start, along, across) \
    static void KERNEL(start)(int op, void *totals, intptr_t count) { \
        typedef number_type number; \
        const number lowest = lowest_number, highest = highest_number; \
        number first = 0; \
        switch (op) { FOR_EACH_OPERATION(START_CASE) } \
        for (intptr_t i = 0; i < count; ++i) ((number *)totals)[i] = first; \
    } \
    /* The elements of one line become running totals. */ \
    static void KERNEL(along)(int op, void *elements, intptr_t count, void *totals) { \
        typedef number_type number; \
        number *restrict x = elements, *restrict total = totals; \
        switch (op) { FOR_EACH_OPERATION(ALONG_CASE) } \
    } \
    /* One element more of each of `count` lines. */ \
    static void KERNEL(across)(int op, const void *elements, intptr_t count, void *totals) { \
        typedef number_type number; \
        const number *restrict x = elements; \
        number *restrict total = totals; \
        switch (op) { FOR_EACH_OPERATION(ACROSS_CASE) } \
    }

DEFINE_SCAN(double, -INFINITY, INFINITY, start_doubles, doubles_along, doubles_across)
DEFINE_SCAN(int64_t, INT64_MIN, INT64_MAX, start_integers, integers_along, integers_across)

static void KERNEL(scan_line)(const KERNEL(scan_plan) *plan, const char *x, char *y) {
    const int from = plan->lines.dtype[1], to = plan->lines.dtype[0], wide = sb_wide_type(from);
    sb_block block, total;
    if (wide == SB_INT64) KERNEL(start_integers)(plan->op, &total, 1);
    else KERNEL(start_doubles)(plan->op, &total, 1);
    for (intptr_t i = 0; i < plan->length; i += BLOCK) {
        const intptr_t count = plan->length - i < BLOCK ? plan->length - i : BLOCK;
        load_wide_block(from, x + i * plan->x_step, plan->x_step, &block, count);
        if (wide == SB_INT64) KERNEL(integers_along)(plan->op, &block, count, &total);
        else KERNEL(doubles_along)(plan->op, &block, count, &total);
        store_block(wide, &block, to, y + i * plan->y_step, plan->y_step, count);
    }
}

static void KERNEL(scan_lines)(const KERNEL(scan_plan) *plan, const char *x, char *y, intptr_t count) {
    const int from = plan->lines.dtype[1], to = plan->lines.dtype[0], wide = sb_wide_type(from);
    sb_block block, total;
    if (wide == SB_INT64) KERNEL(start_integers)(plan->op, &total, count);
    else KERNEL(start_doubles)(plan->op, &total, count);
    for (intptr_t i = 0; i < plan->length; ++i) {
        load_wide_block(from, x + i * plan->x_step, plan->lines.steps[1][0], &block, count);
        if (wide == SB_INT64) KERNEL(integers_across)(plan->op, &block, count, &total);
        else KERNEL(doubles_across)(plan->op, &block, count, &total);
        store_block(wide, &total, to, y + i * plan->y_step, plan->lines.steps[0][0], count);
    }
}

static void KERNEL(scan_range)(void *context, intptr_t start, intptr_t end) {
    const KERNEL(scan_plan) *plan = context;
    sb_cursor cursor;
    sb_cursor_seek(&plan->lines, start, &cursor);
    const bool together = plan->lines.shape[0] >= 8 && plan->lines.steps[1][0] < plan->x_step;
    for (intptr_t count; start < end; start += count) {
        count = sb_cursor_run(&plan->lines, &cursor);
        if (count > end - start) count = end - start;
        if (count > BLOCK) count = BLOCK;
        if (!together) count = 1;
        if (together) KERNEL(scan_lines)(plan, cursor.data[1], cursor.data[0], count);
        else KERNEL(scan_line)(plan, cursor.data[1], cursor.data[0]);
        sb_cursor_advance(&plan->lines, count, &cursor);
    }
}

static void KERNEL(scan)(int op, const sb_array *x, int dim, const sb_array *y) {
    enum { ELEMENTS = 32 * 1024 };
    KERNEL(scan_plan) plan = {.op = op, .length = x->shape[dim]};
    sb_array x_lines = *x, y_lines = *y;
    x_lines.shape[dim] = y_lines.shape[dim] = 1;
    sb_plan_loop(&plan.lines, 2, (const sb_array *const[]){&y_lines, &x_lines});
    plan.x_step = x->strides[dim] * plan.lines.size[1];
    plan.y_step = y->strides[dim] * plan.lines.size[0];
    if (!plan.length) return;
    sb_parallel_ranges(plan.lines.count, 1 + ELEMENTS / plan.length, KERNEL(scan_range), &plan);
}

#else

void sb_scan(sb_scan_op op, const sb_array *x, int dim, const sb_array *y) {
    if (x->rank == 0) sb_copy(x, y);
    else DISPATCH(scan, op, x, dim, y);
}

#endif
