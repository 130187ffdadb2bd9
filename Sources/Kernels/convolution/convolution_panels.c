// Lays the filters of a convolution out as panels, the way the matrix core reads its right operand.
#ifndef ISA_PASS
#include "convolution_core.h"
#include "matmul/matmul_core.h"
#include "foundation/workspace.h"

typedef struct {
    const sb_convolution *convolution;
    float *panels;
} layout_job;
#endif

#define SOURCE "convolution/convolution_panels.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "matmul/matmul_core.h"
#include "foundation/vector_transpose.h"
#include "convolution_filters.h"

static void KERNEL(panels_size)(const sb_convolution *c, size_t *size) {
    *size = (size_t)packed_size(sb_patch_size(c), c->out.channels);
}

static void KERNEL(lay_out_panel)(void *context, intptr_t panel) {
    const layout_job *job = context;
    const sb_convolution *c = job->convolution;
    pack_filter_panel(c, panel, 0, c->in.channels, job->panels + panel * MATMUL_PANEL * sb_patch_size(c));
}

static void KERNEL(lay_out)(layout_job *job) {
    sb_parallel((job->convolution->out.channels + MATMUL_PANEL - 1) / MATMUL_PANEL, KERNEL(lay_out_panel), job);
}

#else

size_t sb_panels_size(const sb_convolution *convolution) {
    size_t size;
    DISPATCH(panels_size, convolution, &size);
    return size;
}

void sb_lay_out_filters(const sb_convolution *convolution, float *panels) {
    layout_job job = {convolution, panels};
    DISPATCH(lay_out, &job);
}

const float *sb_take_panels(const sb_convolution *convolution) {
    if (convolution->filter.panels) return convolution->filter.panels;
    float *panels = sb_workspace(sizeof(float) * sb_panels_size(convolution));
    sb_lay_out_filters(convolution, panels);
    return panels;
}

void sb_give_panels_back(const sb_convolution *convolution, const float *panels) {
    if (panels != convolution->filter.panels) sb_free((void *)panels, sizeof(float) * sb_panels_size(convolution));
}

#endif
