// Convolution of few input channels, such as the first layer of a network: too few to fill a vector. A band of input
// rows is laid out as planes, one for each channel, so that what a tap reads for neighbouring outputs lies side by side.
// A stride s makes s planes of each channel's columns, and the border of zeros is part of the planes.
#ifndef ISA_PASS
#include "convolution_core.h"
#include "convolution_patches.h"
#include "matmul_core.h"
#include "pieces.h"
#include "workspace.h"

// The planes of the input rows that some output rows need, and where in them each element of a patch begins.
typedef struct {
    intptr_t rows, width, size;   // of a plane; of all planes together
    intptr_t lowest[2];           // the smallest offset of a tap
    intptr_t outputs, row_step;   // in an output row; from one output row to the next
    intptr_t *offsets;            // for each element of a patch
    float *data;
} sb_planes;

typedef struct {
    const sb_convolution *convolution;
    sb_pieces bands;        // of an image's output rows
    sb_pieces chunks;       // of all images' bands (toward the filters)
    const float *filters;   // as panels (forward)
    float *sums;            // [chunks][output channels][patch size] (toward the filters)
} planes_job;

enum { PLANES_OUTPUTS = 1024, PLANES_CHUNKS = 16, PLANES_SLACK = 16 };

static intptr_t lowest_offset(const sb_axis *axis) {
    const intptr_t last = (axis->taps - 1) * axis->tap_offset;
    return last < 0 ? last : 0;
}

static intptr_t span(const sb_axis *axis) {
    const intptr_t last = (axis->taps - 1) * axis->tap_offset;
    return last < 0 ? -last : last;
}

static sb_planes planes_of(const sb_convolution *c, intptr_t output_rows) {
    const sb_axis *vertical = &c->axis[0], *horizontal = &c->axis[1];
    sb_planes planes = {.rows = (output_rows - 1) * vertical->step + span(vertical) + 1,
                        .width = horizontal->outputs + span(horizontal) / horizontal->step,
                        .lowest = {lowest_offset(vertical), lowest_offset(horizontal)},
                        .outputs = horizontal->outputs};
    planes.row_step = vertical->step * planes.width;
    planes.size = planes.rows * planes.width * horizontal->step * c->in.channels;
    return planes;
}

static size_t planes_bytes(const sb_convolution *c, const sb_planes *planes) {
    return sizeof(intptr_t) * (size_t)(sb_patch_size(c) + 8) + sizeof(float) * (size_t)(planes->size + PLANES_SLACK);
}

// Places the planes in `memory` of planes_bytes and finds the offsets.
static void place_planes(const sb_convolution *c, sb_planes *planes, void *memory) {
    planes->offsets = memory;
    planes->data = (float *)(planes->offsets + (sb_patch_size(c) + 7) / 8 * 8);
    intptr_t *to = planes->offsets;
    for (intptr_t i = 0; i < c->axis[0].taps; ++i)
        for (intptr_t j = 0; j < c->axis[1].taps; ++j) {
            const intptr_t row = i * c->axis[0].tap_offset - planes->lowest[0];
            const intptr_t column = j * c->axis[1].tap_offset - planes->lowest[1], step = c->axis[1].step;
            for (intptr_t channel = 0; channel < c->in.channels; ++channel)
                *to++ = ((channel * step + column % step) * planes->rows + row) * planes->width + column / step;
        }
}
#endif

#define SOURCE "convolution_planes.c"
#include "per_isa.h"
#ifdef ISA_PASS
#include "vector.h"
#include "lanes.h"
#include "matmul_core.h"
#include "convolution_patches.h"
#include "vector_transpose.h"

static intptr_t KERNEL(clamped)(intptr_t value, intptr_t lowest, intptr_t highest) {
    return value < lowest ? lowest : value > highest ? highest : value;
}

