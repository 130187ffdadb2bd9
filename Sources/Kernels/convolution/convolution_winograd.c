// 3×3 convolution by Winograd's algorithm, with stride 1 or 2. The tiles of all images form one long row.
//
// Where there are many tiles, the filters are transformed first, and a piece takes a block of tiles: it transforms the
// block's inputs, multiplies the channels at each of the points, and transforms the products back, all within the
// second-level cache. Where there are few tiles, on small maps with many channels, it is the other way round: all tiles
// are transformed first, and a piece takes a panel of output channels and transforms its filters. Then the transformed
// filters, four times as large as the filters, never travel to memory.
#ifndef ISA_PASS
#include "winograd_job.h"
#include "matmul/matmul_core.h"
#include "foundation/workspace.h"
#endif

#define SOURCE "convolution/convolution_winograd.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "winograd_schemes.h"
#else

// Tiles in a piece: their inputs and products share the second-level cache.
static intptr_t tiles_in_piece(sb_winograd_scheme scheme) {
    return scheme == SB_WINOGRAD_F4 ? 28 : scheme == SB_WINOGRAD_F2 ? 56 : 14;
}

static sb_tile_form form_of(sb_winograd_scheme scheme) {
    switch (scheme) {
    case SB_WINOGRAD_F4: return (sb_tile_form){6, 4, 4};
    case SB_WINOGRAD_F2: return (sb_tile_form){4, 2, 2};
    case SB_WINOGRAD_S2: return (sb_tile_form){9, 4, 8};
    case SB_WINOGRAD_S2_INPUT: return (sb_tile_form){5, 8, 4};
    }
}

void sb_convolve_winograd(const sb_convolution *convolution, sb_winograd_scheme scheme) {
    winograd_job job = {.convolution = convolution, .tiles = sb_tiles_of(convolution, form_of(scheme))};
    const bool few = job.tiles.count <= WINOGRAD_FEW_TILES && convolution->out.channels >= 4 * job.tiles.count;
    job.pieces = sb_cut(job.tiles.count, 1, few ? 4 : tiles_in_piece(scheme), INTPTR_MAX);
    if (convolution->rounded && job.tiles.count >= ROUNDED_TILES) sb_run_winograd_rounded(&job, scheme, few);
    else RUN_SCHEME(DISPATCH, scheme, few, &job);
}

#endif
