// Pooling over channels-last image memory: x is [N, H, W, C], y is [N, OH, OW, C].
#ifndef SB_POOLING_H
#define SB_POOLING_H

#include <stdint.h>

/// Pairs are {height, width}. Windows that reach beyond the padded image (ceiling mode) are cut off there.
typedef struct {
    intptr_t kernel[2], stride[2], padding[2], dilation[2];
    int count_include_pad;      // average pooling: padding counts as zeros
    intptr_t divisor_override;  // average pooling: divide by this, unless it is 0
} sb_pool2d;

/// `index`, [N, OH, OW, C], receives the position h·W + w of the first maximum of each window; it may be NULL when no
/// gradient is wanted. 32 bits, so that it takes no more memory than y. NaN wins over everything.
void sb_max_pool2d(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, sb_pool2d p,
                   const float *x, float *y, int32_t *index);
/// gx is [N, H, W, C] and is overwritten.
void sb_max_pool2d_backward(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, sb_pool2d p,
                            const float *gy, const int32_t *index, float *gx);

/// Dilation must be 1.
void sb_avg_pool2d(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, sb_pool2d p,
                   const float *x, float *y);
void sb_avg_pool2d_backward(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, sb_pool2d p,
                            const float *gy, float *gx);

/// Output position o of O averages the inputs ⌊o·H/O⌋ ..< ⌈(o + 1)·H/O⌉ along each axis.
void sb_adaptive_avg_pool2d(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, const float *x,
                            float *y);
void sb_adaptive_avg_pool2d_backward(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow,
                                     const float *gy, float *gx);
void sb_adaptive_max_pool2d(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, const float *x,
                            float *y, int32_t *index);
void sb_adaptive_max_pool2d_backward(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow,
                                     const float *gy, const int32_t *index, float *gx);

#endif
