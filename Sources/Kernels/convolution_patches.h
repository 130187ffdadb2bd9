// Copies patches of a map into the operands of the matrix core. Inside an ISA pass, after
// matmul_core.h, also functions.
#ifndef SB_CONVOLUTION_PATCHES_H
#define SB_CONVOLUTION_PATCHES_H

#include <stddef.h>

#include "convolution_core.h"
#include "matmul_core.h"

/// Where the patch of one output element begins: its image, and the input position of its first tap.
typedef struct {
    const float *image;
    intptr_t row, column;
    intptr_t outputs_below, outputs_right;   // until the end of the map, of the row
} sb_patch;

/// The outputs of a convolution from number `first` on: the rows of an operand.
typedef struct {
    const sb_convolution *convolution;
    intptr_t first;
} sb_outputs;

/// A position within a patch.
typedef struct {
    intptr_t tap[2], channel;
} sb_patch_position;

static inline sb_patch sb_patch_of(const sb_convolution *c, intptr_t output) {
    const sb_axis *vertical = &c->axis[0], *horizontal = &c->axis[1];
    const intptr_t column = output % horizontal->outputs, row = output / horizontal->outputs % vertical->outputs;
    const intptr_t image = output / (horizontal->outputs * vertical->outputs);
    return (sb_patch){c->in.data + image * c->in.height * c->in.width * c->in.pixel,
                      vertical->first + row * vertical->step, horizontal->first + column * horizontal->step,
                      vertical->outputs - 1 - row, horizontal->outputs - 1 - column};
}

/// The patch of the next output element, without the divisions that sb_patch_of takes.
static inline sb_patch sb_next_patch(const sb_convolution *c, sb_patch patch) {
    const sb_axis *vertical = &c->axis[0], *horizontal = &c->axis[1];
    if (patch.outputs_right-- > 0) {
        patch.column += horizontal->step;
        return patch;
    }
    patch.column = horizontal->first;
    patch.outputs_right = horizontal->outputs - 1;
    patch.row += vertical->step;
    if (patch.outputs_below-- > 0) return patch;
    patch.row = vertical->first;
    patch.outputs_below = vertical->outputs - 1;
    patch.image += c->in.height * c->in.width * c->in.pixel;
    return patch;
}

/// The epilogue of a convolution as that of a product whose columns are the output channels.
static inline sb_finish sb_convolution_finish(const sb_convolution *c) {
    const float *residual = c->epilogue.residual;
    return (sb_finish){1, residual != NULL, c->epilogue.bias, c->epilogue.activation,
                       residual ? residual - c->out.data : 0};
}

/// Where an output element is stored: its first channel.
static inline float *sb_output_pixel(const sb_convolution *c, intptr_t output) {
    const sb_axis *vertical = &c->axis[0], *horizontal = &c->axis[1];
    const intptr_t column = output % horizontal->outputs, row = output / horizontal->outputs % vertical->outputs;
    const intptr_t image = output / (horizontal->outputs * vertical->outputs);
    return c->out.data + ((image * c->out.height + vertical->out_first + row * vertical->out_step) * c->out.width +
                          horizontal->out_first + column * horizontal->out_step) * c->out.pixel;
}

static inline sb_patch_position sb_patch_position_of(const sb_convolution *c, intptr_t k) {
    const intptr_t tap = k / c->in.channels;
    return (sb_patch_position){{tap / c->axis[1].taps, tap % c->axis[1].taps}, k % c->in.channels};
}

#endif

#ifdef ISA_PASS

#undef copy_patch
#define copy_patch KERNEL(copy_patch)
/// Elements `at` ..< `at` + count of a patch; those outside the image are 0.
static inline void copy_patch(const sb_convolution *c, sb_patch patch, sb_patch_position at, intptr_t count,
                                      float *to) {
    const intptr_t ahead = 6 * c->axis[1].step * c->in.pixel;   // what a later patch will ask for
    while (count > 0) {
        const intptr_t row = patch.row + at.tap[0] * c->axis[0].tap_offset;
        const intptr_t column = patch.column + at.tap[1] * c->axis[1].tap_offset;
        const intptr_t rest = c->in.channels - at.channel, run = rest < count ? rest : count;
        if (row < 0 || row >= c->in.height || column < 0 || column >= c->in.width)
            memset(to, 0, sizeof *to * (size_t)run);
        else {
            const float *from = patch.image + (row * c->in.width + column) * c->in.pixel + at.channel;
            for (intptr_t i = 0; i < run; i += 16) __builtin_prefetch(from + ahead + i);
            FOR_LANES(i, part, run) vf_store_some(to + i, vf_load_or(from + i, part, 0), part);
        }
        to += run;
        count -= run;
        at.channel = 0;
        if (++at.tap[1] == c->axis[1].taps) {
            at.tap[1] = 0;
            ++at.tap[0];
        }
    }
}

#endif
