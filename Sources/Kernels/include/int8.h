// Inference in whole numbers of 8 bits: maps of bytes, and convolutions of them.
//
// A map holds numbers in bytes: number = scale · (byte - zero). In memory it is channels last: N, H, W, C, with `pixel` bytes from
// one pixel to the next, at least C, so that a map can be some of the channels of a larger one. Filters are signed bytes from
// -127 to 127 with one scale for each output. Sums are exact; every instruction set gives the same bits.
#ifndef SB_INT8_H
#define SB_INT8_H

#include <stddef.h>
#include <stdint.h>

#include "activation.h"

typedef struct {
    uint8_t *data;      // the first channel of the first pixel; NULL for no map
    intptr_t pixel;     // bytes from one pixel to the next
    float scale;
    int32_t zero;       // 0 to 255
} sb_int8_map;

/// Sizes of a convolution. Pairs are height, width; padding is what lies before the first row and column, and counts as 0.
typedef struct {
    intptr_t images, channels, outputs;
    intptr_t input[2], output[2], kernel[2], stride[2], padding[2], dilation[2];
} sb_int8_shape;

/// What is done to each sum before it is stored. With r the residual's number:
///
///     v = scale[o] · sum + bias[o];  y = activation(v + r), or activation(v) + r;  low <= y <= high
typedef struct {
    const float *scale;        // one for each output: that of the input times that of the filter
    const float *bias;         // one for each output
    sb_activation activation;
    float low, high;           // bounds, or infinities
    sb_int8_map residual;      // as the result lies, but `pixel` may differ; or
    const float *floats;       // floats, `float_pixel` of them from one pixel to the next; or neither: NULL
    intptr_t float_pixel;
    int residual_last;         // whether it is added after the activation
} sb_int8_epilogue;

/// Where results go: to a map, or as floats with `float_pixel` of them from one pixel to the next.
typedef struct {
    sb_int8_map map;
    float *floats;             // NULL where results are bytes
    intptr_t float_pixel;
} sb_int8_result;

/// Filters w [O, KH, KW, C] laid out for sb_int8_convolution: panels of that many bytes, and for each output the sum of its
/// filter, by which the input's zero is made up for. The same on every instruction set.
size_t sb_int8_panels_size(const sb_int8_shape *shape);
void sb_int8_lay_out(const int8_t *w, const sb_int8_shape *shape, int8_t *panels, int32_t *sums);

/// At most that many products a sum.
enum { SB_INT8_TERMS = 66311 };

/// y = epilogue(x ∗ w). A sum has KH · KW · C products.
void sb_int8_convolution(const sb_int8_map *x, const int8_t *panels, const int32_t *sums, const sb_int8_shape *shape,
                         const sb_int8_epilogue *epilogue, const sb_int8_result *y);

/// The same with one filter for each channel, w [KH, KW, C]: C outputs. A sum has KH · KW products.
void sb_int8_depthwise(const sb_int8_map *x, const int8_t *w, const sb_int8_shape *shape, const sb_int8_epilogue *epilogue,
                       const sb_int8_result *y);

/// Bytes of `pixels` pixels of floats, `x_pixel` floats apart, rounded to even; and the floats of bytes.
void sb_int8_quantize(intptr_t pixels, intptr_t channels, const float *x, intptr_t x_pixel, const sb_int8_map *y);
void sb_int8_dequantize(intptr_t pixels, intptr_t channels, const sb_int8_map *x, float *y, intptr_t y_pixel);

/// The largest bytes of windows; padding never wins. Uses no outputs of the shape. Both maps have one scale and zero.
void sb_int8_max_pool(const sb_int8_map *x, const sb_int8_shape *shape, const sb_int8_map *y);
/// Every pixel `factor[0]` times below and `factor[1]` times beside itself. Uses images, channels and input of the shape.
void sb_int8_repeat(const sb_int8_map *x, const sb_int8_shape *shape, const intptr_t factor[2], const sb_int8_map *y);
/// Copies pixels from one map to another of the same scale and zero.
void sb_int8_copy(intptr_t pixels, intptr_t channels, const sb_int8_map *x, const sb_int8_map *y);
/// y = a + b, each with its own scale and zero.
void sb_int8_add(intptr_t pixels, intptr_t channels, const sb_int8_map *a, const sb_int8_map *b, const sb_int8_map *y);

#endif
