// Depthwise convolution: each channel has its own filter, and vectors run over the channels. Here a convolution's in
// and out channels are all channels of the map, and the filter's output stride leads from one channel to the next.
#ifndef ISA_PASS
#include "convolution_core.h"
#include "matmul.h"
#include "foundation/pieces.h"
#include "foundation/workspace.h"

typedef struct {
    const sb_convolution *convolution;
    sb_pieces rows;   // output rows of all images
    float *filters;   // [taps][channels]
    float *sums;      // [pieces][taps][channels] (toward the filters)
} depthwise_job;

enum { DEPTHWISE_WORK = 65536, DEPTHWISE_CHUNKS = 32, RUN = 8, GRADIENT_RUN = 4 };

typedef struct {
    intptr_t begin, end;
} range;

// The taps of one axis that lie within the map, for the output whose first tap reads `position`.
static range taps_inside(const sb_axis *axis, intptr_t position, intptr_t size) {
    range taps = {0, axis->taps};
    while (taps.begin < taps.end) {
        const intptr_t at = position + taps.begin * axis->tap_offset;
        if (at >= 0 && at < size) break;
        ++taps.begin;
    }
    while (taps.end > taps.begin) {
        const intptr_t at = position + (taps.end - 1) * axis->tap_offset;
        if (at >= 0 && at < size) break;
        --taps.end;
    }
    return taps;
}

