// Sampling of images at positions that a grid gives, as torch.nn.functional.grid_sample in two dimensions.
#ifndef SB_GRID_SAMPLE_H
#define SB_GRID_SAMPLE_H

#include "array.h"

typedef enum { SB_SAMPLE_BILINEAR = 0, SB_SAMPLE_NEAREST = 1, SB_SAMPLE_BICUBIC = 2 } sb_sample_mode;
typedef enum { SB_SAMPLE_ZEROS = 0, SB_SAMPLE_BORDER = 1, SB_SAMPLE_REFLECTION = 2 } sb_sample_padding;

/// With align_corners, -1 and 1 are the centers of the corner pixels, else their outer edges.
typedef struct {
    sb_sample_mode mode;
    sb_sample_padding padding;
    int align_corners;
} sb_sampling;

/// x is [N, C, H, W], grid [N, OH, OW, 2] with (horizontal, vertical) positions, y [N, C, OH, OW]; float32, any
/// strides.
void sb_grid_sample(const sb_array *x, const sb_array *grid, sb_sampling sampling, const sb_array *y);

/// Gradients of x and of the grid, which have their shapes and are overwritten; either may be NULL.
void sb_grid_sample_backward(const sb_array *gy, const sb_array *x, const sb_array *grid, sb_sampling sampling,
                             const sb_array *gx, const sb_array *ggrid);

#endif
