// Sorting along a dimension. NaN is greater than every number; -0 and 0 are equal; equal elements keep their order.
#ifndef SB_SORT_H
#define SB_SORT_H

#include "array.h"

/// x's elements along `dim` in order, and where each stood (int64). Either output may be NULL.
void sb_sort(const sb_array *x, int dim, int descending, const sb_array *values, const sb_array *indices);

/// The k largest (or smallest) elements along `dim`, best first, and where each stood (int64). The outputs have size k
/// along `dim`; either may be NULL.
void sb_top_k(const sb_array *x, int dim, intptr_t k, int largest, const sb_array *values, const sb_array *indices);

#endif
