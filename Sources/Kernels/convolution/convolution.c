// Chooses how a convolution is computed.
#include "convolution.h"

#include <stddef.h>

#include "convolution_core.h"
#include "foundation/loop.h"
#include "matmul.h"

static _Thread_local bool winograd_forbidden;

int sb_set_winograd(int enabled) {
    const bool before = !winograd_forbidden;
    winograd_forbidden = !enabled;
    return before;
}

static bool is_empty(const sb_array *a) {
    for (int i = 0; i < a->rank; ++i)
        if (a->shape[i] == 0) return true;
    return false;
}

// Each group is a convolution of its own; but where every channel is a group, they are all done at once.
static bool is_depthwise(const sb_array *w, sb_conv2d p) {
    return p.groups > 1 && w->shape[0] == p.groups && w->shape[1] == 1;
}

// How often each channel must be repeated to make a depthwise convolution of one with several filters for a channel.
static intptr_t repetitions(const sb_array *w, sb_conv2d p) {
    return p.groups > 1 && w->shape[1] == 1 && w->shape[0] > p.groups ? w->shape[0] / p.groups : 1;
}

static sb_conv2d as_depthwise(const sb_array *w, sb_conv2d p) {
    p.groups = w->shape[0];
    return p;
}

static intptr_t convolution_count(const sb_array *w, sb_conv2d p) { return is_depthwise(w, p) ? 1 : p.groups; }

static sb_map map_of(const sb_array *a, intptr_t groups, intptr_t group) {
    const intptr_t channels = a->shape[1] / groups;
    char *data = (char *)a->data + group * channels * sb_element_size(a->dtype);
    return (sb_map){(float *)data, a->shape[0], a->shape[2], a->shape[3], channels, a->strides[3],
                    a->dtype == SB_BFLOAT16};
}

// `backward` exchanges the roles of input and output channels.
static sb_filter filter_of(const sb_array *w, sb_conv2d p, intptr_t group, bool backward) {
    const intptr_t height = w->shape[2], width = w->shape[3], down = w->strides[2], right = w->strides[3];
    if (is_depthwise(w, p)) return (sb_filter){w->data, w->strides[0], 0, {down, right}, {height, width}, NULL};
    float *data = (float *)w->data + group * (w->shape[0] / p.groups) * w->strides[0];
    const intptr_t output = w->strides[backward], input = w->strides[!backward];
    return (sb_filter){data, output, input, {down, right}, {height, width}, NULL};
}

static sb_axis forward_axis(sb_conv2d p, int i, intptr_t taps, intptr_t outputs) {
    return (sb_axis){outputs, 0, 1, -p.padding[i], p.stride[i], taps, p.dilation[i], 0, 1};
}

static sb_convolution forward_convolution(const sb_array *x, const sb_array *w, const sb_array *y, sb_conv2d p,
                                          intptr_t group) {
    const intptr_t count = convolution_count(w, p);
    return (sb_convolution){map_of(x, count, group), map_of(y, count, group), filter_of(w, p, group, false),
                            {forward_axis(p, 0, w->shape[2], y->shape[2]), forward_axis(p, 1, w->shape[3], y->shape[3])},
                            {.activation = SB_ACT_NONE}, p.rounded};
}

enum {
    WINDOW_INPUTS = 64,          // up to so many, windows that are read in place are faster than patches that are copied
    WINDOW_OUTPUTS = 3,          // in a row, as windows are multiplied row by row; fewer leave most of a tile empty
    WINDOW_FILTER_INPUTS = 32,   // up to so many toward the filters,
    WINDOW_FILTER_OUTPUTS = 5,   // with so many outputs an image for each; fewer do not make up for adding image by image
    SCATTER_INPUTS = 15,         // up to so many do not fill a vector of results
    WINOGRAD_INPUTS = 16,        // fewer do not make up for the transforms
    WINOGRAD_OUTPUTS = 8,
    STRIDED_INPUTS = 32,         // the same with stride 2, where more is transformed for each product
    STRIDED_OUTPUTS = 16,
    ROUNDED_OUTPUTS = 32,        // toward the filters, fewer do not make up for rounding
};

