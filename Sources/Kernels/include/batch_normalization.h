// Batch normalization over the columns of [rows, channels], which is channels-last image memory: rows = N·H·W.
#ifndef SB_BATCH_NORMALIZATION_H
#define SB_BATCH_NORMALIZATION_H

#include <stdint.h>

/// Mean and biased variance of each channel, [channels]; accurate for channels far from zero.
void sb_batch_norm_statistics(intptr_t rows, intptr_t channels, const float *x, float *mean, float *variance);

/// y = activation(x·scale + shift + residual); residual, [rows, channels], may be NULL. y may be x or residual.
/// activation: 0 none, 1 relu, 2 silu.
void sb_batch_norm_apply(intptr_t rows, intptr_t channels, const float *x, const float *scale, const float *shift,
                         const float *residual, int activation, float *y);

/// The gradient in training mode, where mean and rstd (1/√(variance + eps)) are the batch's own. weight may be NULL
/// (ones); each of gx, gweight, gbias may be NULL. gx may be gy.
void sb_batch_norm_backward(intptr_t rows, intptr_t channels, const float *gy, const float *x, const float *mean,
                            const float *rstd, const float *weight, float *gx, float *gweight, float *gbias);

#endif
