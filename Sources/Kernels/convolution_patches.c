// Convolution as a product of patches and filters. The matrix of patches never exists: the matrix core asks for a few
// rows of it at a time and keeps them in the first-level cache.
#ifndef ISA_PASS
#include "convolution_core.h"
#include "convolution_patches.h"
#include "matmul_core.h"
#include "pieces.h"
#include "workspace.h"

typedef struct {
    const sb_convolution *convolution;
    sb_pieces pieces;   // of the outputs
    float *filters;     // packed
} patches_job;

enum { PATCHES_OUTPUTS = 224 };   // in a piece, at most: their sums should stay in the second-level cache
#endif

#define SOURCE "convolution_patches.c"
#include "per_isa.h"
#ifdef ISA_PASS
#include "vector.h"
#include "lanes.h"
#include "matmul_core.h"
#include "convolution_patches.h"
#include "vector_transpose.h"
#include "convolution_filters.h"

static void KERNEL(fill_patches)(const void *source, intptr_t row, intptr_t rows, intptr_t k, intptr_t depth,
                                 float *buffer) {
    const sb_outputs *patches = source;
    const sb_convolution *c = patches->convolution;
    const sb_patch_position position = sb_patch_position_of(c, k);
    sb_patch patch = sb_patch_of(c, patches->first + row);
    for (intptr_t r = 0; r < rows; ++r, patch = sb_next_patch(c, patch))
        copy_patch(c, patch, position, depth, buffer + r * MATMUL_ROW_STRIDE);
}

static void KERNEL(pack_filters)(void *context, intptr_t panel) {
    const patches_job *job = context;
    const sb_convolution *c = job->convolution;
    pack_filter_panel(c, panel, 0, c->in.channels, job->filters + panel * MATMUL_PANEL * sb_patch_size(c));
}

static void KERNEL(convolve_piece)(void *context, intptr_t piece) {
    const patches_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t first = sb_piece_begin(job->pieces, piece), count = sb_piece_end(job->pieces, piece) - first;
    float *rows[PATCHES_OUTPUTS];
    for (intptr_t r = 0; r < count; ++r) rows[r] = sb_output_pixel(c, first + r);
    const intptr_t k = sb_patch_size(c);
    const sb_outputs source = {c, first};
    multiply(count, c->out.channels, k, (sb_left){KERNEL(fill_patches), &source, false},
             (sb_panels){job->filters, MATMUL_PANEL * k, MATMUL_PANEL}, (sb_result){.rows = rows},
             sb_convolution_finish(c));
}

static void KERNEL(convolve)(patches_job *job) {
    const sb_convolution *c = job->convolution;
    const size_t bytes = sizeof(float) * (size_t)packed_size(sb_patch_size(c), c->out.channels);
    job->filters = sb_workspace(bytes);
    sb_parallel((c->out.channels + MATMUL_PANEL - 1) / MATMUL_PANEL, KERNEL(pack_filters), job);
    sb_parallel(job->pieces.count, KERNEL(convolve_piece), job);
    sb_free(job->filters, bytes);
}

#else

void sb_convolve_patches(const sb_convolution *convolution) {
    const intptr_t outputs = sb_output_count(convolution);
    if (outputs == 0 || convolution->out.channels == 0) return;
    patches_job job = {convolution, sb_cut(outputs, 1, PATCHES_OUTPUTS, INTPTR_MAX), NULL};
    DISPATCH(convolve, &job);
}

#endif
