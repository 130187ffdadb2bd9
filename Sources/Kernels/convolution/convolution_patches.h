// Copies patches of a map into the operands of the matrix core. Inside an ISA pass, after
// matmul_core.h, also functions.
#ifndef SB_CONVOLUTION_PATCHES_H
#define SB_CONVOLUTION_PATCHES_H

#include <stddef.h>

#include "convolution_core.h"
#include "matmul/matmul_core.h"

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

/// Whether the patch of each output is the pixel of the same number.
static inline bool sb_patches_are_pixels(const sb_convolution *c) {
    const intptr_t sizes[2] = {c->in.height, c->in.width};
    bool same = true;
    for (int i = 0; i < 2; ++i) {
        const sb_axis *axis = &c->axis[i];
        same = same && axis->taps == 1 && axis->first == 0 && axis->step == 1 && axis->outputs == sizes[i];
    }
    return same;
}

/// The patch `count` outputs further on, at most the first of the next row: without the divisions that sb_patch_of takes.
static inline sb_patch sb_patch_after(const sb_convolution *c, sb_patch patch, intptr_t count) {
    const sb_axis *vertical = &c->axis[0], *horizontal = &c->axis[1];
    if (count <= patch.outputs_right) {
        patch.column += count * horizontal->step;
        patch.outputs_right -= count;
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

/// Where outputs `first` ..< `first` + `count` are stored.
static inline void sb_find_output_pixels(const sb_convolution *c, intptr_t first, intptr_t count, float **pixels) {
    const intptr_t outputs = c->axis[1].outputs, step = c->axis[1].out_step * c->out.pixel;
    for (intptr_t done = 0, run; done < count; done += run) {
        const intptr_t rest = outputs - (first + done) % outputs;
        run = rest < count - done ? rest : count - done;
        float *pixel = sb_output_pixel(c, first + done);
        for (intptr_t i = 0; i < run; ++i, pixel += step) pixels[done + i] = pixel;
    }
}

static inline sb_patch_position sb_patch_position_of(const sb_convolution *c, intptr_t k) {
    const intptr_t tap = k / c->in.channels;
    return (sb_patch_position){{tap / c->axis[1].taps, tap % c->axis[1].taps}, k % c->in.channels};
}

#endif

#ifdef ISA_PASS

#undef patch_rows
#undef element_at
#undef part_of
#undef copy_pixels
#undef clear_pixels
#undef copy_tap
#undef copy_patches
#define patch_rows KERNEL(patch_rows)
#define element_at KERNEL(element_at)
#define part_of KERNEL(part_of)
#define copy_pixels KERNEL(copy_pixels)
#define clear_pixels KERNEL(clear_pixels)
#define copy_tap KERNEL(copy_tap)
#define copy_patches KERNEL(copy_patches)

/// Where patches are copied to: they lie `row` floats apart, and each is cut into panels that lie `panel` floats apart.
typedef struct {
    float *to;
    intptr_t row, panel;
} patch_rows;

/// Where element k of the first patch goes.
static inline float *element_at(patch_rows rows, size_t k) {
    return rows.to + (intptr_t)(k / MATMUL_PANEL) * rows.panel + k % MATMUL_PANEL;
}

/// How many of `run` elements from k on lie in one panel, and at most a vector.
static inline intptr_t part_of(size_t k, intptr_t run) {
    const intptr_t room = MATMUL_PANEL - (intptr_t)(k % MATMUL_PANEL), most = room < LANES ? room : LANES;
    return run < most ? run : most;
}

/// `run` floats of `count` pixels, `step` floats apart, to the elements from k on. Asks for pixels before they are needed:
/// those that follow, and those `below`, where the next row of outputs finds its own.
static inline void copy_pixels(const float *from, intptr_t step, intptr_t below, intptr_t count, intptr_t run, intptr_t k,
                               patch_rows rows) {
    const intptr_t ahead = 16 * step;
    const bool whole_vectors = k % LANES == 0 && run % LANES == 0;
    for (intptr_t r = 0; r < count; ++r, from += step, rows.to += rows.row) {
        for (intptr_t i = 0; i < run; i += LANES) {
            __builtin_prefetch(from + ahead + i);
            __builtin_prefetch(from + below + i, 0, 2);
            if (whole_vectors) vf_store(element_at(rows, k + i), vf_load(from + i));
        }
        for (intptr_t i = 0, part; i < run && !whole_vectors; i += part) {
            part = part_of(k + i, run - i);
            vf_store_some(element_at(rows, k + i), vf_load_or(from + i, part, 0), part);
        }
    }
}

static inline void clear_pixels(intptr_t count, intptr_t run, intptr_t k, patch_rows rows) {
    for (intptr_t r = 0; r < count; ++r, rows.to += rows.row)
        for (intptr_t i = 0, part; i < run; i += part) {
            part = part_of(k + i, run - i);
            vf_store_some(element_at(rows, k + i), (vf){0}, part);
        }
}

/// `run` channels of one tap of `count` patches that lie side by side; those outside the image are 0.
static inline void copy_tap(const sb_convolution *c, sb_patch patch, sb_patch_position at, intptr_t count, intptr_t run,
                            intptr_t k, patch_rows rows) {
    const intptr_t row = patch.row + at.tap[0] * c->axis[0].tap_offset, step = c->axis[1].step;
    const intptr_t column = patch.column + at.tap[1] * c->axis[1].tap_offset, width = c->in.width;
    intptr_t begin = column < 0 ? (step - 1 - column) / step : 0, end = column < width ? (width - 1 - column) / step + 1 : 0;
    if (row < 0 || row >= c->in.height) end = 0;
    if (end > count) end = count;
    if (begin > end) begin = end;
    clear_pixels(begin, run, k, rows);
    rows.to += begin * rows.row;
    copy_pixels(patch.image + (row * width + column + begin * step) * c->in.pixel + at.channel, step * c->in.pixel,
                c->axis[0].step * width * c->in.pixel, end - begin, run, k, rows);
    rows.to += (end - begin) * rows.row;
    clear_pixels(count - end, run, k, rows);
}

/// Elements `k` ..< `k` + `depth` of the patches of outputs `first` ..< `first` + `outputs`. All patches' elements of a tap
/// are copied before those of the next, as only then are pixels read in longer stretches than a tap's.
static inline void copy_patches(const sb_convolution *c, intptr_t first, intptr_t outputs, intptr_t k, intptr_t depth,
                                patch_rows rows) {
    const sb_patch origin = sb_patch_of(c, first);
    sb_patch_position at = sb_patch_position_of(c, k);
    for (intptr_t done = 0, run; done < depth; done += run) {
        const intptr_t channels = c->in.channels - at.channel;
        run = channels < depth - done ? channels : depth - done;
        sb_patch patch = origin;
        patch_rows side = rows;
        for (intptr_t left = outputs, count; left > 0; left -= count) {
            count = patch.outputs_right + 1 < left ? patch.outputs_right + 1 : left;
            copy_tap(c, patch, at, count, run, done, side);
            side.to += count * side.row;
            patch = sb_patch_after(c, patch, count);
        }
        at.channel = 0;
        if (++at.tap[1] == c->axis[1].taps) {
            at.tap[1] = 0;
            ++at.tap[0];
        }
    }
}

#endif
