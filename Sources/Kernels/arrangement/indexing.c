#define SOURCE "arrangement/indexing.c"
#include "foundation/blocks.h"
#include "indexing.h"
#include "foundation/loop.h"

#ifndef ISA_PASS

/// An array without one of its dimensions: that is left with size 1.
static sb_array without(const sb_array *array, int dim) {
    sb_array view = *array;
    if (dim < view.rank) view.shape[dim] = 1;
    return view;
}

/// Size and step in bytes along a dimension; an array of rank 0 counts as one of rank 1 and size 1.
static intptr_t size_along(const sb_array *array, int dim) { return array->rank ? array->shape[dim] : 1; }
static intptr_t step_along(const sb_array *array, int dim) {
    return array->rank ? array->strides[dim] * sb_element_size(array->dtype) : 0;
}

#endif

#include "foundation/per_isa.h"

#ifdef ISA_PASS

#include "foundation/blocks.h"

// Slices. Two arrays differ along one dimension, where an index of one dimension says which slice goes with which.

typedef struct {
    sb_loop slice;         // over one slice: the array with slices in order (operand 0), the one that is indexed (1)
    sb_array index;
    intptr_t steps[2];     // bytes from slice to slice
    bool gather;           // from the indexed array, else to it
    bool slices_innermost; // the arrays are denser from slice to slice than within one
} KERNEL(slices_plan);

static inline int64_t KERNEL(index_at)(const sb_array *index, intptr_t i) {
    return ((const int64_t *)index->data)[index->rank ? i * index->strides[0] : 0];
}

static void KERNEL(move)(
    const KERNEL(slices_plan) *plan, char *ordered, char *indexed, intptr_t ordered_step, intptr_t indexed_step,
    intptr_t count) {
    const int size = plan->slice.size[0];
    if (plan->gather) move_block(size, indexed, indexed_step, ordered, ordered_step, count);
    else move_block(size, ordered, ordered_step, indexed, indexed_step, count);
}

/// Elements start ..< end of every slice.
static void KERNEL(move_parts)(void *context, intptr_t start, intptr_t end) {
    const KERNEL(slices_plan) *plan = context;
    const intptr_t slices = size_along(&plan->index, 0);
    sb_cursor cursor;
    sb_cursor_seek(&plan->slice, start, &cursor);
    for (intptr_t count; start < end; start += count) {
        count = sb_cursor_run(&plan->slice, &cursor);
        if (count > end - start) count = end - start;
        if (plan->slices_innermost) count = 1;
        for (intptr_t i = 0; i < slices; ++i) {
            char *ordered = cursor.data[0] + i * plan->steps[0];
            char *indexed = cursor.data[1] + KERNEL(index_at)(&plan->index, i) * plan->steps[1];
            KERNEL(move)(plan, ordered, indexed, plan->slice.steps[0][0], plan->slice.steps[1][0], count);
        }
        sb_cursor_advance(&plan->slice, count, &cursor);
    }
}

/// The whole of slices start ..< end.
static void KERNEL(move_slices)(void *context, intptr_t start, intptr_t end) {
    const KERNEL(slices_plan) *plan = context;
    for (intptr_t i = start; i < end; ++i) {
        const intptr_t ordered = i * plan->steps[0];
        const intptr_t indexed = KERNEL(index_at)(&plan->index, i) * plan->steps[1];
        sb_cursor cursor;
        sb_cursor_seek(&plan->slice, 0, &cursor);
        for (intptr_t done = 0, count; done < plan->slice.count; done += count) {
            count = sb_cursor_run(&plan->slice, &cursor);
            KERNEL(move)(
                plan, cursor.data[0] + ordered, cursor.data[1] + indexed, plan->slice.steps[0][0],
                plan->slice.steps[1][0], count);
            sb_cursor_advance(&plan->slice, count, &cursor);
        }
    }
}

