// The inner loops of reductions: folding rows of elements, in a type to compute with, into totals. Include before
// per_isa.h and again inside a pass.
#ifndef SB_REDUCTION_FOLD_H
#define SB_REDUCTION_FOLD_H

#include "reduction.h"

/// An operation that only the kernels know: the sum of squared deviations from centers.
enum { SB_SUM_DEVIATIONS = 100 };

/// How many rows are combined as a tree before they join the totals.
enum { ROWS_AT_ONCE = 8 };

#endif

#ifdef ISA_PASS

#define fold_columns KERNEL(sb_fold_columns)
#define fold_runs KERNEL(sb_fold_runs)
#define clear_totals KERNEL(sb_clear_totals)

/// total[j] = op(total[j], rows[0][j], …, rows[count - 1][j]) for j in 0 ..< width. Rows are `step` bytes apart; all
/// numbers are of `type`, one to compute with. centers[j] is what column j deviates from, for SB_SUM_DEVIATIONS alone.
void fold_columns(
    int type, int op, const void *rows, intptr_t step, intptr_t count, intptr_t width, void *total, const void *centers);

/// totals[r] = op(totals[r], runs[r][0], …, runs[r][length - 1]) for r in 0 ..< count. Runs are `step` bytes apart and
/// dense; totals are of the wide type that goes with `type`. centers[r] is what run r deviates from.
void fold_runs(
    int type, int op, const void *runs, intptr_t step, intptr_t count, intptr_t length, void *totals,
    const void *centers);

/// Sets `count` totals to the operation's identity.
void clear_totals(int type, int op, void *totals, intptr_t count);

#endif
