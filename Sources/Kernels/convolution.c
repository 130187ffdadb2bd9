// Chooses how a convolution is computed.
#include "convolution.h"

#include <stdatomic.h>

#include "convolution_core.h"
#include "matmul.h"

static atomic_int winograd_forbidden;

void sb_set_winograd(int enabled) { atomic_store(&winograd_forbidden, !enabled); }

static bool is_empty(const sb_array *a) {
    for (int i = 0; i < a->rank; ++i)
        if (a->shape[i] == 0) return true;
    return false;
}

// Each group is a convolution of its own; but where every channel is a group, they are all done at once.
static bool is_depthwise(const sb_array *w, sb_conv2d p) {
    return p.groups > 1 && w->shape[0] == p.groups && w->shape[1] == 1;
}

static intptr_t convolution_count(const sb_array *w, sb_conv2d p) { return is_depthwise(w, p) ? 1 : p.groups; }

static sb_map map_of(const sb_array *a, intptr_t groups, intptr_t group) {
    const intptr_t channels = a->shape[1] / groups;
    return (sb_map){(float *)a->data + group * channels, a->shape[0], a->shape[2], a->shape[3], channels, a->strides[3]};
}

// `backward` exchanges the roles of input and output channels.
static sb_filter filter_of(const sb_array *w, sb_conv2d p, intptr_t group, bool backward) {
    if (is_depthwise(w, p)) return (sb_filter){w->data, w->strides[0], 0, {w->strides[2], w->strides[3]}};
    float *data = (float *)w->data + group * (w->shape[0] / p.groups) * w->strides[0];
    const intptr_t output = w->strides[backward], input = w->strides[!backward];
    return (sb_filter){data, output, input, {w->strides[2], w->strides[3]}};
}

static sb_axis forward_axis(sb_conv2d p, int i, intptr_t taps, intptr_t outputs) {
    return (sb_axis){outputs, 0, 1, -p.padding[i], p.stride[i], taps, p.dilation[i], 0, 1};
}

static sb_convolution forward_convolution(const sb_array *x, const sb_array *w, const sb_array *y, sb_conv2d p,
                                          intptr_t group) {
    const intptr_t count = convolution_count(w, p);
    return (sb_convolution){map_of(x, count, group), map_of(y, count, group), filter_of(w, p, group, false),
                            {forward_axis(p, 0, w->shape[2], y->shape[2]), forward_axis(p, 1, w->shape[3], y->shape[3])},
                            {.activation = SB_ACT_NONE}};
}

typedef enum { PATCHES, PLANES, WINOGRAD, DEPTHWISE } method;

enum {
    FEW_CHANNELS = 16,        // fewer do not make up for looking up each tap's position
    WINOGRAD_CHANNELS = 16,   // fewer do not make up for the transforms
};

static bool moves_with_input(const sb_axis *axis) {
    return axis->taps == 3 && axis->tap_step == 1 && axis->step == 1 && axis->out_step == 1 &&
           (axis->tap_offset == 1 || axis->tap_offset == -1);
}

static method choose(const sb_convolution *c) {
    const bool three = moves_with_input(&c->axis[0]) && moves_with_input(&c->axis[1]);
    if (three && c->in.channels >= WINOGRAD_CHANNELS && c->out.channels >= WINOGRAD_CHANNELS &&
        !atomic_load(&winograd_forbidden))
        return WINOGRAD;
    return c->in.channels < FEW_CHANNELS && c->axis[0].taps * c->axis[1].taps > 1 ? PLANES : PATCHES;
}

static void convolve(method method, const sb_convolution *c) {
    if (sb_output_count(c) == 0) return;
    switch (method) {
    case PATCHES: sb_convolve_patches(c); break;
    case PLANES: sb_convolve_planes(c); break;
    case WINOGRAD: sb_convolve_winograd(c); break;
    case DEPTHWISE: sb_convolve_depthwise(c); break;
    }
}

static void correlate(method method, const sb_convolution *c) {
    if (sb_output_count(c) == 0) {
        sb_store_filter_gradient(c, 0, NULL);
        return;
    }
    switch (method) {
    case PATCHES: sb_correlate_patches(c); break;
    case PLANES: sb_correlate_planes(c); break;
    case WINOGRAD: sb_correlate_winograd(c); break;
    case DEPTHWISE: sb_correlate_depthwise(c); break;
    }
}

void sb_conv2d_forward(const sb_array *x, const sb_array *w, sb_conv2d p, sb_conv2d_epilogue epilogue,
                       const sb_array *y) {
    if (is_empty(y)) return;
    for (intptr_t group = 0; group < convolution_count(w, p); ++group) {
        sb_convolution c = forward_convolution(x, w, y, p, group);
        const intptr_t channel = group * c.out.channels;
        c.epilogue = (sb_conv2d_epilogue){epilogue.bias ? epilogue.bias + channel : NULL,
                                          epilogue.residual ? epilogue.residual + channel : NULL, epilogue.activation};
        convolve(is_depthwise(w, p) ? DEPTHWISE : choose(&c), &c);
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

void sb_conv2d_input_gradient(const sb_array *gy, const sb_array *w, sb_conv2d p, const sb_array *gx) {
    if (is_empty(gx)) return;
    const intptr_t count = convolution_count(w, p);
    for (intptr_t group = 0; group < count; ++group)
        for (intptr_t i = 0; i < p.stride[0]; ++i)
            for (intptr_t j = 0; j < p.stride[1]; ++j) {
                const sb_convolution c = {
                    map_of(gy, count, group), map_of(gx, count, group), filter_of(w, p, group, true),
                    {backward_axis(p, 0, w->shape[2], gx->shape[2], i), backward_axis(p, 1, w->shape[3], gx->shape[3], j)},
                    {.activation = SB_ACT_NONE}};
                convolve(is_depthwise(w, p) ? DEPTHWISE : choose(&c), &c);
            }
}

void sb_conv2d_weight_gradient(const sb_array *x, const sb_array *gy, sb_conv2d p, const sb_array *gw, float *gbias) {
    if (gbias) sb_sum_pixels(gy, gbias);
    if (is_empty(gw)) return;
    for (intptr_t group = 0; group < convolution_count(gw, p); ++group) {
        const sb_convolution c = forward_convolution(x, gw, gy, p, group);
        correlate(is_depthwise(gw, p) ? DEPTHWISE : choose(&c), &c);
    }
}