static void KERNEL(move_indexed)(
    const sb_array *ordered, const sb_array *indexed, int dim, const sb_array *index, bool gather) {
    enum { ELEMENTS = 32 * 1024 };
    const sb_array ordered_slice = without(ordered, dim), indexed_slice = without(indexed, dim);
    KERNEL(slices_plan) plan = {.index = *index, .gather = gather};
    sb_plan_loop(&plan.slice, 2, (const sb_array *const[]){&ordered_slice, &indexed_slice});
    plan.steps[0] = step_along(ordered, dim);
    plan.steps[1] = step_along(indexed, dim);
    const intptr_t slices = size_along(index, 0), inside = plan.slice.count;
    plan.slices_innermost = plan.steps[0] < plan.slice.steps[0][0];
    if (!slices || !inside) return;
    // Where indices repeat, the last write must win: slices are shared out only if they are read.
    if (gather && !plan.slices_innermost)
        sb_parallel_ranges(slices, 1 + ELEMENTS / inside, KERNEL(move_slices), &plan);
    else sb_parallel_ranges(inside, 1 + ELEMENTS / slices, KERNEL(move_parts), &plan);
}

// Elements. y[…, index[…, i, …], …] meets source[…, i, …]; along i in order, the other dimensions shared out.

typedef struct {
    sb_loop lines;                            // over the first elements of all lines: y, source, index
    intptr_t length;                          // of the lines of source and index
    intptr_t y_step, source_step, index_step; // bytes along a line
    int op;
    double alpha;                             // what the source is multiplied with
} KERNEL(scatter_plan);

#define FOR_EACH_OPERATION(OPERATION) \
    OPERATION(SB_SCATTER_SET, b) \
    OPERATION(SB_SCATTER_ADD, a + b) \
    OPERATION(SB_SCATTER_PROD, a * b) \
    OPERATION(SB_SCATTER_MAX, a != a ? a : a > b ? a : b) \
    OPERATION(SB_SCATTER_MIN, a != a ? a : a < b ? a : b)

#define COMBINE_CASE(op, combined) \
    case op: \
        for (intptr_t i = 0; i < count; ++i) { \
            const number a = y[i], b = x[i]; \
            (void)a; \
            y[i] = combined; \
        } \
        break;

#define DEFINE_COMBINE(number_type, combine) \
    static void KERNEL(combine)(int op, void *ys, const void *xs, intptr_t count) { \
        typedef number_type number; \
        number *restrict y = ys; \
        const number *restrict x = xs; \
        switch (op) { FOR_EACH_OPERATION(COMBINE_CASE) } \
    }

DEFINE_COMBINE(float, combine_floats)
DEFINE_COMBINE(double, combine_doubles)
DEFINE_COMBINE(int64_t, combine_integers)

static void KERNEL(combine)(int compute, int op, void *y, const void *x, intptr_t count) {
    switch (compute) {
    case SB_FLOAT32: KERNEL(combine_floats)(op, y, x, count); break;
    case SB_FLOAT64: KERNEL(combine_doubles)(op, y, x, count); break;
    default: KERNEL(combine_integers)(op, y, x, count);
    }
}

static void KERNEL(scale)(int compute, sb_block *x, double alpha, intptr_t count) {
    for (intptr_t i = 0; i < count; ++i) {
        if (compute == SB_FLOAT32) x->f[i] *= (float)alpha;
        else if (compute == SB_FLOAT64) x->d[i] *= alpha;
        else x->i[i] *= (int64_t)alpha;
    }
}

/// Combines `count` elements of a row of the source with a row of y. Dense float32 rows are combined in place.
static void KERNEL(combine_row)(const KERNEL(scatter_plan) *plan, char *y, const char *source, intptr_t count) {
    const int dtype = plan->lines.dtype[0], compute = sb_compute_type(dtype), size = plan->lines.size[0];
    const intptr_t y_step = plan->lines.steps[0][0], source_step = plan->lines.steps[1][0];
    sb_block result, block;
    const bool native = dtype == compute && plan->alpha == 1;
    const bool y_in_place = native && (y_step == size || count == 1);
    const bool source_in_place = native && (source_step == size || count == 1);
    if (!y_in_place) load_block(dtype, y, y_step, &result, count);
    if (!source_in_place) load_block(dtype, source, source_step, &block, count);
    if (plan->alpha != 1) KERNEL(scale)(compute, &block, plan->alpha, count);
    const void *addends = source_in_place ? (const void *)source : &block;
    KERNEL(combine)(compute, plan->op, y_in_place ? (void *)y : &result, addends, count);
    if (!y_in_place) store_block(compute, &result, dtype, y, y_step, count);
}

