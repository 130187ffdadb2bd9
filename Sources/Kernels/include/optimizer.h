// Optimizer steps, each in one pass over a parameter of n elements and its state. `gradient_scale` multiplies the
// gradient first (clipping by norm, loss scaling); 1 leaves it as it is.
#ifndef SB_OPTIMIZER_H
#define SB_OPTIMIZER_H

#include <stdint.h>

/// torch.optim.SGD. With g = gradient + weight_decay·p:
///     buffer = first_step ? g : momentum·buffer + (1 - dampening)·g
///     p -= lr · (nesterov ? g + momentum·buffer : buffer)
/// Without momentum momentum_buffer is NULL, and g takes the place of the buffer.
void sb_sgd_step(intptr_t n, float *p, const float *g, float *momentum_buffer, float lr, float momentum,
                 float dampening, float weight_decay, int nesterov, int first_step, float gradient_scale);

/// torch.optim.Adam, or AdamW when `decoupled`: then the weight decay is p -= lr·weight_decay·p instead of a part of
/// the gradient. m and v are the moments, vmax the largest v so far (amsgrad) or NULL. `step` counts from 1.
void sb_adam_step(intptr_t n, float *p, const float *g, float *m, float *v, float *vmax, float lr, float beta1,
                  float beta2, float eps, float weight_decay, int decoupled, int64_t step, float gradient_scale);

/// Σ x², summed in double.
double sb_sum_of_squares(intptr_t n, const float *x);
/// average = decay·average + (1 - decay)·value
void sb_ema(intptr_t n, float *average, const float *value, float decay);

#endif
