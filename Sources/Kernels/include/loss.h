// Cross entropy between rows of logits, [rows, classes], and class indices, [rows].
#ifndef SB_LOSS_H
#define SB_LOSS_H

#include <stdint.h>

/// With p = softmax of a row, t its target, w the class weights (NULL: ones) and s the label smoothing:
///     row_loss = -(1 - s)·w[t]·log p[t] - s/classes · Σ w[c]·log p[c]
/// Rows whose target is `ignore_index` give 0. All other targets must be in 0 ..< classes. Divide Σ row_loss by
/// Σ row_weight for the mean that PyTorch's cross_entropy gives.
/// row_loss, row_weight (w[t], 0 where ignored) and row_log_sum (log Σ exp of the logits, which the backward needs)
/// are [rows].
void sb_cross_entropy(intptr_t rows, intptr_t classes, const float *logits, const int64_t *target,
                      const float *class_weight, int64_t ignore_index, float label_smoothing, float *row_loss,
                      float *row_weight, float *row_log_sum);

/// glogits = row_scale · d row_loss / d logits, where row_scale, [rows], is the gradient of each row's loss.
/// glogits may be logits.
void sb_cross_entropy_backward(intptr_t rows, intptr_t classes, const float *logits, const int64_t *target,
                               const float *class_weight, int64_t ignore_index, float label_smoothing,
                               const float *row_log_sum, const float *row_scale, float *glogits);

#endif