#define COMBINE_AT(op, combined) \
    case op: \
        for (intptr_t i = 0; i < count; ++i) { \
            const int64_t index = *(const int64_t *)(indices + i * index_step); \
            number *target = (number *)(y + index * y_step); \
            const number a = *target, b = *(const number *)(source + i * source_step); \
            (void)a; \
            *target = combined; \
        } \
        break;

#define DEFINE_COMBINE_LINE(number_type, combine_line) \
    static void KERNEL(combine_line)( \
        int op, char *y, intptr_t y_step, const char *indices, intptr_t index_step, const char *source, \
        intptr_t source_step, intptr_t count) { \
        typedef number_type number; \
        switch (op) { FOR_EACH_OPERATION(COMBINE_AT) } \
    }

DEFINE_COMBINE_LINE(float, combine_float_line)
DEFINE_COMBINE_LINE(double, combine_double_line)
DEFINE_COMBINE_LINE(int64_t, combine_integer_line)

/// Combines one line of the source with one of y, each element by its own index.
static void KERNEL(scatter_line)(const void *context, const sb_cursor *cursor, intptr_t count) {
    (void)count;
    const KERNEL(scatter_plan) *plan = context;
    char *y = cursor->data[0];
    const char *source = cursor->data[1], *indices = cursor->data[2];
    const intptr_t y_step = plan->y_step, source_step = plan->source_step, step = plan->index_step;
    switch (plan->alpha == 1 ? plan->lines.dtype[0] : -1) {
    case SB_FLOAT32:
        KERNEL(combine_float_line)(plan->op, y, y_step, indices, step, source, source_step, plan->length);
        break;
    case SB_FLOAT64:
        KERNEL(combine_double_line)(plan->op, y, y_step, indices, step, source, source_step, plan->length);
        break;
    case SB_INT64:
        KERNEL(combine_integer_line)(plan->op, y, y_step, indices, step, source, source_step, plan->length);
        break;
    default:
        for (intptr_t i = 0; i < plan->length; ++i)
            KERNEL(combine_row)(plan, y + *(const int64_t *)(indices + i * step) * y_step, source + i * source_step, 1);
    }
}

/// `count` neighboring lines with the same indices, a row at a time.
static void KERNEL(scatter_rows)(const void *context, const sb_cursor *cursor, intptr_t count) {
    const KERNEL(scatter_plan) *plan = context;
    for (intptr_t i = 0; i < plan->length; ++i) {
        const int64_t index = *(const int64_t *)(cursor->data[2] + i * plan->index_step);
        KERNEL(combine_row)(
            plan, cursor->data[0] + index * plan->y_step, cursor->data[1] + i * plan->source_step, count);
    }
}

static void KERNEL(scatter_range)(void *context, intptr_t start, intptr_t end) {
    const KERNEL(scatter_plan) *plan = context;
    const bool same_indices = plan->lines.steps[2][0] == 0;
    sb_walk_parts(
        &plan->lines, start, end, same_indices ? BLOCK : 1, same_indices ? KERNEL(scatter_rows) : KERNEL(scatter_line),
        plan);
}

/// `index` has the source's shape.
static void KERNEL(scatter)(
    int op, const sb_array *y, int dim, const sb_array *index, const sb_array *source, double alpha) {
    enum { ELEMENTS = 8 * 1024, LEAST_ROW = 128 };
    sb_array lines[] = {*y, without(source, dim), without(index, dim)};
    memcpy(lines[0].shape, lines[1].shape, sizeof lines[0].shape);   // the source may be smaller than y
    KERNEL(scatter_plan) plan = {.op = op, .alpha = alpha, .length = size_along(index, dim)};
    sb_plan_loop(&plan.lines, 3, (const sb_array *const[]){&lines[0], &lines[1], &lines[2]});
    plan.y_step = step_along(y, dim);
    plan.source_step = step_along(source, dim);
    plan.index_step = step_along(index, dim);
    if (!plan.length) return;
    intptr_t lines_at_once = 1 + ELEMENTS / plan.length;
    const bool same_indices = plan.lines.steps[2][0] == 0;
    if (same_indices && lines_at_once < LEAST_ROW) lines_at_once = LEAST_ROW;
    sb_parallel_ranges(plan.lines.count, lines_at_once, KERNEL(scatter_range), &plan);
}

