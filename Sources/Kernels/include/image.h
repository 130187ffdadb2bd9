// Pictures of 8-bit pixels with interleaved channels: rows of width x channels bytes, one after the other.
//
// These run on the calling thread alone: a loader's threads call them and leave the pool to the training step.
#ifndef SB_IMAGE_H
#define SB_IMAGE_H

#include <stdint.h>

#include "interpolation.h"

/// y, [oh, ow, c], is x, [h, w, c], in another size; as OpenCV's resize of 8-bit pictures, bit for bit where mode is
/// SB_NEAREST or SB_LINEAR, else to within one gray level. mode is SB_NEAREST, SB_LINEAR, SB_CUBIC or SB_COVERAGE; all sizes
/// are at least 1.
void sb_image_resize(intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, sb_interpolation mode,
                     const uint8_t *x, uint8_t *y);

/// y, [oh, ow, c], is x, [h, w, c], seen through a projective map: the pixel (i, j) of y, i to the right, shows the
/// place (u/t, v/t) of x, where (u, v, t) = map · (i, j, 1); pixel centers have whole coordinates. Pixels between centers
/// are mixed (bilinear), or the nearest one is taken; outside x is `fill`. c is at most 4.
void sb_image_warp(intptr_t c, intptr_t h, intptr_t w, const double map[9], int nearest, uint8_t fill, intptr_t oh,
                   intptr_t ow, const uint8_t *x, uint8_t *y);

/// Turns the hue of RGB pixels by `turn` (1 is the whole circle) and multiplies saturation and value by factors, as in
/// Smith, "Color gamut transform pairs", SIGGRAPH 1978.
void sb_image_hsv(intptr_t count, float turn, float saturation, float value, uint8_t *pixels);

/// y[i] = x[i] / 255.
void sb_image_fractions(intptr_t count, const uint8_t *x, float *y);

#endif
