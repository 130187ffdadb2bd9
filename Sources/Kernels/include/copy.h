// Copies between any memory orders and element types.
#ifndef SB_COPY_H
#define SB_COPY_H

#include "array.h"

/// y = x, converted to y's element type. Floating point to integer cuts off the fraction, stops at the type's ends and
/// makes NaN 0; to a shorter floating-point type rounds to nearest even; to bool asks whether the element is not 0;
/// integer to shorter integer keeps the low bits. x and y have one shape and do not overlap.
void sb_copy(const sb_array *x, const sb_array *y);

/// Every element of y becomes `value`, or `integer` where y holds integers or bools.
void sb_fill(const sb_array *y, double value, int64_t integer);

#endif
