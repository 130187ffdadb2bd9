#define SOURCE "reduction.c"
#include "blocks.h"
#include "loop.h"
#include "reduction.h"

// How a reduction goes. The kept dimensions form one walk, the reduced ones another. A task takes a chunk of the kept
// walk and a piece of the reduced one, and folds it:
//
// - by columns, where x is dense along a kept dimension: a block of neighbouring outputs, row after row;
// - by rows, where x is dense along a reduced one: each output by itself, its run folded as rows of LANES elements.
//
// Blocks of at most DEPTH rows are summed in float, blocks in double, and pieces in their order. Chunks and pieces
// depend on the shapes only.

#ifndef ISA_PASS

enum { LANES_OF_RUN = 64, DEPTH = 64, ROWS_AT_ONCE = 8 };
enum { SB_SUM_DEVIATIONS = 100 };   // of squares, from the centers

typedef struct {
    sb_loop kept;      // operand 0 is x, 1 is y, 2 the centers
    sb_loop reduced;   // operand 0 is x
    int op, merge;     // merge combines results of op
    int compute, wide; // the types of blocks and of totals
    bool by_columns, dense;
    intptr_t chunk, chunks, piece, pieces;
    double scale;      // of the result
    void *partial;     // totals of [pieces][kept.count], if there are several pieces
} reduction;

/// The operation that combines results of `op`.
static int merging(int op) {
    switch (op) {
    case SB_PROD: return SB_PROD;
    case SB_MAX: case SB_ANY: return SB_MAX;
    case SB_MIN: case SB_ALL: return SB_MIN;
    default: return SB_SUM;
    }
}

/// x or y as seen by a walk over only the dimensions whose size in `kept` is 1, or over only the others.
static sb_array dimensions_of(const sb_array *array, const sb_array *x, const sb_array *kept, bool reduced) {
    sb_array view = *array;
    for (int d = 0; d < x->rank; ++d) view.shape[d] = (kept->shape[d] == 1) == reduced ? x->shape[d] : 1;
    return view;
}

static void cut(reduction *plan) {
    enum { ELEMENTS = 32 * 1024, MOST_PIECES = 64, ENOUGH_CHUNKS = 16 };
    const intptr_t kept = plan->kept.count, reduced = plan->reduced.count, total = kept * reduced;
    plan->chunk = plan->by_columns || !reduced ? BLOCK : ELEMENTS / reduced;
    plan->chunk = plan->chunk < 1 ? 1 : plan->chunk > BLOCK ? BLOCK : plan->chunk;
    plan->chunks = (kept + plan->chunk - 1) / plan->chunk;
    plan->pieces = plan->chunks < ENOUGH_CHUNKS ? total / ELEMENTS : 1;
    if (plan->pieces > reduced / DEPTH) plan->pieces = reduced / DEPTH;
    plan->pieces = plan->pieces < 1 ? 1 : plan->pieces > MOST_PIECES ? MOST_PIECES : plan->pieces;
    plan->piece = (reduced + plan->pieces - 1) / plan->pieces;
}

static void plan_reduction(reduction *plan, int op, const sb_array *x, const sb_array *y, const sb_array *centers) {
    const sb_array kept[] = {dimensions_of(x, x, y, false), *y, centers ? *centers : *y};
    const sb_array reduced = dimensions_of(x, x, y, true);
    sb_plan_loop(&plan->kept, centers ? 3 : 2, (const sb_array *const[]){&kept[0], &kept[1], &kept[2]});
    sb_plan_loop(&plan->reduced, 1, (const sb_array *const[]){&reduced});
    plan->op = op;
    plan->merge = merging(op);
    plan->wide = sb_wide_type(x->dtype);
    plan->compute = op == SB_PROD ? plan->wide : sb_compute_type(x->dtype);   // a product's parts may overflow a float
    const intptr_t kept_step = plan->kept.steps[0][0], reduced_step = plan->reduced.steps[0][0];
    const bool short_runs = plan->reduced.shape[0] < 32 && plan->kept.shape[0] > plan->reduced.shape[0];
    plan->by_columns = plan->kept.count > 1 && (kept_step < reduced_step || short_runs);
    const bool native = x->dtype == plan->compute;
    plan->dense = native && (plan->by_columns ? kept_step : reduced_step) == plan->kept.size[0];
    plan->scale = 1;
    cut(plan);
}

#endif

#include "per_isa.h"

#ifdef ISA_PASS

#include "blocks.h"

