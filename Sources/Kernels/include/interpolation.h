// Resizing of channels-last images: x is [N, H, W, C], y is [N, OH, OW, C]. For one spatial dimension use H = OH = 1.
#ifndef SB_INTERPOLATION_H
#define SB_INTERPOLATION_H

#include <stdint.h>

typedef enum {
    SB_NEAREST = 0,         // PyTorch's "nearest", off by half a pixel as it is
    SB_NEAREST_EXACT = 1,
    SB_LINEAR = 2,          // "linear", "bilinear"
    SB_CUBIC = 3,           // "bicubic"
    SB_AREA = 4,            // the mean of the pixels under an output pixel
    SB_COVERAGE = 5,        // the same, where a pixel that is partly under it counts in part (OpenCV's INTER_AREA)
    SB_COVERAGE_UP = 6,     // what OpenCV does under that name where one side grows
} sb_interpolation;

/// As torch.nn.functional.interpolate. `scale` holds the scale factors the caller was given, {height, width}, or 0
/// where only sizes were given: then it is OH/H, OW/W. align_corners and antialias apply to linear and cubic.
typedef struct {
    sb_interpolation mode;
    int align_corners, antialias;
    double scale[2];
} sb_resize;

void sb_interpolate2d(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, sb_resize resize,
                      const float *x, float *y);
/// gx is [N, H, W, C] and is overwritten; `gy_pixel` is the number of floats from one pixel of gy to the next, C or more.
void sb_interpolate2d_backward(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow,
                               sb_resize resize, const float *gy, intptr_t gy_pixel, float *gx);

#endif
