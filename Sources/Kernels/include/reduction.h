// Reductions: many elements to one. The reduced dimensions stay, with size 1, so x and y have one rank.
//
// The order of the additions depends on the shapes only, never on the number of threads.
#ifndef SB_REDUCTION_H
#define SB_REDUCTION_H

#include "array.h"

typedef enum {
    SB_SUM,
    SB_PROD,
    SB_MAX,            // NaN wins
    SB_MIN,            // NaN wins
    SB_ANY,            // to bool
    SB_ALL,            // to bool
    SB_SUM_SQUARES,
    SB_SUM_ABS,
    SB_COUNT_NONZERO,  // to int64
} sb_reduce_op;

/// y = op over the dimensions where y has size 1. y has x's element type, unless said otherwise above; sums and
/// products of integers and bools go to int64. Nothing reduced is the operation's identity: 0, 1, the lowest or highest
/// value of the type.
void sb_reduce(sb_reduce_op op, const sb_array *x, const sb_array *y);

/// The position (int64) of the first largest, or smallest, element along `dim`, where `index` has size 1; a NaN counts
/// as the extreme. Also the element itself, in `values`, unless that is NULL.
void sb_arg_reduce(int minimum, const sb_array *x, int dim, const sb_array *index, const sb_array *values);

/// The mean and the biased variance (sum of squared deviations divided by the count) over the dimensions where `mean`
/// and `variance` have size 1, in two passes. Floating-point types only.
void sb_mean_variance(const sb_array *x, const sb_array *mean, const sb_array *variance);

#endif
