// Convolution as a product of patches and filters. The matrix of patches never exists: the matrix core asks for a few
// rows of it at a time and keeps them in the first-level cache.
//
// A piece is a block of outputs and a group of output channels. Where there are several blocks, the filters are packed
// first, for all of them. Where there is one, as on small maps, each piece packs the filters of its own channels, which
// then never leave its cache. Filters that lie as panels already are read as they are.
#ifndef ISA_PASS
#include "convolution_core.h"
#include "convolution_patches.h"
#include "matmul/matmul_core.h"
#include "foundation/pieces.h"
#include "foundation/workspace.h"

typedef struct {
    const sb_convolution *convolution;
    sb_pieces outputs, panels;   // the blocks and the groups
    const float *filters;        // as panels; NULL if the pieces lay out their own
} patches_job;

enum {
    PATCHES_OUTPUTS = 224,   // in a piece, at most: their sums should stay in the second-level cache
    WANTED_PIECES = 8,
    LEAST_PANELS = 2,        // in a piece, as each group of channels copies the patches anew;
    MOST_FILTERS = 1 << 17,  // but only one where its filters would leave the second-level cache
};
#endif

#define SOURCE "convolution/convolution_patches.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "matmul/matmul_core.h"
#include "convolution_patches.h"
#include "foundation/vector_transpose.h"
#include "convolution_filters.h"

static void KERNEL(fill_patches)(const void *source, intptr_t row, intptr_t rows, intptr_t k, intptr_t depth,
                                 float *buffer) {
    const sb_outputs *patches = source;
    copy_patches(patches->convolution, patches->first + row, rows, k, depth,
                 (patch_rows){buffer, MATMUL_ROW_STRIDE, MATMUL_PANEL});
}

// Panels `first` ..< `end` of the filters.
static const float *KERNEL(panels_of)(const patches_job *job, intptr_t first, intptr_t end) {
    const sb_convolution *c = job->convolution;
    const intptr_t size = MATMUL_PANEL * sb_patch_size(c);
    if (job->filters) return job->filters + first * size;
    float *own = sb_scratch(sizeof(float) * (size_t)((end - first) * size));
    for (intptr_t panel = first; panel < end; ++panel)
        pack_filter_panel(c, panel, 0, c->in.channels, own + (panel - first) * size);
    return own;
}

static void KERNEL(convolve_piece)(void *context, intptr_t piece) {
    const patches_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t block = piece % job->outputs.count, group = piece / job->outputs.count;
    const intptr_t first = sb_piece_begin(job->outputs, block), count = sb_piece_end(job->outputs, block) - first;
    const intptr_t panel = sb_piece_begin(job->panels, group), panel_end = sb_piece_end(job->panels, group);
    const intptr_t channel = panel * MATMUL_PANEL, rest = c->out.channels - channel;
    const intptr_t channels = (panel_end - panel) * MATMUL_PANEL, k = sb_patch_size(c);

    float *rows[PATCHES_OUTPUTS];
    sb_find_output_pixels(c, first, count, rows);
    for (intptr_t r = 0; r < count; ++r) rows[r] += channel;
    const sb_outputs patches = {c, first};
    const sb_matrix pixels = {c->in.data + first * c->in.pixel, c->in.pixel, 1};
    const sb_left left = sb_patches_are_pixels(c) ? left_matrix(&pixels) : (sb_left){KERNEL(fill_patches), &patches};
    sb_finish finish = sb_convolution_finish(c);
    if (finish.bias) finish.bias += channel;
    const sb_panels filters = {KERNEL(panels_of)(job, panel, panel_end), MATMUL_PANEL * k, MATMUL_PANEL};
    multiply(count, channels < rest ? channels : rest, k, left, filters, (sb_result){.rows = rows}, finish);
}

static void KERNEL(convolve)(patches_job *job) {
    const sb_convolution *c = job->convolution;
    const intptr_t panels = (c->out.channels + MATMUL_PANEL - 1) / MATMUL_PANEL;
    const intptr_t groups = (WANTED_PIECES + job->outputs.count - 1) / job->outputs.count;
    const intptr_t least = LEAST_PANELS * MATMUL_PANEL * sb_patch_size(c) <= MOST_FILTERS ? LEAST_PANELS : 1;
    job->panels = sb_cut(panels, 1, panels / groups > least ? panels / groups : least, INTPTR_MAX);
    job->filters = job->outputs.count > 1 ? sb_take_panels(c) : c->filter.panels;
    sb_parallel(job->outputs.count * job->panels.count, KERNEL(convolve_piece), job);
    sb_give_panels_back(c, job->filters);
}

#else

void sb_convolve_patches(const sb_convolution *convolution) {
    const intptr_t outputs = sb_output_count(convolution);
    if (outputs == 0 || convolution->out.channels == 0) return;
    patches_job job = {convolution, .outputs = sb_cut_evenly(outputs, PATCHES_OUTPUTS)};
    DISPATCH(convolve, &job);
}

#endif