// Each operation: its identity, what it makes of an element x (or of x and its center c), and how it combines a and b.
#define FOR_EACH_OPERATION(OPERATION) \
    OPERATION(SB_SUM, 0, x, a + b) \
    OPERATION(SB_PROD, 1, x, a * b) \
    OPERATION(SB_MAX, lowest, x, ((a > b) | (a != a)) ? a : b) \
    OPERATION(SB_MIN, highest, x, ((a < b) | (a != a)) ? a : b) \
    OPERATION(SB_ANY, 0, x != 0, (a > b) ? a : b) \
    OPERATION(SB_ALL, 1, x != 0, (a < b) ? a : b) \
    OPERATION(SB_SUM_SQUARES, 0, x * x, a + b) \
    OPERATION(SB_SUM_ABS, 0, x < 0 ? -x : x, a + b) \
    OPERATION(SB_COUNT_NONZERO, 0, x != 0, a + b) \
    OPERATION(SB_SUM_DEVIATIONS, 0, (x - c) * (x - c), a + b)


#define COMBINE(target, left, right, combined) \
    do { \
        const number a = left, b = right; \
        target = combined; \
    } while (0)

/// total = total combined with the elements of the next ROWS rows, which are combined as a tree.
#define FOLD_ROWS(ROWS, element, combined) \
    for (; r + ROWS <= count; r += ROWS) { \
        const char *restrict first = (const char *)rows + r * step; \
        for (intptr_t j = 0; j < width; ++j) { \
            number tree[ROWS]; \
            for (int k = 0; k < ROWS; ++k) { \
                const number x = ((const number *)(first + k * step))[j], c = centers[j]; \
                (void)c; \
                tree[k] = element; \
            } \
            for (int half = ROWS / 2; half; half /= 2) \
                for (int k = 0; k < half; ++k) COMBINE(tree[k], tree[k], tree[k + half], combined); \
            COMBINE(total[j], total[j], tree[0], combined); \
        } \
    }

#define FOLD_CASE(op, identity, element, combined) \
    case op: \
        FOLD_ROWS(8, element, combined) \
        FOLD_ROWS(1, element, combined) \
        break;

#define IDENTITY_CASE(op, identity, element, combined) case op: value = identity; break;

#define DEFINE_FOLD(number_type, lowest_number, highest_number, fold, clear) \
    /* Folds `count` rows of `width` elements, `step` bytes apart, into the totals. */ \
    static void KERNEL(fold)( \
        int op, const void *rows, intptr_t step, intptr_t count, intptr_t width, void *totals, const void *center) { \
        typedef number_type number; \
        number *restrict total = totals; \
        const number *restrict centers = center; \
        intptr_t r = 0; \
        switch (op) { FOR_EACH_OPERATION(FOLD_CASE) } \
    } \
    static void KERNEL(clear)(int op, void *totals, intptr_t count) { \
        typedef number_type number; \
        const number lowest = lowest_number, highest = highest_number; \
        number value = 0; \
        switch (op) { FOR_EACH_OPERATION(IDENTITY_CASE) } \
        for (intptr_t i = 0; i < count; ++i) ((number *)totals)[i] = value; \
    }

DEFINE_FOLD(float, -INFINITY, INFINITY, fold_floats, clear_floats)
DEFINE_FOLD(double, -INFINITY, INFINITY, fold_doubles, clear_doubles)
DEFINE_FOLD(int64_t, INT64_MIN, INT64_MAX, fold_integers, clear_integers)

static void KERNEL(fold)(
    int type, int op, const void *rows, intptr_t step, intptr_t count, intptr_t width, void *total, const void *centers) {
    switch (type) {
    case SB_FLOAT32: KERNEL(fold_floats)(op, rows, step, count, width, total, centers ? centers : rows); break;
    case SB_FLOAT64: KERNEL(fold_doubles)(op, rows, step, count, width, total, centers ? centers : rows); break;
    default: KERNEL(fold_integers)(op, rows, step, count, width, total, centers ? centers : rows);
    }
}

/// Sets `count` totals to the operation's identity.
static void KERNEL(clear)(int type, int op, void *total, intptr_t count) {
    switch (type) {
    case SB_FLOAT32: KERNEL(clear_floats)(op, total, count); break;
    case SB_FLOAT64: KERNEL(clear_doubles)(op, total, count); break;
    default: KERNEL(clear_integers)(op, total, count);
    }
}

/// `count` elements of x, `step` bytes apart, in the type of blocks.
static void KERNEL(load)(const reduction *plan, const void *x, intptr_t step, void *to, intptr_t count) {
    if (plan->compute == plan->wide) load_wide_block(plan->kept.dtype[0], x, step, to, count);
    else load_block(plan->kept.dtype[0], x, step, to, count);
}

