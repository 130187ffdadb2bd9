// Batch normalization over the columns of [rows, channels], which is channels-last image memory: rows = N·H·W.
#ifndef SB_BATCH_NORMALIZATION_H
#define SB_BATCH_NORMALIZATION_H

#include <stdint.h>

#include "activation.h"

/// Mean and biased variance of each channel, [channels]; accurate for channels far from zero.
void sb_batch_norm_statistics(intptr_t rows, intptr_t channels, const float *x, float *mean, float *variance);

/// y = activation(x·scale + shift + residual); residual, [rows, channels], may be NULL. y may be x or residual.
void sb_batch_norm_apply(intptr_t rows, intptr_t channels, const float *x, const float *scale, const float *shift,
                         const float *residual, sb_activation activation, float *y);

/// Numbers of one of two types, those of the other being NULL.
typedef struct {
    const float *floats;
    const uint16_t *bfloats;
} sb_kept;

/// What the gradient in training mode needs of the forward pass y = activation(x·scale + shift + residual), where
/// scale = rstd·weight and shift = bias − mean·scale with the batch's own mean and rstd = 1/√(variance + eps).
typedef struct {
    sb_kept x;
    const float *mean, *rstd;
    const float *weight;   // NULL for ones
    const float *scale, *shift;   // with an activation and no y
    sb_kept y;             // needed where there was a residual: then the activation may not be silu
    sb_activation activation;
} sb_batch_norm_pass;

/// The gradients of x, weight, bias and residual; each may be NULL. gx or the residual's may be gy, if that is dense.
typedef struct {
    float *x, *weight, *bias, *residual;
} sb_batch_norm_gradients;

/// `gy_step` is the number of floats from one row of gy to the next, `channels` or more.
void sb_batch_norm_backward(intptr_t rows, intptr_t channels, const float *gy, intptr_t gy_step,
                            sb_batch_norm_pass pass, sb_batch_norm_gradients gradients);

#endif