// One input row to its row of each plane, a vector of columns at a time: `from` is where column 0 of phase 0 lies, `to` the
// row of the first plane. Returns the columns done, from `begin` on.
static intptr_t KERNEL(fill_columns)(const sb_convolution *c, const float *from, intptr_t begin, intptr_t end,
                                     intptr_t plane, float *to) {
    const intptr_t step = c->axis[1].step, channels = c->in.channels, pixel = c->in.pixel;
    const intptr_t together = pixel == channels ? step : 1;   // phases that lie side by side
    intptr_t column = begin;
    for (; column + LANES <= end; column += LANES)
        for (intptr_t first = 0; first < step; first += together)
            for (intptr_t k = 0; k < together * channels; k += LANES) {
                vf values[LANES];
                const intptr_t rest = together * channels - k;
                gather_lines(from + (column * step + first) * pixel + k, step * pixel, LANES, rest, 64 * step, values);
                intptr_t phase = first + k / channels, channel = k % channels;
                for (intptr_t i = 0; i < LANES && i < rest; ++i) {
                    vf_store(to + (channel * step + phase) * plane + column, values[i]);
                    if (++channel < channels) continue;
                    channel = 0;
                    ++phase;
                }
            }
    return column;
}

// The planes for output rows from `output_row` on.
static void KERNEL(fill_planes)(const sb_convolution *c, const sb_planes *planes, intptr_t image, intptr_t output_row) {
    const intptr_t step = c->axis[1].step, width = planes->width, plane = planes->rows * width;
    const intptr_t column = c->axis[1].first + planes->lowest[1];   // that column 0 of phase 0 holds
    const intptr_t inner_begin = KERNEL(clamped)(column < 0 ? (-column + step - 1) / step : 0, 0, width);
    const intptr_t inner_end = KERNEL(clamped)((c->in.width - column) / step, inner_begin, width);
    for (intptr_t r = 0; r < planes->rows; ++r) {
        const intptr_t row = c->axis[0].first + output_row * c->axis[0].step + planes->lowest[0] + r;
        const bool present = row >= 0 && row < c->in.height;
        const float *from =
            c->in.data + ((image * c->in.height + (present ? row : 0)) * c->in.width + column) * c->in.pixel;
        float *to = planes->data + r * width;
        const intptr_t done = present ? KERNEL(fill_columns)(c, from, inner_begin, inner_end, plane, to) : 0;
        for (intptr_t p = 0; p < step * c->in.channels; ++p) {
            const intptr_t channel = p / step, phase = p % step;
            for (intptr_t i = 0; i < width; ++i) {
                if (i == inner_begin && done > i) i = done;
                if (i == width) break;
                const intptr_t x = column + i * step + phase;
                to[p * plane + i] = present && x >= 0 && x < c->in.width ? from[(i * step + phase) * c->in.pixel + channel] : 0;
            }
        }
    }
}

// MARK: Forward

// Patches as columns: for each element of a patch, the values that neighbouring outputs read.
static void KERNEL(fill_neighbours)(const void *source, intptr_t row, intptr_t rows, intptr_t k, intptr_t depth,
                                    float *buffer) {
    (void)rows;
    const sb_planes *planes = source;
    for (intptr_t i = 0; i < depth; ++i, buffer += MATMUL_ROWS) {
        const float *from = planes->data + planes->offsets[k + i] + row;
        for (int r = 0; r < MATMUL_ROWS; r += LANES) vf_store(buffer + r, vf_load(from + r));
    }
}

static void KERNEL(planes_piece)(void *context, intptr_t piece) {
    const planes_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t image = piece / job->bands.count, band = piece % job->bands.count;
    const intptr_t begin = sb_piece_begin(job->bands, band), end = sb_piece_end(job->bands, band);
    sb_planes planes = planes_of(c, end - begin);
    place_planes(c, &planes, sb_scratch(planes_bytes(c, &planes)));
    KERNEL(fill_planes)(c, &planes, image, begin);

    const intptr_t k = sb_patch_size(c);
    const sb_panels filters = {job->filters, MATMUL_PANEL * k, MATMUL_PANEL};
    const sb_finish finish = sb_convolution_finish(c);
    for (intptr_t row = begin; row < end; ++row, planes.data += planes.row_step) {
        float *to = sb_output_pixel(c, (image * c->axis[0].outputs + row) * planes.outputs);
        multiply(planes.outputs, c->out.channels, k, (sb_left){KERNEL(fill_neighbours), &planes, true}, filters,
                 (sb_result){to, c->axis[1].out_step * c->out.pixel, NULL}, finish);
    }
}

static void KERNEL(convolve_planes)(planes_job *job) {
    job->filters = sb_take_panels(job->convolution);
    sb_parallel(job->convolution->in.images * job->bands.count, KERNEL(planes_piece), job);
    sb_give_panels_back(job->convolution, job->filters);
}