static bool allows_winograd(const sb_convolution *c, intptr_t inputs, intptr_t outputs) {
    return c->in.channels >= inputs && c->out.channels >= outputs && !winograd_forbidden;
}

// Whether an axis has three taps that follow each other, with the given step from output to output.
static bool has_three_taps(const sb_axis *axis, intptr_t step) {
    return axis->taps == 3 && axis->tap_step == 1 && axis->step == step && axis->out_step == 1 &&
           (axis->tap_offset == 1 || (axis->tap_offset == -1 && step == 1));
}

// Whether the convolution is one of 3×3 taps with the given step and enough channels.
static bool fits_winograd(const sb_convolution *c, intptr_t step) {
    return has_three_taps(&c->axis[0], step) && has_three_taps(&c->axis[1], step) &&
           (step == 1 ? allows_winograd(c, WINOGRAD_INPUTS, WINOGRAD_OUTPUTS)
                      : allows_winograd(c, STRIDED_INPUTS, STRIDED_OUTPUTS));
}

// The time of a convolution with tiles of `size` × `size` outputs and that many products in each, in products. What the
// transforms of the filters take is given as a number of tiles. Measured with 256 channels.
static intptr_t tiled_time(const sb_convolution *c, intptr_t size, intptr_t products, intptr_t filters) {
    const intptr_t rows = (c->out.height + size - 1) / size, columns = (c->out.width + size - 1) / size;
    return products * (c->in.images * rows * columns + filters);
}

// Whether Winograd's algorithm is the fastest way to the gradient of the filters: its transforms of them cost more here,
// where all products of a tile's position are summed up first.
static bool correlates_tiles(const sb_convolution *c) {
    return fits_winograd(c, 1) && tiled_time(c, 4, 36, 12) <= tiled_time(c, 1, 7, 0);
}

// Computes a convolution by Winograd's algorithm where that is the fastest way.
static bool convolve_tiles(const sb_convolution *c) {
    const intptr_t direct = tiled_time(c, 1, 7, 0);   // 9 products, without transforms
    if (fits_winograd(c, 1)) {
        const intptr_t large = tiled_time(c, 4, 36, 5), small = tiled_time(c, 2, 16, 7);
        if (direct < large && direct < small) return false;
        sb_convolve_winograd(c, small < large ? SB_WINOGRAD_F2 : SB_WINOGRAD_F4);
        return true;
    }
    if (!fits_winograd(c, 2) || direct < tiled_time(c, 4, 81, 5)) return false;
    sb_convolve_winograd(c, SB_WINOGRAD_S2);
    return true;
}

// Whether there are at most `inputs` input channels, but several taps.
static bool has_few_inputs(const sb_convolution *c, intptr_t inputs) {
    return c->in.channels <= inputs && c->axis[0].taps * c->axis[1].taps > 1;
}

static bool convolves_windows(const sb_convolution *c) {
    return has_few_inputs(c, WINDOW_INPUTS) && c->axis[1].outputs >= WINDOW_OUTPUTS;
}

static bool correlates_windows(const sb_convolution *c) {
    return has_few_inputs(c, WINDOW_FILTER_INPUTS) &&
           c->axis[0].outputs * c->axis[1].outputs >= WINDOW_FILTER_OUTPUTS * c->in.channels;
}

static void convolve(const sb_convolution *c, bool depthwise) {
    if (sb_output_count(c) == 0) return;
    if (depthwise) sb_convolve_depthwise(c);
    else if (convolve_tiles(c)) return;
    else if (convolves_windows(c)) sb_convolve_windows(c);
    else sb_convolve_patches(c);
}

static bool correlates_rounded(const sb_convolution *c) { return c->rounded && c->out.channels >= ROUNDED_OUTPUTS; }

