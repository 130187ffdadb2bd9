// Bilinear resizing of 8-bit pixels, bit for bit as OpenCV's `resize`.
#ifndef SB_IMAGE_BILINEAR_H
#define SB_IMAGE_BILINEAR_H

#include <stdint.h>

/// y, [oh, ow, c], is x, [h, w, c], in another size; all sizes are at least 1.
void sb_image_resize_bilinear(intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, const uint8_t *x,
                              uint8_t *y);

#endif
