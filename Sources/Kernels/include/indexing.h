// Reading and writing by index.
//
// Index arrays are int64 and every index lies in 0 ..< size: check with sb_check_indices and fold negative ones with
// sb_normalize_indices first. Movement works for every element type, arithmetic for all but bool (which stays "or").
// Where indices repeat, results are combined in the order of the index array: bits do not depend on threads.
#ifndef SB_INDEXING_H
#define SB_INDEXING_H

#include <stdbool.h>

#include "array.h"

/// Which whole numbers name one of `limit` places.
typedef struct {
    int64_t limit;
    int64_t ignored; // names no place and is in range all the same, where `has_ignored`
    bool has_ignored;
    bool wraps;      // whether negative ones count from the end, or are out of range
} sb_index_range;

/// found[0]: the position, in logical order, of the first index out of range, or -1; found[1]: its value; found[2]:
/// whether an index before it counts from the end.
void sb_check_indices(const sb_array *index, const sb_index_range *range, int64_t *found);
/// out = index, plus `limit` where it counts from the end; `ignored`, or else 0, where it is out of range.
void sb_normalize_indices(const sb_array *index, const sb_index_range *range, const sb_array *out);

/// y = the slices of x along `dim` that the one-dimensional `index` names. y has size index.shape[0] along `dim`.
void sb_index_select(const sb_array *x, int dim, const sb_array *index, const sb_array *y);
/// Adds alpha times each slice of `source` along `dim` to the slice of y that `index` names.
void sb_index_add(const sb_array *y, int dim, const sb_array *index, const sb_array *source, double alpha);
/// Writes each slice of `source` along `dim` over the slice of y that `index` names; the last one wins.
void sb_index_copy(const sb_array *y, int dim, const sb_array *index, const sb_array *source);

/// y[…, i, …] = x[…, index[…, i, …], …] along `dim`. `index` has y's shape, which fits in x's except along `dim`.
void sb_gather(const sb_array *x, int dim, const sb_array *index, const sb_array *y);

typedef enum { SB_SCATTER_SET, SB_SCATTER_ADD, SB_SCATTER_PROD, SB_SCATTER_MAX, SB_SCATTER_MIN } sb_scatter_op;

/// y[…, index[…, i, …], …] = op(itself, source[…, i, …]) along `dim`. `source` has index's shape.
void sb_scatter(sb_scatter_op op, const sb_array *y, int dim, const sb_array *index, const sb_array *source);

/// y[i] = x.data[index[i]]: indices are offsets, in elements, into x's contiguous memory. y has index's shape.
void sb_take(const sb_array *x, const sb_array *index, const sb_array *y);
/// y.data[index[i]] = values[i], or += when `accumulate`, into y's contiguous memory. `values` has index's shape.
void sb_put(const sb_array *y, const sb_array *index, const sb_array *values, int accumulate);

/// The number of elements of x that are not 0. Unless `out` is NULL, also their coordinates in logical order, as the
/// rows of `out` (int64, [count, rank of x]).
intptr_t sb_nonzero(const sb_array *x, const sb_array *out);

#endif
