#define SOURCE "reduction/reduction.c"
#include "foundation/blocks.h"
#include "foundation/loop.h"
#include "reduction_fold.h"

// How a reduction goes. The kept dimensions form one walk, the reduced ones another. A task takes a chunk of the kept
// walk and a piece of the reduced one, and folds it:
//
// - by columns, where x is denser along a kept dimension: a block of neighboring outputs, row after row;
// - by runs, where x is denser along a reduced one: each output by itself.
//
// At most DEPTH elements, or trees of elements, are summed one after another in float, the sums in double, and pieces
// in their order. Chunks and pieces depend on the shapes only.

#ifndef ISA_PASS

enum { DEPTH = 64 };

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

/// Tasks of about ELEMENTS elements, for which the reduced walk is cut only where the kept one has too few outputs.
static void cut(reduction *plan) {
    enum { ELEMENTS = 32 * 1024, MOST_TASKS = 64 };
    const intptr_t kept = plan->kept.count, reduced = plan->reduced.count;
    plan->chunk = plan->by_columns || !reduced ? BLOCK : ELEMENTS / reduced;
    plan->chunk = plan->chunk < 1 ? 1 : plan->chunk > BLOCK ? BLOCK : plan->chunk;
    plan->chunks = (kept + plan->chunk - 1) / plan->chunk;
    const intptr_t needed = kept * reduced / ELEMENTS < MOST_TASKS ? kept * reduced / ELEMENTS : MOST_TASKS;
    plan->pieces = plan->chunks ? needed / plan->chunks : 1;
    if (plan->pieces > reduced / DEPTH) plan->pieces = reduced / DEPTH;
    if (plan->pieces < 1) plan->pieces = 1;
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

#include "foundation/per_isa.h"

#ifdef ISA_PASS

#include "foundation/blocks.h"
#include "reduction_fold.h"

/// `count` elements of x, `step` bytes apart, in the type of blocks.
static void KERNEL(load)(const reduction *plan, const void *x, intptr_t step, void *to, intptr_t count) {
    if (plan->compute == plan->wide) load_wide_block(plan->kept.dtype[0], x, step, to, count);
    else load_block(plan->kept.dtype[0], x, step, to, count);
}

/// Merges a block's totals into the wide ones and starts the block anew.
static void KERNEL(flush)(const reduction *plan, sb_block *block, intptr_t width, sb_block *total) {
    sb_block widened;
    load_wide_block(plan->compute, block, sb_element_size(plan->compute), &widened, width);
    fold_columns(plan->wide, plan->merge, &widened, 0, 1, width, total, NULL);
    clear_totals(plan->compute, plan->op, block, width);
}

/// How many dense rows of `width` elements make one wide enough for vectors.
static intptr_t KERNEL(rows_in_one)(const reduction *plan, intptr_t width) {
    enum { WIDE_ROW = 128 };
    const bool follow = plan->dense && plan->reduced.steps[0][0] == width * plan->kept.size[0];
    return follow && plan->op != SB_SUM_DEVIATIONS && 2 * width <= WIDE_ROW ? WIDE_ROW / width : 1;
}

/// Folds the next `count` rows, from `from` on, into the block.
static void KERNEL(fold_rows)(
    const reduction *plan, const char *from, intptr_t count, intptr_t width, intptr_t rows_in_one,
    const sb_block *centers, sb_block *block) {
    const intptr_t kept_step = plan->kept.steps[0][0], step = plan->reduced.steps[0][0];
    const int size = sb_element_size(plan->compute);
    if (plan->dense) {
        const intptr_t wide_rows = count / rows_in_one, rest = count % rows_in_one;
        fold_columns(plan->compute, plan->op, from, step * rows_in_one, wide_rows, width * rows_in_one, block, centers);
        fold_columns(plan->compute, plan->op, from + (count - rest) * step, step, rest, width, block, centers);
        return;
    }
    sb_block rows[ROWS_AT_ONCE];
    for (intptr_t done = 0, some; done < count; done += some) {
        some = count - done < ROWS_AT_ONCE ? count - done : ROWS_AT_ONCE;
        for (intptr_t r = 0; r < some; ++r)
            KERNEL(load)(plan, from + (done + r) * step, kept_step, (char *)rows + r * width * size, width);
        fold_columns(plan->compute, plan->op, rows, width * size, some, width, block, centers);
    }
}

/// The reduced elements start ..< end of `width` neighboring outputs, the first of which begins at x.
static void KERNEL(reduce_columns)(
    const reduction *plan, const char *x, intptr_t width, const sb_block *centers, intptr_t start, intptr_t end,
    sb_block *totals) {
    const intptr_t rows_in_one = KERNEL(rows_in_one)(plan, width), most = DEPTH * rows_in_one;
    sb_block block;
    sb_cursor cursor;
    sb_cursor_seek(&plan->reduced, start, &cursor);
    clear_totals(plan->compute, plan->op, &block, width * rows_in_one);
    clear_totals(plan->wide, plan->op, totals, width * rows_in_one);
    for (intptr_t depth = 0, count; start < end; start += count) {
        count = sb_cursor_run(&plan->reduced, &cursor);
        if (count > end - start) count = end - start;
        if (count > most - depth) count = most - depth;
        const char *from = x + (cursor.data[0] - plan->reduced.data[0]);
        KERNEL(fold_rows)(plan, from, count, width, rows_in_one, centers, &block);
        depth += count;
        sb_cursor_advance(&plan->reduced, count, &cursor);
        if (depth < most && start + count < end) continue;
        KERNEL(flush)(plan, &block, width * rows_in_one, totals);
        depth = 0;
    }
    const intptr_t row = width * (intptr_t)sizeof(double);
    fold_columns(plan->wide, plan->merge, (char *)totals + row, row, rows_in_one - 1, width, totals, NULL);
}

/// The reduced elements start ..< end of each of `count` outputs, the first of which begins at x.
static void KERNEL(reduce_runs)(
    const reduction *plan, const char *x, intptr_t count, const sb_block *centers, intptr_t start, intptr_t end,
    sb_block *totals) {
    const intptr_t kept_step = plan->kept.steps[0][0], step = plan->reduced.steps[0][0];
    const intptr_t most = plan->dense ? DEPTH * 64 : BLOCK;
    const int size = sb_element_size(plan->compute);
    sb_cursor cursor;
    sb_cursor_seek(&plan->reduced, start, &cursor);
    clear_totals(plan->wide, plan->op, totals, count);
    for (intptr_t length; start < end; start += length) {
        length = sb_cursor_run(&plan->reduced, &cursor);
        if (length > end - start) length = end - start;
        if (length > most) length = most;
        const char *from = x + (cursor.data[0] - plan->reduced.data[0]);
        if (plan->dense) fold_runs(plan->compute, plan->op, from, kept_step, count, length, totals, centers);
        for (intptr_t r = 0; r < count && !plan->dense; ++r) {
            sb_block run;
            KERNEL(load)(plan, from + r * kept_step, step, &run, length);
            const char *center = centers ? (const char *)centers + r * size : NULL;
            fold_runs(plan->compute, plan->op, &run, 0, 1, length, totals->d + r, center);
        }
        sb_cursor_advance(&plan->reduced, length, &cursor);
    }
}

/// Writes `count` totals, scaled, to y.
static void KERNEL(emit)(const reduction *plan, sb_block *total, char *y, intptr_t count) {
    if (plan->scale != 1)
        for (intptr_t i = 0; i < count; ++i) total->d[i] *= plan->scale;
    store_block(plan->wide, total, plan->kept.dtype[1], y, plan->kept.steps[1][0], count);
}

/// The totals of `count` outputs, neighbors in the innermost kept loop, of the reduced elements start ..< end.
static void KERNEL(reduce_outputs)(
    const reduction *plan, const sb_cursor *cursor, intptr_t count, intptr_t start, intptr_t end, sb_block *totals) {
    const bool centered = plan->op == SB_SUM_DEVIATIONS;
    sb_block block, *centers = centered ? &block : NULL;
    if (centered) load_block(plan->kept.dtype[2], cursor->data[2], plan->kept.steps[2][0], centers, count);
    if (plan->by_columns) KERNEL(reduce_columns)(plan, cursor->data[0], count, centers, start, end, totals);
    else KERNEL(reduce_runs)(plan, cursor->data[0], count, centers, start, end, totals);
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
        KERNEL(reduce_outputs)(plan, &cursor, count, start, end, &totals);
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
        clear_totals(plan->wide, plan->op, &totals, count);
        const double *partial = (const double *)plan->partial + output;
        fold_columns(plan->wide, plan->merge, partial, step, plan->pieces, count, &totals, NULL);
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

void sb_reduce(sb_reduce_op op, const sb_array *x, const sb_array *y) {
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