/// The same index for all the other dimensions.
static void KERNEL(index_add)(
    const sb_array *y, int dim, const sb_array *index, const sb_array *source, double alpha) {
    sb_array spread = *source;
    spread.data = index->data;
    spread.dtype = SB_INT64;
    for (int d = 0; d < source->rank; ++d) spread.strides[d] = d == dim && index->rank ? index->strides[0] : 0;
    KERNEL(scatter)(SB_SCATTER_ADD, y, dim, &spread, source, alpha);
}

// y = the element of x that an index names: x is walked with step 0 along the indexed dimension.

typedef struct {
    sb_loop loop;    // y, index, x
    intptr_t x_step; // bytes between neighbors along the indexed dimension
} KERNEL(gather_plan);

#define GATHER(type) \
    case sizeof(type): \
        for (intptr_t i = 0; i < count; ++i) { \
            const int64_t index = *(const int64_t *)(cursor->data[1] + i * loop->steps[1][0]); \
            *(type *)(cursor->data[0] + i * loop->steps[0][0]) = \
                *(const type *)(cursor->data[2] + i * loop->steps[2][0] + index * plan->x_step); \
        } \
        break;

static void KERNEL(gather_run)(const KERNEL(gather_plan) *plan, const sb_cursor *cursor, intptr_t count) {
    const sb_loop *loop = &plan->loop;
    switch (loop->size[0]) {
        GATHER(uint8_t)
        GATHER(uint16_t)
        GATHER(uint32_t)
        GATHER(uint64_t)
    }
}

static void KERNEL(gather_range)(void *context, intptr_t start, intptr_t end) {
    const KERNEL(gather_plan) *plan = context;
    sb_cursor cursor;
    sb_cursor_seek(&plan->loop, start, &cursor);
    for (intptr_t count; start < end; start += count) {
        count = sb_cursor_run(&plan->loop, &cursor);
        if (count > end - start) count = end - start;
        KERNEL(gather_run)(plan, &cursor, count);
        sb_cursor_advance(&plan->loop, count, &cursor);
    }
}

/// `x` has the shape of y here.
static void KERNEL(gather)(const sb_array *x, intptr_t x_step, const sb_array *index, const sb_array *y) {
    KERNEL(gather_plan) plan = {.x_step = x_step};
    sb_plan_loop(&plan.loop, 3, (const sb_array *const[]){y, index, x});
    sb_parallel_ranges(plan.loop.count, 16 * 1024, KERNEL(gather_range), &plan);
}

/// The coordinates of the elements that are not 0, or only their number.
static void KERNEL(nonzero)(const sb_array *x, const sb_array *out, intptr_t *count_found) {
    sb_loop loop;
    sb_plan_logical_loop(&loop, 1, &x);
    const int wide = sb_wide_type(x->dtype);
    intptr_t found = 0;
    sb_cursor cursor;
    sb_cursor_seek(&loop, 0, &cursor);
    for (intptr_t start = 0, count; start < loop.count; start += count) {
        count = sb_cursor_run(&loop, &cursor);
        if (count > BLOCK) count = BLOCK;
        sb_block block;
        load_wide_block(x->dtype, cursor.data[0], loop.steps[0][0], &block, count);
        for (intptr_t i = 0; i < count; ++i) {
            if (wide == SB_INT64 ? block.i[i] == 0 : block.d[i] == 0) continue;
            intptr_t position = start + i;
            for (int d = x->rank - 1; out && d >= 0; --d) {
                int64_t *row = (int64_t *)out->data + found * out->strides[0];
                row[d * out->strides[1]] = position % x->shape[d];
                position /= x->shape[d];
            }
            ++found;
        }
        sb_cursor_advance(&loop, count, &cursor);
    }
    *count_found = found;
}

#else

void sb_index_select(const sb_array *x, int dim, const sb_array *index, const sb_array *y) {
    DISPATCH(move_indexed, y, x, dim, index, true);
}

void sb_index_copy(const sb_array *y, int dim, const sb_array *index, const sb_array *source) {
    DISPATCH(move_indexed, source, y, dim, index, false);
}

