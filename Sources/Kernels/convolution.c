// Chooses how a convolution is computed.
#include "convolution.h"

#include <stdatomic.h>
#include <string.h>

#include "convolution_core.h"
#include "matmul.h"
#include "pieces.h"
#include "threads.h"
#include "workspace.h"

static atomic_int winograd_forbidden;

void sb_set_winograd(int enabled) { atomic_store(&winograd_forbidden, !enabled); }

static bool is_empty(const sb_array *a) {
    for (int i = 0; i < a->rank; ++i)
        if (a->shape[i] == 0) return true;
    return false;
}

static sb_map map_of(const sb_array *a, intptr_t groups, intptr_t group) {
    const intptr_t channels = a->shape[1] / groups;
    return (sb_map){(float *)a->data + group * channels, a->shape[0], a->shape[2], a->shape[3], channels, a->strides[3]};
}

// `backward` exchanges the roles of input and output channels.
static sb_filter filter_of(const sb_array *w, intptr_t groups, intptr_t group, bool backward) {
    float *data = (float *)w->data + group * (w->shape[0] / groups) * w->strides[0];
    const intptr_t output = w->strides[backward], input = w->strides[!backward];
    return (sb_filter){data, output, input, {w->strides[2], w->strides[3]}};
}

static sb_axis forward_axis(sb_conv2d p, int i, intptr_t taps, intptr_t outputs) {
    return (sb_axis){outputs, 0, 1, -p.padding[i], p.stride[i], taps, p.dilation[i], 0, 1};
}

static sb_convolution forward_convolution(const sb_array *x, const sb_array *w, const sb_array *y, sb_conv2d p,
                                          intptr_t group) {
    return (sb_convolution){map_of(x, p.groups, group), map_of(y, p.groups, group), filter_of(w, p.groups, group, false),
                            {forward_axis(p, 0, w->shape[2], y->shape[2]), forward_axis(p, 1, w->shape[3], y->shape[3])}};
}

static bool suits_winograd(const sb_convolution *c) {
    if (atomic_load(&winograd_forbidden) || c->in.channels < 16 || c->out.channels < 16) return false;
    for (int i = 0; i < 2; ++i) {
        const sb_axis *axis = &c->axis[i];
        if (axis->taps != 3 || axis->tap_step != 1 || axis->step != 1 || axis->out_step != 1) return false;
        if (axis->tap_offset != 1 && axis->tap_offset != -1) return false;
    }
    return c->axis[0].tap_offset == c->axis[1].tap_offset;
}

// Fewer channels than this do not make up for looking up each tap's position.
enum { FEW_CHANNELS = 16 };

static bool suits_planes(const sb_convolution *c) {
    return c->in.channels < FEW_CHANNELS && c->axis[0].taps * c->axis[1].taps > 1 && sb_output_count(c) > 0;
}

static void convolve(const sb_convolution *c, const float *bias, int activation) {
    if (suits_winograd(c)) sb_convolve_winograd(c, bias, activation);
    else if (suits_planes(c)) sb_convolve_planes(c, bias, activation);
    else sb_convolve_patches(c, bias, activation);
}

void sb_conv2d_forward(const sb_array *x, const sb_array *w, const float *bias, sb_conv2d p, int activation,
                       const sb_array *y) {
    if (is_empty(y)) return;
    for (intptr_t group = 0; group < p.groups; ++group) {
        const sb_convolution c = forward_convolution(x, w, y, p, group);
        convolve(&c, bias ? bias + group * c.out.channels : NULL, activation);
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
    for (intptr_t group = 0; group < p.groups; ++group)
        for (intptr_t i = 0; i < p.stride[0]; ++i)
            for (intptr_t j = 0; j < p.stride[1]; ++j) {
                const sb_convolution c = {
                    map_of(gy, p.groups, group), map_of(gx, p.groups, group), filter_of(w, p.groups, group, true),
                    {backward_axis(p, 0, w->shape[2], gx->shape[2], i), backward_axis(p, 1, w->shape[3], gx->shape[3], j)}};
                convolve(&c, NULL, SB_ACT_NONE);
            }
}

// The sums over the pixels, for every channel: chunks of pixels side by side, then their sums in order.
typedef struct {
    const sb_array *gy;
    sb_pieces pixels;
    float *sums;
} bias_job;

static void sum_pixels(void *context, intptr_t piece) {
    const bias_job *job = context;
    const intptr_t channels = job->gy->shape[1], pixel = job->gy->strides[3];
    float *sums = job->sums + piece * channels;
    memset(sums, 0, sizeof *sums * (size_t)channels);
    for (intptr_t i = sb_piece_begin(job->pixels, piece); i < sb_piece_end(job->pixels, piece); ++i) {
        const float *from = (const float *)job->gy->data + i * pixel;
        for (intptr_t c = 0; c < channels; ++c) sums[c] += from[c];
    }
}

static void bias_gradient(const sb_array *gy, float *gbias) {
    const intptr_t channels = gy->shape[1];
    bias_job job = {gy, sb_cut(gy->shape[0] * gy->shape[2] * gy->shape[3], channels, 16384, 64), NULL};
    const size_t bytes = sizeof(float) * (size_t)(job.pixels.count * channels);
    job.sums = sb_workspace(bytes);
    sb_parallel(job.pixels.count, sum_pixels, &job);
    memset(gbias, 0, sizeof *gbias * (size_t)channels);
    for (intptr_t piece = 0; piece < job.pixels.count; ++piece)
        for (intptr_t c = 0; c < channels; ++c) gbias[c] += job.sums[piece * channels + c];
    sb_free(job.sums, bytes);
}

void sb_conv2d_weight_gradient(const sb_array *x, const sb_array *gy, sb_conv2d p, const sb_array *gw, float *gbias) {
    if (gbias) bias_gradient(gy, gbias);
    if (is_empty(gw)) return;
    for (intptr_t group = 0; group < p.groups; ++group) {
        const sb_convolution c = forward_convolution(x, gw, gy, p, group);
        if (suits_winograd(&c)) sb_correlate_winograd(&c);
        else if (suits_planes(&c)) sb_correlate_planes(&c);
        else sb_correlate_patches(&c);
    }
}
