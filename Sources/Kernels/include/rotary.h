// Rotary position embedding.
#ifndef SB_ROTARY_H
#define SB_ROTARY_H

#include "array.h"

/// Turns the points (x[..., i], x[..., D/2 + i]) of x, [B, H, T, D], by angles whose cosines and sines, dense [T, D/2],
/// are given; by their opposites if `backwards`. y has the shape of x; float32, the last dimension of both dense.
void sb_rotary(const sb_array *x, const float *cosines, const float *sines, int backwards, const sb_array *y);

#endif
