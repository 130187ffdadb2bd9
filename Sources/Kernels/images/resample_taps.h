// Along one axis, every interpolation is a weighted sum of neighboring inputs: `taps` holds the weights.
#ifndef SB_RESAMPLE_TAPS_H
#define SB_RESAMPLE_TAPS_H

#include "interpolation.h"

/// Output position o is Σ weights[o·most + i] · input[start[o] + i], i < count[o].
/// idle[o] is the input, counted from the first, on which taps from outside of the image fell that do not all have weights of
/// one sign, or −1: as in PyTorch, their sum is NaN where the input is infinite.
typedef struct {
    intptr_t out, most;
    int32_t *start, *count, *idle;
    float *weights;
} sb_taps;

/// Taps from `size` inputs to `out` outputs; axis 0 is height, 1 is width. Free with sb_taps_free.
sb_taps sb_taps_make(intptr_t size, intptr_t out, const sb_resize *resize, int axis);
void sb_taps_free(sb_taps taps);

#endif
