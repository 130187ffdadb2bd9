// The gradient toward an input of few channels: too few to fill a vector of results. For each output pixel the product of
// its gradient with the filters gives what each of its taps passes on to each input channel; that is then added up.
#ifndef ISA_PASS
#include "convolution_core.h"
#include "matmul/matmul_core.h"
#include "foundation/pieces.h"
#include "foundation/workspace.h"

typedef struct {
    const sb_convolution *convolution;   // the forward one, with the gradients in the places of their maps
    sb_pieces bands;                     // of an image's input rows
    intptr_t columns;                    // taps × input channels
    float *filters;                      // packed: [output channels][taps][input channels]
} scatter_job;

enum { SCATTER_ROWS = 32, SCATTER_OUTPUTS = 56 };

// filters[output channel][tap][input channel]
static void order_filters(const sb_convolution *c, float *to) {
    for (intptr_t output = 0; output < c->out.channels; ++output)
        for (intptr_t i = 0; i < c->axis[0].taps; ++i)
            for (intptr_t j = 0; j < c->axis[1].taps; ++j)
                for (intptr_t channel = 0; channel < c->in.channels; ++channel)
                    *to++ = c->filter.data[output * c->filter.output + channel * c->filter.input +
                                           i * c->filter.tap[0] + j * c->filter.tap[1]];
}

// Adds what one row of taps of `outputs` outputs, from `output` on, passes on to the input row `to`.
static void add_taps(const sb_convolution *c, intptr_t output, intptr_t outputs, const float *from, intptr_t columns,
                     float *to) {
    const sb_axis *axis = &c->axis[1];
    const intptr_t channels = c->in.channels;
    for (intptr_t tap = 0; tap < axis->taps; ++tap, from += channels) {
        intptr_t x = axis->first + output * axis->step + tap * axis->tap_offset;
        for (intptr_t j = 0; j < outputs; ++j, x += axis->step) {
            if (x < 0 || x >= c->in.width) continue;
            for (intptr_t channel = 0; channel < channels; ++channel)
                to[x * c->in.pixel + channel] += from[j * columns + channel];
        }
    }
}
#endif

#define SOURCE "convolution/convolution_scatter.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "matmul/matmul_core.h"

// What the outputs of row `row` pass on to input rows `begin` ..< `end` of their image.
static void KERNEL(scatter_row)(const scatter_job *job, intptr_t image, intptr_t row, intptr_t begin, intptr_t end,
                                float *products) {
    const sb_convolution *c = job->convolution;
    const sb_axis *vertical = &c->axis[0];
    const intptr_t stride = (job->columns + MATMUL_PANEL - 1) / MATMUL_PANEL * MATMUL_PANEL;
    const float *gradients = c->out.data + (image * c->out.height + row) * c->out.width * c->out.pixel;
    float *rows = c->in.data + image * c->in.height * c->in.width * c->in.pixel;
    for (intptr_t output = 0; output < c->out.width; output += SCATTER_OUTPUTS) {
        const intptr_t rest = c->out.width - output, outputs = rest < SCATTER_OUTPUTS ? rest : SCATTER_OUTPUTS;
        const sb_matrix left = {gradients + output * c->out.pixel, c->out.pixel, 1};
        const sb_panels right = {job->filters, MATMUL_PANEL * c->out.channels, MATMUL_PANEL};
        multiply(outputs, job->columns, c->out.channels, left_matrix(&left), right,
                 (sb_result){products, stride, NULL}, (sb_finish){.alpha = 1});
        for (intptr_t tap = 0; tap < vertical->taps; ++tap) {
            const intptr_t y = vertical->first + row * vertical->step + tap * vertical->tap_offset;
            if (y < begin || y >= end) continue;
            add_taps(c, output, outputs, products + tap * c->axis[1].taps * c->in.channels, stride,
                     rows + y * c->in.width * c->in.pixel);
        }
    }
}

static void KERNEL(scatter_piece)(void *context, intptr_t piece) {
    const scatter_job *job = context;
    const sb_convolution *c = job->convolution;
    const sb_axis *vertical = &c->axis[0];
    const intptr_t image = piece / job->bands.count, band = piece % job->bands.count;
    const intptr_t begin = sb_piece_begin(job->bands, band), end = sb_piece_end(job->bands, band);
    for (intptr_t y = begin; y < end; ++y)
        for (intptr_t x = 0; x < c->in.width; ++x)
            memset(c->in.data + ((image * c->in.height + y) * c->in.width + x) * c->in.pixel, 0,
                   sizeof(float) * (size_t)c->in.channels);
    float *products = sb_scratch(sizeof(float) * (size_t)(SCATTER_OUTPUTS * (job->columns + MATMUL_PANEL)));
    const intptr_t span = (vertical->taps - 1) * vertical->tap_offset;
    for (intptr_t row = 0; row < c->out.height; ++row) {
        const intptr_t first = vertical->first + row * vertical->step;
        if (first < end && first + span >= begin) KERNEL(scatter_row)(job, image, row, begin, end, products);
    }
}

static void KERNEL(scatter)(scatter_job *job) {
    const sb_convolution *c = job->convolution;
    const size_t ordered_bytes = sizeof(float) * (size_t)(c->out.channels * job->columns);
    const size_t packed_bytes = sizeof(float) * (size_t)packed_size(c->out.channels, job->columns);
    float *ordered = sb_workspace(ordered_bytes);
    job->filters = sb_workspace(packed_bytes);
    order_filters(c, ordered);
    pack_panels(c->out.channels, job->columns, ordered, job->columns, 1, job->filters);
    sb_parallel(c->in.images * job->bands.count, KERNEL(scatter_piece), job);
    sb_free(job->filters, packed_bytes);
    sb_free(ordered, ordered_bytes);
}

#else

void sb_scatter_gradient(const sb_convolution *convolution) {
    scatter_job job = {.convolution = convolution,
                       .bands = sb_cut(convolution->in.height, 1, SCATTER_ROWS, INTPTR_MAX),
                       .columns = sb_patch_size(convolution)};
    DISPATCH(scatter, &job);
}

#endif