void sb_index_add(const sb_array *y, int dim, const sb_array *index, const sb_array *source, double alpha) {
    DISPATCH(index_add, y, dim, index, source, alpha);
}

void sb_scatter(sb_scatter_op op, const sb_array *y, int dim, const sb_array *index, const sb_array *source) {
    DISPATCH(scatter, op, y, dim, index, source, 1);
}

void sb_gather(const sb_array *x, int dim, const sb_array *index, const sb_array *y) {
    sb_array along = *x;
    memcpy(along.shape, y->shape, sizeof along.shape);
    if (x->rank) along.strides[dim] = 0;
    DISPATCH(gather, &along, step_along(x, dim), index, y);
}

void sb_take(const sb_array *x, const sb_array *index, const sb_array *y) {
    sb_array fixed = *y;
    fixed.data = x->data;
    memset(fixed.strides, 0, sizeof fixed.strides);
    DISPATCH(gather, &fixed, sb_element_size(x->dtype), index, y);
}

void sb_put(const sb_array *y, const sb_array *index, const sb_array *values, int accumulate) {
    // As a scatter along one dimension, run by run in logical order.
    sb_loop loop;
    sb_plan_logical_loop(&loop, 2, (const sb_array *const[]){index, values});
    sb_cursor cursor;
    sb_cursor_seek(&loop, 0, &cursor);
    const sb_array target = {.data = y->data, .shape = {INTPTR_MAX}, .strides = {1}, .rank = 1, .dtype = y->dtype};
    for (intptr_t start = 0, count; start < loop.count; start += count) {
        count = sb_cursor_run(&loop, &cursor);
        sb_array runs[2];
        for (int k = 0; k < 2; ++k)
            runs[k] = (sb_array){.data = cursor.data[k], .shape = {count}, .strides = {loop.steps[k][0] / loop.size[k]},
                                 .rank = 1, .dtype = loop.dtype[k]};
        sb_scatter(accumulate ? SB_SCATTER_ADD : SB_SCATTER_SET, &target, 0, &runs[0], &runs[1]);
        sb_cursor_advance(&loop, count, &cursor);
    }
}

intptr_t sb_nonzero(const sb_array *x, const sb_array *out) {
    intptr_t count;
    DISPATCH(nonzero, x, out, &count);
    return count;
}

static bool is_in_range(const sb_index_range *range, int64_t index) {
    if (index < range->limit && index >= (range->wraps ? -range->limit : 0)) return true;
    return range->has_ignored && index == range->ignored;
}

void sb_check_indices(const sb_array *index, const sb_index_range *range, int64_t *found) {
    found[0] = -1, found[1] = found[2] = 0;
    sb_loop loop;
    sb_plan_logical_loop(&loop, 1, &index);
    sb_cursor cursor;
    sb_cursor_seek(&loop, 0, &cursor);
    for (intptr_t start = 0, count; start < loop.count; start += count) {
        count = sb_cursor_run(&loop, &cursor);
        for (intptr_t i = 0; i < count; ++i) {
            const int64_t value = *(const int64_t *)(cursor.data[0] + i * loop.steps[0][0]);
            if (!is_in_range(range, value)) {
                found[0] = start + i, found[1] = value;
                return;
            }
            found[2] |= range->wraps && value < 0;
        }
        sb_cursor_advance(&loop, count, &cursor);
    }
}

void sb_normalize_indices(const sb_array *index, const sb_index_range *range, const sb_array *out) {
    sb_loop loop;
    sb_plan_loop(&loop, 2, (const sb_array *const[]){out, index});
    sb_cursor cursor;
    sb_cursor_seek(&loop, 0, &cursor);
    for (intptr_t start = 0, count; start < loop.count; start += count) {
        count = sb_cursor_run(&loop, &cursor);
        for (intptr_t i = 0; i < count; ++i) {
            int64_t value = *(const int64_t *)(cursor.data[1] + i * loop.steps[1][0]);
            if (!is_in_range(range, value)) value = range->has_ignored ? range->ignored : 0;
            else if (range->wraps && value < 0) value += range->limit;
            *(int64_t *)(cursor.data[0] + i * loop.steps[0][0]) = value;
        }
        sb_cursor_advance(&loop, count, &cursor);
    }
}

#endif