static void correlate(const sb_convolution *c, bool depthwise) {
    if (sb_output_count(c) == 0) sb_store_filter_gradient(c, 0, NULL);
    else if (depthwise) sb_correlate_depthwise(c);
    else if (correlates_tiles(c)) sb_correlate_winograd(c);
    else if (correlates_windows(c)) sb_correlate_windows(c);
    else sb_correlate_patches(c);
}

// As much of a convolution as laying out its filters asks for.
static sb_convolution layout_of(const sb_array *w, sb_conv2d p) {
    return (sb_convolution){.in.channels = w->shape[1], .out.channels = w->shape[0], .filter = filter_of(w, p, 0, false),
                            .axis = {forward_axis(p, 0, w->shape[2], 0), forward_axis(p, 1, w->shape[3], 0)}};
}

size_t sb_conv2d_panels_size(const sb_array *w, sb_conv2d p) {
    if (p.groups > 1) return 0;
    const sb_convolution c = layout_of(w, p);
    return sb_panels_size(&c);
}

void sb_conv2d_lay_out(const sb_array *w, sb_conv2d p, float *panels) {
    const sb_convolution c = layout_of(w, p);
    sb_lay_out_filters(&c, panels);
}

void sb_conv2d_forward(const sb_array *x, const sb_array *w, const float *panels, sb_conv2d p,
                       sb_conv2d_epilogue epilogue, const sb_array *y) {
    if (is_empty(y)) return;
    if (repetitions(w, p) > 1 && !is_empty(x)) {
        const sb_array repeated = sb_repeated_map(x, repetitions(w, p));
        sb_repeat_channels(x, repetitions(w, p), &repeated);
        sb_conv2d_forward(&repeated, w, NULL, as_depthwise(w, p), epilogue, y);
        sb_free_map(&repeated);
        return;
    }
    for (intptr_t group = 0; group < convolution_count(w, p); ++group) {
        sb_convolution c = forward_convolution(x, w, y, p, group);
        const intptr_t channel = group * c.out.channels;
        c.filter.panels = c.rounded ? NULL : panels;   // these are of an instruction set that may not have the products
        c.epilogue = (sb_conv2d_epilogue){epilogue.bias ? epilogue.bias + channel : NULL,
                                          epilogue.residual ? epilogue.residual + channel : NULL, epilogue.activation};
        convolve(&c, is_depthwise(w, p));
    }
}

static intptr_t common_divisor(intptr_t a, intptr_t b) { return b ? common_divisor(b, a % b) : a; }

// Toward the input, position i receives tap t of output o where i + padding = o · stride + t · dilation. The positions
// with the same remainder of (i + padding) / stride, a phase, receive the same taps: each phase is a convolution of its
// own, with stride 1, over the output gradients.
static sb_axis backward_axis(sb_conv2d p, int i, intptr_t taps, intptr_t size, intptr_t phase) {
    const intptr_t stride = p.stride[i], dilation = p.dilation[i], padding = p.padding[i];
    const intptr_t tap_step = stride / common_divisor(stride, dilation);
    intptr_t tap_first = 0;
    while (tap_first < tap_step && tap_first * dilation % stride != phase) ++tap_first;
    const bool none = tap_first == tap_step || tap_first >= taps;
    const intptr_t first = ((phase - padding) % stride + stride) % stride;
    return (sb_axis){.outputs = first < size ? (size - first + stride - 1) / stride : 0,
                     .out_first = first,
                     .out_step = stride,
                     .first = (first + padding - tap_first * dilation) / stride,
                     .step = 1,
                     .taps = none ? 0 : (taps - tap_first + tap_step - 1) / tap_step,
                     .tap_offset = -tap_step * dilation / stride,
                     .tap_first = tap_first,
                     .tap_step = tap_step};
}

