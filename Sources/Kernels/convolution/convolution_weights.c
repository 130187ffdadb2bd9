// The gradient toward the filters: the product of the output gradients, one row for each filter, with the patches.
#ifndef ISA_PASS
#include "patch_gradient_job.h"
#include "foundation/workspace.h"
#endif

#define SOURCE "convolution/convolution_weights.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "patch_gradient.h"
#else

typedef struct {
    const sb_convolution *convolution;
    intptr_t chunks;
    float *sums;
} filter_gradient_job;

// Adds up the chunks of one output channel, in their order.
static void store_filter(void *context, intptr_t output) {
    const filter_gradient_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t size = sb_patch_size(c), rows = c->axis[0].taps, columns = c->axis[1].taps;
    float *sums = job->chunks ? job->sums + output * size : NULL;
    for (intptr_t chunk = 1; chunk < job->chunks; ++chunk) {
        const float *more = sums + chunk * c->out.channels * size;
        for (intptr_t i = 0; i < size; ++i) sums[i] += more[i];
    }
    for (intptr_t i = 0; i < rows; ++i)
        for (intptr_t j = 0; j < columns; ++j) {
            float *to = c->filter.data + output * c->filter.output + i * c->filter.tap[0] + j * c->filter.tap[1];
            const float *from = sums ? sums + (i * columns + j) * c->in.channels : NULL;
            for (intptr_t channel = 0; channel < c->in.channels; ++channel, to += c->filter.input)
                *to = from ? from[channel] : 0;
        }
}

void sb_store_filter_gradient(const sb_convolution *convolution, intptr_t chunks, float *sums) {
    filter_gradient_job job = {convolution, chunks, sums};
    sb_parallel(convolution->out.channels, store_filter, &job);
}

void sb_correlate_patches(const sb_convolution *convolution) {
    const intptr_t size = sb_patch_size(convolution), outputs = sb_output_count(convolution);
    if (size == 0 || convolution->out.channels == 0) return;
    const sb_pieces columns = sb_cut(size, 1, CORRELATE_COLUMNS, INTPTR_MAX);
    const intptr_t chunks = columns.count >= CORRELATE_CHUNKS ? 1 : CORRELATE_CHUNKS / columns.count;
    correlate_job job = {convolution, columns, sb_cut(outputs, 1, CORRELATE_OUTPUTS, chunks), NULL};
    const size_t bytes = sizeof(float) * (size_t)(job.chunks.count * convolution->out.channels * size);
    job.sums = sb_workspace(bytes);
    if (convolution->rounded) sb_correlate_patches_rounded(&job);
    else DISPATCH(correlate, &job);
    sb_free(job.sums, bytes);
}

#endif
