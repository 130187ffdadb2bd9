// Scaled dot-product attention that never holds the matrix of scores: only a block of it at a time.
#ifndef SB_ATTENTION_H
#define SB_ATTENTION_H

#include "array.h"

/// y = softmax(scale · q kᵀ + mask) v.
///
/// q is [B, H, T, D], k is [B, HK, S, D], v is [B, HK, S, E], y is [B, H, T, E]; float32, the last dimension dense,
/// the others with any strides. H must be a multiple of HK; H / HK neighboring heads share keys and values.
/// `mask`, [B, H, T, S] with any strides, is added to the scores; NULL for none. With `causal`, query t sees the keys
/// 0 ... t.
/// A query that sees no key at all gives 0, as in PyTorch.
/// log_sum_exp, dense [B, H, T], is what the backward function needs to recompute the weights.
void sb_attention(const sb_array *q, const sb_array *k, const sb_array *v, const sb_array *mask, int causal,
                  float scale, const sb_array *y, float *log_sum_exp);

/// Gradients of q, k and v, which have their shapes, the last dimension dense. The mask receives none.
void sb_attention_backward(const sb_array *gy, const sb_array *q, const sb_array *k, const sb_array *v,
                           const sb_array *mask, int causal, float scale, const sb_array *y,
                           const float *log_sum_exp, const sb_array *gq, const sb_array *gk, const sb_array *gv);

/// The same with the operands of all products rounded to bfloat16, weights and their gradients among them; sums are float32.
void sb_attention_rounded(const sb_array *q, const sb_array *k, const sb_array *v, const sb_array *mask, int causal,
                          float scale, const sb_array *y, float *log_sum_exp);
void sb_attention_rounded_backward(const sb_array *gy, const sb_array *q, const sb_array *k, const sb_array *v,
                                   const sb_array *mask, int causal, float scale, const sb_array *y,
                                   const float *log_sum_exp, const sb_array *gq, const sb_array *gk,
                                   const sb_array *gv);

#endif