/// Merges a block's totals into the wide ones and starts the block anew.
static void KERNEL(flush)(const reduction *plan, sb_block *block, intptr_t width, sb_block *total) {
    const void *addends = block;
    sb_block widened;
    if (plan->compute != plan->wide) {
        store_block(plan->compute, block, plan->wide, &widened, sb_element_size(plan->wide), width);
        addends = &widened;
    }
    KERNEL(fold)(plan->wide, plan->merge, addends, 0, 1, width, total, NULL);
    KERNEL(clear)(plan->compute, plan->op, block, width);
}

/// The reduced elements start ..< end of `width` neighbouring outputs, whose first element is x.
static void KERNEL(reduce_columns)(
    const reduction *plan, const char *x, intptr_t width, const sb_block *centers, intptr_t start, intptr_t end,
    sb_block *total) {
    const intptr_t kept_step = plan->kept.steps[0][0], row_step = plan->reduced.steps[0][0];
    const int size = sb_element_size(plan->compute);
    sb_block block, rows[ROWS_AT_ONCE];
    sb_cursor cursor;
    sb_cursor_seek(&plan->reduced, start, &cursor);
    KERNEL(clear)(plan->compute, plan->op, &block, width);
    KERNEL(clear)(plan->wide, plan->op, total, width);
    for (intptr_t depth = 0, count; start < end; start += count) {
        count = sb_cursor_run(&plan->reduced, &cursor);
        if (count > end - start) count = end - start;
        if (count > DEPTH - depth) count = DEPTH - depth;
        const char *from = x + (cursor.data[0] - plan->reduced.data[0]);
        if (plan->dense) {
            KERNEL(fold)(plan->compute, plan->op, from, row_step, count, width, &block, centers);
        } else {
            if (count > ROWS_AT_ONCE) count = ROWS_AT_ONCE;
            for (intptr_t r = 0; r < count; ++r)
                KERNEL(load)(plan, from + r * row_step, kept_step, (char *)rows + r * width * size, width);
            KERNEL(fold)(plan->compute, plan->op, rows, width * size, count, width, &block, centers);
        }
        depth += count;
        sb_cursor_advance(&plan->reduced, count, &cursor);
        if (depth < DEPTH && start + count < end) continue;
        KERNEL(flush)(plan, &block, width, total);
        depth = 0;
    }
}

/// The reduced elements start ..< end of the one output whose first element is x.
static void KERNEL(reduce_row)(
    const reduction *plan, const char *x, const sb_block *centers, intptr_t start, intptr_t end, sb_block *total) {
    const intptr_t step = plan->reduced.steps[0][0];
    const int size = sb_element_size(plan->compute), wide_size = sb_element_size(plan->wide);
    sb_block block, loaded;
    sb_cursor cursor;
    sb_cursor_seek(&plan->reduced, start, &cursor);
    KERNEL(clear)(plan->compute, plan->op, &block, LANES_OF_RUN);
    KERNEL(clear)(plan->wide, plan->op, total, LANES_OF_RUN);
    for (intptr_t depth = 0, count; start < end; start += count) {
        count = sb_cursor_run(&plan->reduced, &cursor);
        if (count > end - start) count = end - start;
        const intptr_t most = plan->dense ? (DEPTH - depth) * LANES_OF_RUN : BLOCK;
        if (count > most) count = most;
        const char *from = x + (cursor.data[0] - plan->reduced.data[0]);
        if (!plan->dense) {
            KERNEL(load)(plan, from, step, &loaded, count);
            from = (const char *)&loaded;
        }
        const intptr_t rows = count / LANES_OF_RUN, rest = count % LANES_OF_RUN, row = LANES_OF_RUN * size;
        KERNEL(fold)(plan->compute, plan->op, from, row, rows, LANES_OF_RUN, &block, centers);
        if (rest) KERNEL(fold)(plan->compute, plan->op, from + rows * row, 0, 1, rest, &block, centers);
        depth += rows + (rest > 0);
        sb_cursor_advance(&plan->reduced, count, &cursor);
        if (depth < DEPTH && start + count < end) continue;
        KERNEL(flush)(plan, &block, LANES_OF_RUN, total);
        depth = 0;
    }
    for (intptr_t half = LANES_OF_RUN / 2; half; half /= 2)
        KERNEL(fold)(plan->wide, plan->merge, (char *)total + half * wide_size, 0, 1, half, total, NULL);
}