// An output row: where it begins in both maps, and the rows of taps that lie within the map.
typedef struct {
    const float *in;   // the input row that tap 0 reads; it may lie outside the map
    float *out;
    range taps;
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

// The outputs of a row for which all horizontal taps lie within the map.
static range outputs_inside(const sb_axis *axis, intptr_t size) {
    const intptr_t last = (axis->taps - 1) * axis->tap_offset;
    const intptr_t lowest = axis->first + (last < 0 ? last : 0), highest = axis->first + (last > 0 ? last : 0);
    const intptr_t begin = lowest < 0 ? (-lowest + axis->step - 1) / axis->step : 0;
    const intptr_t end = highest < size ? (size - 1 - highest) / axis->step + 1 : 0;
    if (begin >= end || begin >= axis->outputs) return (range){0, 0};
    return (range){begin, end < axis->outputs ? end : axis->outputs};
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

#define SOURCE "convolution/convolution_depthwise.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/vector_math.h"
#include "foundation/vector_activation.h"

#define INLINE static inline __attribute__((always_inline))

INLINE vf KERNEL(finish_depthwise)(const sb_convolution *c, vf sum, intptr_t channel, intptr_t count, float *to) {
    if (c->epilogue.bias) sum += vf_load_or(c->epilogue.bias + channel, count, 0);
    if (c->epilogue.residual) sum += vf_load_or(sb_residual_at(c, to), count, 0);
    return v_activated(c->epilogue.activation, sum);
}

// Where a tap of an output row and a vector of channels begins.
typedef struct {
    const depthwise_job *job;
    const depthwise_row *row;
    intptr_t channel, count;   // of the vector
} KERNEL(strip);

INLINE const float *KERNEL(input_at)(const KERNEL(strip) *s, intptr_t tap_row, intptr_t position) {
    const sb_convolution *c = s->job->convolution;
    return s->row->in + (tap_row * c->axis[0].tap_offset * c->in.width + position) * c->in.pixel + s->channel;
}

INLINE float *KERNEL(output_at)(const KERNEL(strip) *s, intptr_t output) {
    const sb_convolution *c = s->job->convolution;
    return s->row->out + (c->axis[1].out_first + output * c->axis[1].out_step) * c->out.pixel + s->channel;
}

INLINE intptr_t KERNEL(filter_at)(const KERNEL(strip) *s, intptr_t tap_row, intptr_t tap) {
    const sb_convolution *c = s->job->convolution;
    return (tap_row * c->axis[1].taps + tap) * c->in.channels + s->channel;
}

// MARK: Outputs

INLINE void KERNEL(store_output)(const KERNEL(strip) *s, intptr_t output, vf sum) {
    float *to = KERNEL(output_at)(s, output);
    vf_store_some(to, KERNEL(finish_depthwise)(s->job->convolution, sum, s->channel, s->count, to), s->count);
}

// One output, some of whose taps may lie outside the map.
INLINE void KERNEL(any_output)(const KERNEL(strip) *s, intptr_t output) {
    const sb_convolution *c = s->job->convolution;
    const sb_axis *horizontal = &c->axis[1];
    const intptr_t position = horizontal->first + output * horizontal->step;
    const range taps = taps_inside(horizontal, position, c->in.width);
    vf sum = {0};
    for (intptr_t a = s->row->taps.begin; a < s->row->taps.end; ++a)
        for (intptr_t b = taps.begin; b < taps.end; ++b)
            sum += vf_load_or(KERNEL(input_at)(s, a, position + b * horizontal->tap_offset), s->count, 0) *
                   vf_load_or(s->job->filters + KERNEL(filter_at)(s, a, b), s->count, 0);
    KERNEL(store_output)(s, output, sum);
}

// RUN neighboring outputs: each input is loaded once for all taps that meet it. `lowest` is the first output's lowest
// input; the taps count backwards where they move that way.
INLINE void KERNEL(run_of_outputs)(const int taps, const int step, const KERNEL(strip) *s, intptr_t output,
                                   intptr_t lowest, bool backwards) {
    vf sums[RUN] = {{0}};
    for (intptr_t a = s->row->taps.begin; a < s->row->taps.end; ++a) {
        vf filter[7];
#pragma clang loop unroll(full)
        for (int b = 0; b < taps; ++b)
            filter[b] = vf_load_or(s->job->filters + KERNEL(filter_at)(s, a, backwards ? taps - 1 - b : b), s->count, 0);
        const float *from = KERNEL(input_at)(s, a, lowest);
#pragma clang loop unroll(full)
        for (int t = 0; t < (RUN - 1) * step + taps; ++t) {
            const vf x = vf_load_or(from + t * s->job->convolution->in.pixel, s->count, 0);
#pragma clang loop unroll(full)
            for (int b = 0; b < taps; ++b)
                if (t >= b && (t - b) % step == 0 && (t - b) / step < RUN) sums[(t - b) / step] += x * filter[b];
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < RUN; ++i) KERNEL(store_output)(s, output + i, sums[i]);
}

// MARK: Toward the filters

// Adds the share of one output, some of whose taps may lie outside the map.
INLINE void KERNEL(any_gradient)(const KERNEL(strip) *s, intptr_t output, float *sums) {
    const sb_convolution *c = s->job->convolution;
    const sb_axis *horizontal = &c->axis[1];
    const intptr_t position = horizontal->first + output * horizontal->step;
    const range taps = taps_inside(horizontal, position, c->in.width);
    const vf gradient = vf_load_or(KERNEL(output_at)(s, output), s->count, 0);
    for (intptr_t a = s->row->taps.begin; a < s->row->taps.end; ++a)
        for (intptr_t b = taps.begin; b < taps.end; ++b) {
            float *to = sums + KERNEL(filter_at)(s, a, b);
            const vf x = vf_load_or(KERNEL(input_at)(s, a, position + b * horizontal->tap_offset), s->count, 0);
            vf_store_some(to, vf_load_or(to, s->count, 0) + x * gradient, s->count);
        }
}

// Adds the share of all outputs whose taps lie within the map; the sums stay in registers from one end of the row to the
// other.
INLINE void KERNEL(row_of_gradients)(const int taps, const int step, const KERNEL(strip) *s, range outputs,
                                     float *sums) {
    const sb_axis *horizontal = &s->job->convolution->axis[1];
    const intptr_t pixel = s->job->convolution->in.pixel;
    for (intptr_t a = s->row->taps.begin; a < s->row->taps.end; ++a) {
        vf even[7] = {{0}}, odd[7] = {{0}};   // halve the chains of additions
        intptr_t output = outputs.begin;
        for (; output + GRADIENT_RUN <= outputs.end; output += GRADIENT_RUN) {
            vf gradients[GRADIENT_RUN];
#pragma clang loop unroll(full)
            for (int i = 0; i < GRADIENT_RUN; ++i)
                gradients[i] = vf_load_or(KERNEL(output_at)(s, output + i), s->count, 0);
            const float *from = KERNEL(input_at)(s, a, horizontal->first + output * step);
#pragma clang loop unroll(full)
            for (int t = 0; t < (GRADIENT_RUN - 1) * step + taps; ++t) {
                const vf x = vf_load_or(from + t * pixel, s->count, 0);
#pragma clang loop unroll(full)
                for (int b = 0; b < taps; ++b) {
                    if (t < b || (t - b) % step != 0 || (t - b) / step >= GRADIENT_RUN) continue;
                    if ((t - b) / step % 2) odd[b] += x * gradients[(t - b) / step];
                    else even[b] += x * gradients[(t - b) / step];
                }
            }
        }
        for (; output < outputs.end; ++output) {
            const vf gradient = vf_load_or(KERNEL(output_at)(s, output), s->count, 0);
            const float *from = KERNEL(input_at)(s, a, horizontal->first + output * step);
#pragma clang loop unroll(full)
            for (int b = 0; b < taps; ++b) even[b] += vf_load_or(from + b * pixel, s->count, 0) * gradient;
        }
        for (int b = 0; b < taps; ++b) {
            float *to = sums + KERNEL(filter_at)(s, a, b);
            vf_store_some(to, vf_load_or(to, s->count, 0) + (even[b] + odd[b]), s->count);
        }
    }
}

// MARK: Rows

// The numbers of taps and the steps that have runs, all of taps that follow each other.
#define EACH_RUN(CASE) CASE(1, 1) CASE(2, 1) CASE(3, 1) CASE(3, 2) CASE(5, 1) CASE(5, 2) CASE(7, 1)
#define RUN_KEY(taps, step) ((taps) * 4 + (step))

// Which of the runs an axis has; 0 if none.
INLINE intptr_t KERNEL(run_key)(const sb_axis *axis) {
    if ((axis->tap_offset != 1 && axis->tap_offset != -1) || axis->step > 2) return 0;
#define CASE(taps, step) case RUN_KEY(taps, step):
    switch (RUN_KEY(axis->taps, axis->step)) {
        EACH_RUN(CASE) return RUN_KEY(axis->taps, axis->step);
        default: return 0;
    }
#undef CASE
}

// A run of outputs from `output` on, or that one alone, for one vector of channels.
INLINE void KERNEL(output_segment)(const KERNEL(strip) *s, intptr_t output, bool run) {
    const sb_axis *axis = &s->job->convolution->axis[1];
    const bool backwards = axis->tap_offset < 0;
    const intptr_t lowest = axis->first + output * axis->step - (backwards ? axis->taps - 1 : 0);
#define CASE(taps, step) \
    case RUN_KEY(taps, step): KERNEL(run_of_outputs)(taps, step, s, output, lowest, backwards); break;
    switch (run ? KERNEL(run_key)(axis) : 0) {
        EACH_RUN(CASE)
        default: KERNEL(any_output)(s, output);
    }
#undef CASE
}

INLINE void KERNEL(gradient_strip)(const KERNEL(strip) *s, range inside, float *sums) {
    const sb_axis *axis = &s->job->convolution->axis[1];
    intptr_t output = 0;
    for (; output < inside.begin; ++output) KERNEL(any_gradient)(s, output, sums);
#define CASE(taps, step) \
    case RUN_KEY(taps, step): \
        KERNEL(row_of_gradients)(taps, step, s, inside, sums); \
        output = inside.end; \
        break;
    switch (inside.end > inside.begin ? KERNEL(run_key)(axis) : 0) { EACH_RUN(CASE) }
#undef CASE
    for (; output < axis->outputs; ++output) KERNEL(any_gradient)(s, output, sums);
}

// Whole vectors of channels apart, so that the compiler need not mask them.
#define EACH_VECTOR(FUNCTION, ...) \
    FOR_LANES(channel, count, job->convolution->in.channels) { \
        if (count == LANES) FUNCTION(&((KERNEL(strip)){job, row, channel, LANES}), __VA_ARGS__); \
        else FUNCTION(&((KERNEL(strip)){job, row, channel, count}), __VA_ARGS__); \
    }

static void KERNEL(output_row)(const depthwise_job *job, const depthwise_row *row) {
    const sb_axis *axis = &job->convolution->axis[1];
    const range inside = outputs_inside(axis, job->convolution->in.width);
    const bool runs = inside.end - inside.begin >= RUN && KERNEL(run_key)(axis);
    for (intptr_t output = 0; output < axis->outputs;) {
        const bool run = runs && output >= inside.begin && output < inside.end;
        if (run && output + RUN > inside.end) output = inside.end - RUN;   // the last overlaps the one before it
        EACH_VECTOR(KERNEL(output_segment), output, run)
        output += run ? RUN : 1;
    }
}

static void KERNEL(gradient_row)(const depthwise_job *job, const depthwise_row *row, float *sums) {
    const sb_axis *axis = &job->convolution->axis[1];
    const range inside = outputs_inside(axis, job->convolution->in.width);
    EACH_VECTOR(KERNEL(gradient_strip), inside, sums)
}

static void KERNEL(depthwise_piece)(void *context, intptr_t piece) {
    const depthwise_job *job = context;
    for (intptr_t i = sb_piece_begin(job->rows, piece); i < sb_piece_end(job->rows, piece); ++i) {
        const depthwise_row row = row_of(job->convolution, i);
        KERNEL(output_row)(job, &row);
    }
}

static void KERNEL(depthwise_gradient_piece)(void *context, intptr_t piece) {
    const depthwise_job *job = context;
    const intptr_t size = sb_patch_size(job->convolution);
    float *sums = job->sums + piece * size;
    memset(sums, 0, sizeof *sums * (size_t)size);
    for (intptr_t i = sb_piece_begin(job->rows, piece); i < sb_piece_end(job->rows, piece); ++i) {
        const depthwise_row row = row_of(job->convolution, i);
        KERNEL(gradient_row)(job, &row, sums);
    }
}

static void KERNEL(depthwise)(depthwise_job *job) { sb_parallel(job->rows.count, KERNEL(depthwise_piece), job); }

static void KERNEL(depthwise_gradient)(depthwise_job *job) {
    sb_parallel(job->rows.count, KERNEL(depthwise_gradient_piece), job);
}

#undef INLINE
#undef EACH_RUN
#undef RUN_KEY
#undef EACH_VECTOR

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
