#define SOURCE "reduction/arg_reduction.c"
#include "foundation/blocks.h"
#include "foundation/loop.h"
#include "reduction.h"
#include "foundation/per_isa.h"

#ifdef ISA_PASS

#include "foundation/blocks.h"

// The best elements so far and their places are kept side by side for a row of elements at a time: neighboring
// outputs where x is dense along them, or else LANES_OF_LINE lanes that one output's line is dealt out to.

enum { KERNEL(LANES_OF_LINE) = 64 };

typedef struct {
    sb_loop lines;    // over the first elements of all lines: x, then the index, then the value
    intptr_t length;  // of a line
    intptr_t step;    // bytes along a line of x
    bool minimum, wants_values;
} KERNEL(arg_plan);

#define IMPROVE(better) \
    for (intptr_t i = 0; i < count; ++i) { \
        const bool wins = ((better) | (x[i] != x[i])) & (best[i] == best[i]); \
        best[i] = wins ? x[i] : best[i]; \
        places[i] = wins ? (place)where : places[i]; \
    }

#define DEFINE_IMPROVE(number, place_type, improve, best_lane) \
    /* Compares a row, which stands at `where` in its lines, to the best ones. */ \
    static void KERNEL(improve)( \
        bool minimum, const void *row, intptr_t where, intptr_t count, void *bests, void *best_places) { \
        typedef place_type place; \
        const number *restrict x = row; \
        number *restrict best = bests; \
        place *restrict places = best_places; \
        if (minimum) IMPROVE(x[i] < best[i]) \
        else IMPROVE(x[i] > best[i]) \
    } \
    /* The lane with the best element; of equals, the one that stands first in the line. */ \
    static intptr_t KERNEL(best_lane)(bool minimum, const void *bests, const void *best_places, intptr_t lanes) { \
        const number *best = bests; \
        const place_type *places = best_places; \
        intptr_t chosen = 0; \
        for (intptr_t i = 1; i < lanes; ++i) { \
            const bool both_nan = best[i] != best[i] && best[chosen] != best[chosen]; \
            const bool better = minimum ? best[i] < best[chosen] : best[i] > best[chosen]; \
            const bool first_nan = best[i] != best[i] && best[chosen] == best[chosen]; \
            const bool equal = best[i] == best[chosen] || both_nan; \
            if (better || first_nan || (equal && places[i] < places[chosen])) chosen = i; \
        } \
        return chosen; \
    }

DEFINE_IMPROVE(float, int32_t, improve_floats, best_float)
DEFINE_IMPROVE(double, int64_t, improve_doubles, best_double)
DEFINE_IMPROVE(int64_t, int64_t, improve_integers, best_integer)

static void KERNEL(improve)(
    int compute, bool minimum, const void *row, intptr_t where, intptr_t count, sb_block *best, sb_block *places) {
    switch (compute) {
    case SB_FLOAT32: KERNEL(improve_floats)(minimum, row, where, count, best, places); break;
    case SB_FLOAT64: KERNEL(improve_doubles)(minimum, row, where, count, best, places); break;
    default: KERNEL(improve_integers)(minimum, row, where, count, best, places);
    }
}

static inline int64_t KERNEL(place_at)(int compute, const sb_block *places, intptr_t i) {
    return compute == SB_FLOAT32 ? ((const int32_t *)places)[i] : places->i[i];
}

/// `count` neighboring lines, an element of each at a time.
static void KERNEL(arg_lines)(const void *context, const sb_cursor *cursor, intptr_t count) {
    const KERNEL(arg_plan) *plan = context;
    const int dtype = plan->lines.dtype[0], compute = sb_compute_type(dtype);
    sb_block best, places, row;
    memset(&places, 0, sizeof places);
    load_block(dtype, cursor->data[0], plan->lines.steps[0][0], &best, count);
    for (intptr_t where = 1; where < plan->length; ++where) {
        load_block(dtype, cursor->data[0] + where * plan->step, plan->lines.steps[0][0], &row, count);
        KERNEL(improve)(compute, plan->minimum, &row, where, count, &best, &places);
    }
    for (intptr_t i = 0; i < count; ++i)
        *(int64_t *)(cursor->data[1] + i * plan->lines.steps[1][0]) = KERNEL(place_at)(compute, &places, i);
    if (plan->wants_values)
        store_block(compute, &best, plan->lines.dtype[2], cursor->data[2], plan->lines.steps[2][0], count);
}

/// One line, a row of lanes at a time. A lane's place is its row.
static void KERNEL(arg_line)(const void *context, const sb_cursor *cursor, intptr_t one) {
    (void)one;
    const KERNEL(arg_plan) *plan = context;
    const int dtype = plan->lines.dtype[0], compute = sb_compute_type(dtype), size = sb_element_size(compute);
    const intptr_t lanes = plan->length < KERNEL(LANES_OF_LINE) ? plan->length : KERNEL(LANES_OF_LINE);
    sb_block best, places, row;
    memset(&places, 0, sizeof places);
    load_block(dtype, cursor->data[0], plan->step, &best, lanes);
    for (intptr_t start = lanes, where = 1; start < plan->length; start += lanes, ++where) {
        const intptr_t count = plan->length - start < lanes ? plan->length - start : lanes;
        const char *from = cursor->data[0] + start * plan->step;
        const bool in_place = dtype == compute && plan->step == size;
        if (!in_place) load_block(dtype, from, plan->step, &row, count);
        KERNEL(improve)(compute, plan->minimum, in_place ? (const void *)from : &row, where, count, &best, &places);
    }
    const intptr_t lane = compute == SB_FLOAT32   ? KERNEL(best_float)(plan->minimum, &best, &places, lanes)
                          : compute == SB_FLOAT64 ? KERNEL(best_double)(plan->minimum, &best, &places, lanes)
                                                  : KERNEL(best_integer)(plan->minimum, &best, &places, lanes);
    *(int64_t *)cursor->data[1] = KERNEL(place_at)(compute, &places, lane) * lanes + lane;
    if (plan->wants_values)
        store_block(compute, (const char *)&best + lane * size, plan->lines.dtype[2], cursor->data[2], 0, 1);
}

static void KERNEL(arg_range)(void *context, intptr_t start, intptr_t end) {
    const KERNEL(arg_plan) *plan = context;
    const bool together = plan->lines.shape[0] >= 8 && plan->lines.steps[0][0] < plan->step;
    sb_walk_parts(
        &plan->lines, start, end, together ? BLOCK : 1, together ? KERNEL(arg_lines) : KERNEL(arg_line), plan);
}

static void KERNEL(arg_reduce)(
    int minimum, const sb_array *x, int dim, const sb_array *index, const sb_array *values) {
    enum { ELEMENTS = 32 * 1024 };
    KERNEL(arg_plan) plan = {.length = 1, .minimum = minimum, .wants_values = values};
    sb_array lines = *x;
    if (x->rank) {
        plan.length = x->shape[dim];
        plan.step = x->strides[dim] * sb_element_size(x->dtype);
        lines.shape[dim] = 1;
    }
    if (!plan.length) return;
    sb_plan_loop(&plan.lines, values ? 3 : 2, (const sb_array *const[]){&lines, index, values});
    sb_parallel_ranges(plan.lines.count, 1 + ELEMENTS / plan.length, KERNEL(arg_range), &plan);
}

#else

void sb_arg_reduce(int minimum, const sb_array *x, int dim, const sb_array *index, const sb_array *values) {
    DISPATCH(arg_reduce, minimum, x, dim, index, values);
}

#endif
