// Attention where each head has one query.
#ifndef SB_ATTENTION_SINGLE_H
#define SB_ATTENTION_SINGLE_H

#include "array.h"

/// As sb_attention, for q of [B, H, 1, D].
void sb_attention_single(const sb_array *q, const sb_array *k, const sb_array *v, const sb_array *mask, int causal,
                         float scale, const sb_array *y, float *log_sum_exp);

#endif
