// Connectionist temporal classification (Graves et al. 2006): the loss of a label sequence under all its alignments.
#ifndef SB_CTC_H
#define SB_CTC_H

#include <stdint.h>

/// log_probs is dense [T, N, C]; targets is [N, S], of which the first target_lengths[n] of a row count; `blank` is
/// the class that stands for no label. Lengths are at most T and S; labels are in 0 ..< C and not `blank`.
/// loss, [N], is -log p(targets | log_probs): +∞ where no alignment fits into input_lengths[n] steps.
/// log_alpha, [N, T, 2·S + 1], is what the backward function needs.
void sb_ctc_loss(intptr_t t, intptr_t n, intptr_t c, intptr_t s, const float *log_probs, const int64_t *targets,
                 const int64_t *input_lengths, const int64_t *target_lengths, int64_t blank, float *loss,
                 float *log_alpha);

/// glog_probs, [T, N, C], for the gradient gloss, [N], of each loss. As in PyTorch it is the gradient for the input of
/// the log-softmax that gave log_probs; passing it through that log-softmax's own gradient leaves it as it is.
/// Sequences of infinite loss give NaN, or 0 with `zero_infinity`.
void sb_ctc_loss_backward(intptr_t t, intptr_t n, intptr_t c, intptr_t s, const float *log_probs,
                          const int64_t *targets, const int64_t *input_lengths, const int64_t *target_lengths,
                          int64_t blank, int zero_infinity, const float *loss, const float *log_alpha,
                          const float *gloss, float *glog_probs);

#endif