// Whether all phases can be computed together, by Winograd's algorithm.
static bool convolve_phases(const sb_convolution *c, const sb_array *w, sb_conv2d p) {
    for (int i = 0; i < 2; ++i)
        if (w->shape[2 + i] != 3 || p.stride[i] != 2 || p.padding[i] != 1 || p.dilation[i] != 1) return false;
    if (!allows_winograd(c, STRIDED_INPUTS, STRIDED_OUTPUTS) || is_depthwise(w, p)) return false;
    sb_convolution all = *c;
    for (int i = 0; i < 2; ++i)
        all.axis[i] = (sb_axis){.outputs = i ? c->out.width : c->out.height, .out_step = 1, .step = 1, .taps = 3,
                                .tap_offset = 1, .tap_step = 1};
    sb_convolve_winograd(&all, SB_WINOGRAD_S2_INPUT);
    return true;
}

void sb_conv2d_input_gradient(const sb_array *gy, const sb_array *w, sb_conv2d p, const sb_array *gx) {
    if (is_empty(gx)) return;
    if (repetitions(w, p) > 1) {
        const sb_array repeated = sb_repeated_map(gx, repetitions(w, p));
        sb_conv2d_input_gradient(gy, w, as_depthwise(w, p), &repeated);
        sb_add_channels(&repeated, repetitions(w, p), gx);
        sb_free_map(&repeated);
        return;
    }
    const intptr_t count = convolution_count(w, p);
    for (intptr_t group = 0; group < count; ++group) {
        sb_convolution c = {.in = map_of(gy, count, group), .out = map_of(gx, count, group),
                            .filter = filter_of(w, p, group, true), .rounded = p.rounded};
        const sb_convolution forward = forward_convolution(gx, w, gy, p, group);
        if (convolve_phases(&c, w, p)) continue;
        for (int i = 0; i < 2; ++i) c.axis[i] = backward_axis(p, i, w->shape[2 + i], gx->shape[2 + i], 0);
        if (!is_depthwise(w, p) && has_few_inputs(&forward, SCATTER_INPUTS) && !fits_winograd(&c, 1)) {
            sb_scatter_gradient(&forward);
            continue;
        }
        for (intptr_t i = 0; i < p.stride[0]; ++i)
            for (intptr_t j = 0; j < p.stride[1]; ++j) {
                c.axis[0] = backward_axis(p, 0, w->shape[2], gx->shape[2], i);
                c.axis[1] = backward_axis(p, 1, w->shape[3], gx->shape[3], j);
                convolve(&c, is_depthwise(w, p));
            }
    }
}

// Whether the gradient toward the filters reads the input as bfloat16.
static bool reads_bfloats(const sb_array *x, const sb_array *gy, sb_conv2d p, const sb_array *gw) {
    const sb_convolution c = forward_convolution(x, gw, gy, p, 0);
    return correlates_rounded(&c) && !is_depthwise(gw, p) && repetitions(gw, p) == 1 && correlates_tiles(&c);
}

void sb_conv2d_weight_gradient(const sb_array *x, const sb_array *gy, sb_conv2d p, const sb_array *gw, float *gbias) {
    if (gbias) sb_sum_pixels(gy, gbias);
    if (is_empty(gw)) return;
    const int type = reads_bfloats(x, gy, p, gw) ? SB_BFLOAT16 : SB_FLOAT32;
    if (x->dtype != type && !is_empty(x)) {
        const sb_array converted = sb_converted_map(x, type);
        sb_conv2d_weight_gradient(&converted, gy, p, gw, NULL);
        sb_free_map(&converted);
        return;
    }
    if (repetitions(gw, p) > 1 && !is_empty(x)) {
        const sb_array repeated = sb_repeated_map(x, repetitions(gw, p));
        sb_repeat_channels(x, repetitions(gw, p), &repeated);
        sb_conv2d_weight_gradient(&repeated, gy, as_depthwise(gw, p), gw, NULL);
        sb_free_map(&repeated);
        return;
    }
    for (intptr_t group = 0; group < convolution_count(gw, p); ++group) {
        sb_convolution c = forward_convolution(x, gw, gy, p, group);
        c.rounded = correlates_rounded(&c);
        correlate(&c, is_depthwise(gw, p));
    }
}
