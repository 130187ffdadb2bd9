// Depthwise convolution: each channel has its own filter, and vectors run over the channels. Here a convolution's in
// and out channels are all channels of the map, and the filter's output stride leads from one channel to the next.
#ifndef ISA_PASS
#include "convolution_core.h"
#include "matmul.h"
#include "pieces.h"
#include "workspace.h"

typedef struct {
    const sb_convolution *convolution;
    sb_pieces rows;   // output rows of all images
    float *filters;   // [taps][channels]
    float *sums;      // [pieces][taps][channels] (toward the filters)
} depthwise_job;

enum { DEPTHWISE_WORK = 65536, DEPTHWISE_CHUNKS = 32, DEPTHWISE_BLOCK = 4 };

// The taps of one axis that lie within the map, for the output whose first tap reads `position`.
typedef struct {
    intptr_t begin, end;
} tap_range;

static tap_range taps_inside(const sb_axis *axis, intptr_t position, intptr_t size) {
    tap_range range = {0, axis->taps};
    while (range.begin < range.end) {
        const intptr_t at = position + range.begin * axis->tap_offset;
        if (at >= 0 && at < size) break;
        ++range.begin;
    }
    while (range.end > range.begin) {
        const intptr_t at = position + (range.end - 1) * axis->tap_offset;
        if (at >= 0 && at < size) break;
        --range.end;
    }
    return range;
}

// An output row: where it begins in both maps, and the rows of taps that lie within the map.
typedef struct {
    const float *in;   // the input row that tap 0 reads; it may lie outside the map
    float *out;
    tap_range taps;
} depthwise_row;

static depthwise_row row_of(const sb_convolution *c, intptr_t index) {
    const sb_axis *vertical = &c->axis[0];
    const intptr_t image = index / vertical->outputs, row = index % vertical->outputs;
    const intptr_t in_row = vertical->first + row * vertical->step;
    const intptr_t out_row = vertical->out_first + row * vertical->out_step;
    return (depthwise_row){c->in.data + (image * c->in.height + in_row) * c->in.width * c->in.pixel,
                           c->out.data + (image * c->out.height + out_row) * c->out.width * c->out.pixel,
                           taps_inside(vertical, in_row, c->in.height)};
}

// filters[tap][channel]
static void gather_filters(const sb_convolution *c, float *to) {
    for (intptr_t i = 0; i < c->axis[0].taps; ++i)
        for (intptr_t j = 0; j < c->axis[1].taps; ++j) {
            const float *from = c->filter.data + (c->axis[0].tap_first + i * c->axis[0].tap_step) * c->filter.tap[0] +
                                (c->axis[1].tap_first + j * c->axis[1].tap_step) * c->filter.tap[1];
            for (intptr_t channel = 0; channel < c->in.channels; ++channel) *to++ = from[channel * c->filter.output];
        }
}
#endif

#define SOURCE "convolution_depthwise.c"
#include "per_isa.h"
#ifdef ISA_PASS
#include "vector.h"
#include "lanes.h"
#include "vector_math.h"
#include "vector_activation.h"

#define INLINE static inline __attribute__((always_inline))

INLINE vf KERNEL(finish_depthwise)(const sb_convolution *c, vf sum, intptr_t channel, intptr_t count, float *to) {
    if (c->epilogue.bias) sum += vf_load_or(c->epilogue.bias + channel, count, 0);
    if (c->epilogue.residual) sum += vf_load_or(sb_residual_at(c, to), count, 0);
    return v_activated(c->epilogue.activation, sum);
}

// One output row for `vectors` vectors of channels; the last of them has `count` channels.
INLINE void KERNEL(depthwise_lanes)(const depthwise_job *job, const depthwise_row *row, intptr_t channel,
                                    const int vectors, intptr_t count) {
    const sb_convolution *c = job->convolution;
    const sb_axis vertical = c->axis[0], horizontal = c->axis[1];
    const intptr_t channels = c->in.channels, right = horizontal.tap_offset * c->in.pixel;
    const intptr_t down = vertical.tap_offset * c->in.width * c->in.pixel;
    for (intptr_t j = 0; j < horizontal.outputs; ++j) {
        const intptr_t position = horizontal.first + j * horizontal.step;
        const tap_range taps = taps_inside(&horizontal, position, c->in.width);
        vf sums[DEPTHWISE_BLOCK] = {0};
        for (intptr_t a = row->taps.begin; a < row->taps.end; ++a) {
            const float *from = row->in + a * down + position * c->in.pixel + channel;
            const float *filter = job->filters + a * horizontal.taps * channels + channel;
            for (intptr_t b = taps.begin; b < taps.end; ++b)
                for (int v = 0; v < vectors; ++v)
                    sums[v] += vf_load_or(from + b * right + v * LANES, count, 0) *
                               vf_load_or(filter + b * channels + v * LANES, count, 0);
        }
        float *to = row->out + (horizontal.out_first + j * horizontal.out_step) * c->out.pixel + channel;
        for (int v = 0; v < vectors; ++v)
            vf_store_some(to + v * LANES,
                          KERNEL(finish_depthwise)(c, sums[v], channel + v * LANES, count, to + v * LANES), count);
    }
}

