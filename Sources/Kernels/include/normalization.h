// Layer and RMS normalization over the last dimension of [rows, cols]. Weights and biases are [cols]; mean and rstd
// (1/√(variance + eps)) are [rows] and are what the backward functions need from the forward ones.
#ifndef SB_NORMALIZATION_H
#define SB_NORMALIZATION_H

#include <stdint.h>

/// y = (x - mean)·rstd·weight + bias; weight and bias may be NULL. Rows far from zero keep their accuracy.
void sb_layer_norm(intptr_t rows, intptr_t cols, const float *x, const float *weight, const float *bias, float eps,
                   float *y, float *mean, float *rstd);
/// Each of gx, gweight, gbias may be NULL: then it is not computed. gx may be gy.
void sb_layer_norm_backward(intptr_t rows, intptr_t cols, const float *gy, const float *x, const float *weight,
                            const float *mean, const float *rstd, float *gx, float *gweight, float *gbias);

/// y = x·rstd·weight, rstd = 1/√(mean of x² + eps); weight may be NULL.
void sb_rms_norm(intptr_t rows, intptr_t cols, const float *x, const float *weight, float eps, float *y, float *rstd);
/// Each of gx, gweight may be NULL. gx may be gy.
void sb_rms_norm_backward(intptr_t rows, intptr_t cols, const float *gy, const float *x, const float *weight,
                          const float *rstd, float *gx, float *gweight);

#endif
