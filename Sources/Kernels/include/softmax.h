// Softmax and its logarithm. In the backward functions `y` is what the forward function returned.
#ifndef SB_SOFTMAX_H
#define SB_SOFTMAX_H

#include <stdint.h>

/// Over the last dimension of [rows, cols]. A row that holds NaN, +∞ or only -∞ becomes NaN. y may be x.
void sb_softmax(intptr_t rows, intptr_t cols, const float *x, float *y);
void sb_log_softmax(intptr_t rows, intptr_t cols, const float *x, float *y);

/// gx = y·(gy - Σ gy·y). gx may be gy.
void sb_softmax_backward(intptr_t rows, intptr_t cols, const float *gy, const float *y, float *gx);
/// gx = gy - e^y · Σ gy. gx may be gy.
void sb_log_softmax_backward(intptr_t rows, intptr_t cols, const float *gy, const float *y, float *gx);

/// Over the middle dimension of [outer, n, inner]; `log` other than 0 gives the logarithm.
void sb_softmax_strided(intptr_t outer, intptr_t n, intptr_t inner, const float *x, float *y, int log);
void sb_softmax_strided_backward(intptr_t outer, intptr_t n, intptr_t inner, const float *gy, const float *y,
                                 float *gx, int log);

#endif