static void KERNEL(depthwise_piece)(void *context, intptr_t piece) {
    const depthwise_job *job = context;
    const intptr_t channels = job->convolution->in.channels, block = DEPTHWISE_BLOCK * LANES;
    for (intptr_t i = sb_piece_begin(job->rows, piece); i < sb_piece_end(job->rows, piece); ++i) {
        const depthwise_row row = row_of(job->convolution, i);
        intptr_t channel = 0;
        for (; channel + block <= channels; channel += block)
            KERNEL(depthwise_lanes)(job, &row, channel, DEPTHWISE_BLOCK, LANES);
        FOR_LANES(rest, count, channels - channel) KERNEL(depthwise_lanes)(job, &row, channel + rest, 1, count);
    }
}

// Adds one output row's share to the filter gradients, for `vectors` vectors of channels.
INLINE void KERNEL(depthwise_gradient_lanes)(const sb_convolution *c, const depthwise_row *row, intptr_t channel,
                                             const int vectors, intptr_t count, float *sums) {
    const sb_axis vertical = c->axis[0], horizontal = c->axis[1];
    const intptr_t channels = c->in.channels, down = vertical.tap_offset * c->in.width * c->in.pixel;
    for (intptr_t a = row->taps.begin; a < row->taps.end; ++a)
        for (intptr_t b = 0; b < horizontal.taps; ++b) {
            vf sum[DEPTHWISE_BLOCK] = {0};
            const intptr_t position = horizontal.first + b * horizontal.tap_offset, step = horizontal.step;
            intptr_t j = position < 0 ? (-position + step - 1) / step : 0;
            const float *from = row->in + a * down + position * c->in.pixel + channel;
            for (; j < horizontal.outputs && position + j * step < c->in.width; ++j) {
                const float *gradient = row->out + j * c->out.pixel + channel;
                for (int v = 0; v < vectors; ++v)
                    sum[v] += vf_load_or(from + j * step * c->in.pixel + v * LANES, count, 0) *
                              vf_load_or(gradient + v * LANES, count, 0);
            }
            float *to = sums + (a * horizontal.taps + b) * channels + channel;
            for (int v = 0; v < vectors; ++v)
                vf_store_some(to + v * LANES, vf_load_or(to + v * LANES, count, 0) + sum[v], count);
        }
}

static void KERNEL(depthwise_gradient_piece)(void *context, intptr_t piece) {
    const depthwise_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t channels = c->in.channels, size = sb_patch_size(c), block = DEPTHWISE_BLOCK * LANES;
    float *sums = job->sums + piece * size;
    memset(sums, 0, sizeof *sums * (size_t)size);
    for (intptr_t i = sb_piece_begin(job->rows, piece); i < sb_piece_end(job->rows, piece); ++i) {
        const depthwise_row row = row_of(c, i);
        intptr_t channel = 0;
        for (; channel + block <= channels; channel += block)
            KERNEL(depthwise_gradient_lanes)(c, &row, channel, DEPTHWISE_BLOCK, LANES, sums);
        FOR_LANES(rest, count, channels - channel)
            KERNEL(depthwise_gradient_lanes)(c, &row, channel + rest, 1, count, sums);
    }
}

static void KERNEL(depthwise)(depthwise_job *job) { sb_parallel(job->rows.count, KERNEL(depthwise_piece), job); }

static void KERNEL(depthwise_gradient)(depthwise_job *job) {
    sb_parallel(job->rows.count, KERNEL(depthwise_gradient_piece), job);
}

#undef INLINE

#else

static sb_pieces cut_rows(const sb_convolution *c, intptr_t limit) {
    const intptr_t row_work = c->axis[1].outputs * sb_patch_size(c);
    return sb_cut(c->in.images * c->axis[0].outputs, row_work, DEPTHWISE_WORK, limit);
}

void sb_convolve_depthwise(const sb_convolution *convolution) {
    depthwise_job job = {.convolution = convolution, .rows = cut_rows(convolution, INTPTR_MAX)};
    const size_t bytes = sizeof(float) * (size_t)sb_patch_size(convolution);
    job.filters = sb_workspace(bytes);
    gather_filters(convolution, job.filters);
    DISPATCH(depthwise, &job);
    sb_free(job.filters, bytes);
}

void sb_correlate_depthwise(const sb_convolution *convolution) {
    depthwise_job job = {.convolution = convolution, .rows = cut_rows(convolution, DEPTHWISE_CHUNKS)};
    const size_t bytes = sizeof(float) * (size_t)(job.rows.count * sb_patch_size(convolution));
    job.sums = sb_workspace(bytes);
    DISPATCH(depthwise_gradient, &job);
    sb_convolution gradient = *convolution;   // as one output channel of all input channels
    gradient.out.channels = 1;
    gradient.filter.input = convolution->filter.output;
    sb_store_filter_gradient(&gradient, job.rows.count, job.sums);
    sb_free(job.sums, bytes);
}

#endif
