// The gradient toward the filters: the product of the output gradients, one row for each filter, with the patches.
#ifndef ISA_PASS
#include "convolution_core.h"
#include "convolution_patches.h"
#include "matmul/matmul_core.h"
#include "foundation/pieces.h"
#include "foundation/workspace.h"

// A piece is a block of the patches' columns and a chunk of the outputs; the chunks' sums are added up at the end.
typedef struct {
    const sb_convolution *convolution;
    sb_pieces columns, chunks;
    float *sums;   // [chunks][output channels][patch size]
} correlate_job;

enum { CORRELATE_COLUMNS = 576, CORRELATE_CHUNKS = 8, CORRELATE_OUTPUTS = 256 };
#endif

#define SOURCE "convolution/convolution_weights.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "matmul/matmul_core.h"
#include "convolution_patches.h"

// Panels of columns `first` ..< `first` + `columns` of the patch matrix, for outputs `output` ..< `output` + `count`.
static sb_panels KERNEL(pack_patches)(const sb_convolution *c, intptr_t output, intptr_t count, intptr_t first,
                                      intptr_t columns, float *packed) {
    copy_patches(c, output, count, first, columns, (patch_rows){packed, MATMUL_PANEL, MATMUL_PANEL * count});
    return (sb_panels){packed, MATMUL_PANEL * count, MATMUL_PANEL};
}

static void KERNEL(correlate_piece)(void *context, intptr_t piece) {
    const correlate_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t chunk = piece / job->columns.count, block = piece % job->columns.count;
    const intptr_t column = sb_piece_begin(job->columns, block), columns = sb_piece_end(job->columns, block) - column;
    const intptr_t size = sb_patch_size(c), end = sb_piece_end(job->chunks, chunk);
    float *scratch = sb_scratch(sizeof(float) * (size_t)packed_size(MATMUL_DEPTH, columns));
    const sb_result sums = {job->sums + chunk * c->out.channels * size + column, size, NULL};
    const intptr_t begin = sb_piece_begin(job->chunks, chunk);
    for (intptr_t output = begin; output < end; output += MATMUL_DEPTH) {
        const intptr_t depth = end - output < MATMUL_DEPTH ? end - output : MATMUL_DEPTH;
        const sb_matrix gradients = {c->out.data + output * c->out.pixel, 1, c->out.pixel};   // transposed
        multiply(c->out.channels, columns, depth, left_matrix(&gradients),
                 KERNEL(pack_patches)(c, output, depth, column, columns, scratch), sums,
                 (sb_finish){.alpha = 1, .beta = output > begin});
    }
}

static void KERNEL(correlate)(correlate_job *job) {
    sb_parallel(job->chunks.count * job->columns.count, KERNEL(correlate_piece), job);
    sb_store_filter_gradient(job->convolution, job->chunks.count, job->sums);
}

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
    DISPATCH(correlate, &job);
    sb_free(job.sums, bytes);
}

#endif