// MARK: Toward the filters

// Patches as rows: for each element of a patch, the values that a band's outputs read, output row after output row.
static void KERNEL(fill_band)(const void *source, intptr_t row, intptr_t rows, intptr_t k, intptr_t depth,
                              float *buffer) {
    const sb_planes *planes = source;
    const intptr_t end = k + depth;
    while (k < end) {
        const intptr_t output_row = k / planes->outputs, column = k % planes->outputs;
        const intptr_t rest = planes->outputs - column, run = rest < end - k ? rest : end - k;
        for (intptr_t r = 0; r < rows; ++r) {
            const float *from = planes->data + planes->offsets[row + r] + output_row * planes->row_step + column;
            float *to = buffer + r * MATMUL_ROW_STRIDE;
            FOR_LANES(i, count, run) vf_store(to + i, vf_load(from + i));
        }
        buffer += run;
        k += run;
    }
}

// Adds a chunk's bands up: [patch size][output channels].
static void KERNEL(correlate_planes_piece)(void *context, intptr_t chunk) {
    const planes_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t k = sb_patch_size(c), n = c->out.channels;
    sb_planes planes = planes_of(c, job->bands.rows_each);
    const size_t bytes = planes_bytes(c, &planes), panel_size = (size_t)packed_size(PLANES_OUTPUTS + planes.outputs, n);
    char *scratch = sb_scratch(bytes + 64 + sizeof(float) * (panel_size + (size_t)(k * n)));
    place_planes(c, &planes, scratch);
    float *packed = (float *)(scratch + (bytes + 63) / 64 * 64), *sums = packed + panel_size;

    const intptr_t first = sb_piece_begin(job->chunks, chunk), last = sb_piece_end(job->chunks, chunk);
    for (intptr_t i = first; i < last; ++i) {
        const intptr_t image = i / job->bands.count, band = i % job->bands.count;
        const intptr_t begin = sb_piece_begin(job->bands, band), rows = sb_piece_end(job->bands, band) - begin;
        KERNEL(fill_planes)(c, &planes, image, begin);
        const intptr_t outputs = rows * planes.outputs;
        const float *gradients = sb_output_pixel(c, (image * c->axis[0].outputs + begin) * planes.outputs);
        const bool whole = n % LANES == 0;   // so that no vector reads beyond the last pixel
        const sb_panels right = whole ? (sb_panels){gradients, MATMUL_PANEL, c->out.pixel}
                                      : pack_panels(outputs, n, gradients, c->out.pixel, 1, packed);
        multiply(k, n, outputs, (sb_left){KERNEL(fill_band), &planes, false}, right, (sb_result){sums, n, NULL},
                 (sb_finish){.alpha = 1, .beta = i > first});
    }
    float *to = job->sums + chunk * n * k;
    for (intptr_t output = 0; output < n; ++output)
        for (intptr_t i = 0; i < k; ++i) *to++ = sums[i * n + output];
}

static void KERNEL(correlate_planes)(planes_job *job) {
    sb_parallel(job->chunks.count, KERNEL(correlate_planes_piece), job);
}

#else

void sb_convolve_planes(const sb_convolution *convolution) {
    const sb_axis *axis = convolution->axis;
    planes_job job = {.convolution = convolution,
                      .bands = sb_cut(axis[0].outputs, axis[1].outputs, PLANES_OUTPUTS, INTPTR_MAX)};
    DISPATCH(convolve_planes, &job);
}

void sb_correlate_planes(const sb_convolution *convolution) {
    const sb_axis *axis = convolution->axis;
    planes_job job = {.convolution = convolution,
                      .bands = sb_cut(axis[0].outputs, axis[1].outputs, PLANES_OUTPUTS, INTPTR_MAX)};
    job.chunks = sb_cut(convolution->in.images * job.bands.count, 1, 1, PLANES_CHUNKS);
    const size_t size = (size_t)(job.chunks.count * convolution->out.channels * sb_patch_size(convolution));
    job.sums = sb_workspace(sizeof(float) * size);
    DISPATCH(correlate_planes, &job);
    sb_store_filter_gradient(convolution, job.chunks.count, job.sums);
    sb_free(job.sums, sizeof(float) * size);
}

#endif
