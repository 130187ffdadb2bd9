// Running totals along a dimension.
#ifndef SB_SCAN_H
#define SB_SCAN_H

#include "array.h"

typedef enum {
    SB_SCAN_SUM = 0,
    SB_SCAN_PROD = 1,
    SB_SCAN_MAX = 2,  // NaN wins from where it stands
    SB_SCAN_MIN = 3,
} sb_scan_op;

/// y[i] = op over x[0 ... i] along `dim`. y has x's shape; its element type is x's or, for integers, also int64.
void sb_scan(sb_scan_op op, const sb_array *x, int dim, const sb_array *y);

#endif
