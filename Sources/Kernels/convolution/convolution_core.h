// What the convolution kernels share: one group of a convolution, and where the patch of an output element lies.
#ifndef SB_CONVOLUTION_CORE_H
#define SB_CONVOLUTION_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "convolution.h"

/// One axis. Output i (0 ..< outputs) is stored at position out_first + i · out_step of the output map. Its tap t
/// (0 ..< taps) reads input position first + i · step + t · tap_offset, and multiplies it with filter position
/// tap_first + t · tap_step.
typedef struct {
    intptr_t outputs, out_first, out_step;
    intptr_t first, step;
    intptr_t taps, tap_offset, tap_first, tap_step;
} sb_axis;

/// A channels-last map of `images` images: the channels of one group within pixels of `pixel` channels.
typedef struct {
    float *data;   // the group's first channel of the first pixel
    intptr_t images, height, width, channels, pixel;
    bool rounded;  // whether `data` holds bfloat16 and not floats, as a gradient toward rounded filters reads it
} sb_map;

/// A group's filter of size[0] × size[1] taps: strides of one output channel, one input channel and of the taps' two axes.
typedef struct {
    float *data;
    intptr_t output, input, tap[2], size[2];
    const float *panels;   // the same as sb_lay_out_filters lays it out, or NULL
} sb_filter;

/// One group of a convolution from map `in` to map `out`.
typedef struct {
    sb_map in, out;
    sb_filter filter;
    sb_axis axis[2];
    sb_conv2d_epilogue epilogue;   // from the group's first channel on; the residual lies as map `out` does
    bool rounded;                  // whether products may read bfloat16
} sb_convolution;

/// The row of the patch matrix of one output element: taps × input channels, channels running fastest.
static inline intptr_t sb_patch_size(const sb_convolution *c) {
    return c->axis[0].taps * c->axis[1].taps * c->in.channels;
}

/// How many output elements the axes name, over all images; they are numbered image by image, row by row.
static inline intptr_t sb_output_count(const sb_convolution *c) {
    return c->in.images * c->axis[0].outputs * c->axis[1].outputs;
}

/// What is added to the output that is stored at `output`; only where there is a residual.
static inline const float *sb_residual_at(const sb_convolution *c, const float *output) {
    return c->epilogue.residual + (output - c->out.data);
}

/// out = epilogue(in ∗ filter) at the outputs that the axes name, by products of patches and filters.
void sb_convolve_patches(const sb_convolution *convolution);

/// Lays the filters out as panels of output channels side by side: a row for each tap and input channel, the input channel
/// running fastest. They are that many floats.
void sb_lay_out_filters(const sb_convolution *convolution, float *panels);
size_t sb_panels_size(const sb_convolution *convolution);

/// The filters as panels: the convolution's, or a workspace where they have been laid out; to be given back.
const float *sb_take_panels(const sb_convolution *convolution);
void sb_give_panels_back(const sb_convolution *convolution, const float *panels);

/// The ways in which Winograd's algorithm computes a convolution with a filter of 3×3 taps.
typedef enum {
    SB_WINOGRAD_F4,         // stride 1, tiles of 4×4 outputs
    SB_WINOGRAD_F2,         // stride 1, tiles of 2×2 outputs
    SB_WINOGRAD_S2,         // stride 2
    SB_WINOGRAD_S2_INPUT,   // toward the input of stride 2 and padding 1; the axes are those of one with stride 1
} sb_winograd_scheme;

/// The same by Winograd's algorithm.
void sb_convolve_winograd(const sb_convolution *convolution, sb_winograd_scheme scheme);

/// The same for few input channels, whose patches are read where they lie.
void sb_convolve_windows(const sb_convolution *convolution);

/// The same for filters of one channel each: all channels of both maps at once, which filter.output leads through.
void sb_convolve_depthwise(const sb_convolution *convolution);

/// filter = Σ out · in over the outputs that the axes name: the gradient with respect to the filter, where `out` holds
/// the gradient of the output.
void sb_correlate_patches(const sb_convolution *convolution);
void sb_correlate_winograd(const sb_convolution *convolution);
void sb_correlate_windows(const sb_convolution *convolution);
void sb_correlate_depthwise(const sb_convolution *convolution);

/// in = the gradient toward the input of a forward convolution, where `out` holds the gradient of the output: for few input
/// channels.
void sb_scatter_gradient(const sb_convolution *convolution);

/// Stores the sum of `chunks` partial gradients, each [output channels][taps][input channels]; `sums` is used up.
void sb_store_filter_gradient(const sb_convolution *convolution, intptr_t chunks, float *sums);

/// A channels-last map like `map` but with each channel `times` times, contents undefined; give it back with sb_free_map.
sb_array sb_repeated_map(const sb_array *map, intptr_t times);
/// The same elements as `map` in another type, dense; give it back with sb_free_map.
sb_array sb_converted_map(const sb_array *map, int dtype);
void sb_free_map(const sb_array *map);
/// Fills such a map, or adds the channels that belong together in it.
void sb_repeat_channels(const sb_array *map, intptr_t times, const sb_array *to);
void sb_add_channels(const sb_array *repeated, intptr_t times, const sb_array *to);

/// The gradient toward a bias: the sum over all pixels of each channel of a channels-last array.
void sb_sum_pixels(const sb_array *gy, float *sums);

#endif