/// Writes `count` totals, scaled, to y.
static void KERNEL(emit)(const reduction *plan, sb_block *total, char *y, intptr_t count) {
    if (plan->scale != 1)
        for (intptr_t i = 0; i < count; ++i) total->d[i] *= plan->scale;
    store_block(plan->wide, total, plan->kept.dtype[1], y, plan->kept.steps[1][0], count);
}

/// The totals of `count` outputs, neighbours in the innermost kept loop, of the reduced elements start ..< end.
static void KERNEL(reduce_run)(
    const reduction *plan, const sb_cursor *cursor, intptr_t count, intptr_t start, intptr_t end, sb_block *totals) {
    const bool centered = plan->op == SB_SUM_DEVIATIONS;
    const intptr_t center_step = centered ? plan->kept.steps[2][0] : 0;
    const int center_type = centered ? plan->kept.dtype[2] : 0;
    sb_block centers, lanes;
    if (plan->by_columns) {
        if (centered) load_block(center_type, cursor->data[2], center_step, &centers, count);
        KERNEL(reduce_columns)(plan, cursor->data[0], count, centered ? &centers : NULL, start, end, totals);
        return;
    }
    for (intptr_t i = 0; i < count; ++i) {
        if (centered) load_block(center_type, cursor->data[2] + i * center_step, 0, &centers, LANES_OF_RUN);
        const char *x = cursor->data[0] + i * plan->kept.steps[0][0];
        KERNEL(reduce_row)(plan, x, centered ? &centers : NULL, start, end, &lanes);
        totals->i[i] = lanes.i[0];   // eight bytes, whichever type they hold
    }
}

static void KERNEL(reduce_task)(void *context, intptr_t index) {
    const reduction *plan = context;
    const intptr_t piece = index / plan->chunks;
    intptr_t output = index % plan->chunks * plan->chunk;
    const intptr_t last = output + plan->chunk < plan->kept.count ? output + plan->chunk : plan->kept.count;
    const intptr_t start = piece * plan->piece, limit = start + plan->piece;
    const intptr_t end = limit < plan->reduced.count ? limit : plan->reduced.count;
    sb_block totals;
    sb_cursor cursor;
    sb_cursor_seek(&plan->kept, output, &cursor);
    while (output < last) {
        intptr_t count = sb_cursor_run(&plan->kept, &cursor);
        if (count > last - output) count = last - output;
        KERNEL(reduce_run)(plan, &cursor, count, start, end, &totals);
        if (plan->pieces == 1) KERNEL(emit)(plan, &totals, cursor.data[1], count);
        else memcpy((double *)plan->partial + piece * plan->kept.count + output, &totals, (size_t)count * sizeof(double));
        output += count;
        sb_cursor_advance(&plan->kept, count, &cursor);
    }
}

/// Combines the pieces' totals, in their order.
static void KERNEL(combine_pieces)(const reduction *plan) {
    const intptr_t step = plan->kept.count * (intptr_t)sizeof(double);
    sb_block totals;
    sb_cursor cursor;
    sb_cursor_seek(&plan->kept, 0, &cursor);
    for (intptr_t output = 0, count; output < plan->kept.count; output += count) {
        count = sb_cursor_run(&plan->kept, &cursor);
        if (count > BLOCK) count = BLOCK;
        KERNEL(clear)(plan->wide, plan->op, &totals, count);
        const double *partial = (const double *)plan->partial + output;
        KERNEL(fold)(plan->wide, plan->merge, partial, step, plan->pieces, count, &totals, NULL);
        KERNEL(emit)(plan, &totals, cursor.data[1], count);
        sb_cursor_advance(&plan->kept, count, &cursor);
    }
}

static void KERNEL(run_reduction)(reduction *plan) {
    if (plan->pieces > 1) plan->partial = sb_scratch((size_t)(plan->pieces * plan->kept.count) * sizeof(double));
    sb_parallel(plan->chunks * plan->pieces, KERNEL(reduce_task), plan);
    if (plan->pieces > 1) KERNEL(combine_pieces)(plan);
}

#else

void sb_reduce(int op, const sb_array *x, const sb_array *y) {
    reduction plan;
    plan_reduction(&plan, op, x, y, NULL);
    DISPATCH(run_reduction, &plan);
}

void sb_mean_variance(const sb_array *x, const sb_array *mean, const sb_array *variance) {
    reduction plan;
    plan_reduction(&plan, SB_SUM, x, mean, NULL);
    plan.scale = 1.0 / (double)plan.reduced.count;
    DISPATCH(run_reduction, &plan);
    plan_reduction(&plan, SB_SUM_DEVIATIONS, x, variance, mean);
    plan.scale = 1.0 / (double)plan.reduced.count;
    DISPATCH(run_reduction, &plan);
}

#endif
