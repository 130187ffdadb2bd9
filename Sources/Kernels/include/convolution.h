// Two-dimensional convolution in float32 and its two gradients.
//
// Shapes are x [N, C, H, W], w [O, C / groups, KH, KW], y [N, O, OH, OW]; gx is like x, gy like y, gw like w. In memory
// x, y, gx and gy are channels last: N, H, W, C with C running fastest. w and gw may have any strides.
//
//     y[n, o, i, j] = Σ_{c, a, b} w[o, c, a, b] · x[n, c, i·stride − padding + a·dilation, j·stride − padding + b·dilation]
//
// where x counts as 0 outside its borders. The padding after the last row and column follows from the size of y.
#ifndef SB_CONVOLUTION_H
#define SB_CONVOLUTION_H

#include <stddef.h>
#include <stdint.h>

#include "activation.h"
#include "array.h"

/// Pairs are height, width; padding is what lies before the first row and column. `rounded` allows products to read operands
/// rounded to bfloat16, which those of Winograd's algorithm do: see sb_set_winograd.
typedef struct {
    intptr_t stride[2], padding[2], dilation[2], groups;
    int rounded;
} sb_conv2d;

/// What is done to each output before it is stored: activation(sum + bias + residual).
typedef struct {
    const float *bias;       // O elements, or NULL
    const float *residual;   // as y lies in memory, but not y itself; or NULL
    sb_activation activation;
} sb_conv2d_epilogue;

/// y = activation(x ∗ w + bias + residual). `panels` is w as sb_conv2d_lay_out lays it out, or NULL.
void sb_conv2d_forward(const sb_array *x, const sb_array *w, const float *panels, sb_conv2d p,
                       sb_conv2d_epilogue epilogue, const sb_array *y);

/// Lays filters out for many forward convolutions, each of which otherwise does it anew. They take that many floats: 0 where
/// forward convolutions read them as they lie. The panels fit the instruction set of this process only.
void sb_conv2d_lay_out(const sb_array *w, sb_conv2d p, float *panels);
size_t sb_conv2d_panels_size(const sb_array *w, sb_conv2d p);

/// gx from gy: the gradient of the forward with respect to x, and the forward of a transposed convolution.
void sb_conv2d_input_gradient(const sb_array *gy, const sb_array *w, sb_conv2d p, const sb_array *gx);

/// gw from x and gy, and gbias (O elements, or NULL) as the sums of gy over N, OH and OW. x may be of bfloat16: products that are
/// rounded read it so, and others convert it first.
void sb_conv2d_weight_gradient(const sb_array *x, const sb_array *gy, sb_conv2d p, const sb_array *gw, float *gbias);

/// Allows (1, the default) or forbids (0) Winograd's algorithm for 3×3 filters on the calling thread; returns what was set
/// before. It is 2 to 3 times faster than the direct sum; its rounding errors are a few times larger: at most 1e-5 of the
/// largest result for data of mean 0 and variance 1. Rounded, the error is 1.2 % of the result (the norms of both) with
/// stride 1, 0.8 % with stride 2; a direct sum of rounded operands has 0.25 %, but is no faster than the algorithm in float32.
int sb_set_winograd(int enabled);

#endif
