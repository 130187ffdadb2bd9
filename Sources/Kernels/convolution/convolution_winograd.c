// 3×3 convolution by Winograd's algorithm, with stride 1 or 2. The tiles of all images form one long row.
//
// Where there are many tiles, the filters are transformed first, and a piece takes a block of tiles: it transforms the
// block's inputs, multiplies the channels at each of the points, and transforms the products back, all within the
// second-level cache. Where there are few tiles, on small maps with many channels, it is the other way round: all tiles
// are transformed first, and a piece takes a panel of output channels and transforms its filters. Then the transformed
// filters, four times as large as the filters, never travel to memory.
#ifndef ISA_PASS
#include "convolution_winograd.h"
#include "matmul/matmul_core.h"
#include "foundation/pieces.h"
#include "foundation/workspace.h"

typedef struct {
    const sb_convolution *convolution;
    sb_tiles tiles;
    sb_pieces pieces;          // of the tiles
    float *filters;            // of many tiles: the transformed filters, [filters][packed size]
    intptr_t filter_size;      // of one filter
    float *inputs;             // of few tiles: the transformed inputs, [blocks of channels][points][tiles]
    sb_pieces depth;           // of the input channels
    sb_block input_block;
} winograd_job;

enum {
    WINOGRAD_FEW_TILES = 128,
    WINOGRAD_DEPTH = 64,       // input channels whose filters are transformed at a time
    IN_PLACE_OUTPUTS = 128,    // with more output channels, copying the inputs for a product pays off
};
#endif

#define SOURCE "convolution/convolution_winograd.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/vector_math.h"
#include "foundation/vector_activation.h"
#include "matmul/matmul_core.h"
#include "winograd_transforms.h"
#include "foundation/vector_transpose.h"
#include "convolution_filters.h"
#include "convolution_winograd.h"

#define SCHEME f4
#define INPUT_LINE f4_input_line
#define FILTER_LINE f4_filter_line
#define OUTPUT_LINE f4_output_line
#define POINTS 6
#define FILTERS 6
#define TILE_INPUTS 6
#define TILE_OUTPUTS 4
#include "winograd_forward.h"

#define SCHEME f2
#define INPUT_LINE f2_input_line
#define FILTER_LINE f2_filter_line
#define OUTPUT_LINE f2_output_line
#define POINTS 4
#define FILTERS 4
#define TILE_INPUTS 4
#define TILE_OUTPUTS 2
#include "winograd_forward.h"

#define SCHEME s2
#define INPUT_LINE s2_input_line
#define FILTER_LINE s2_filter_line
#define OUTPUT_LINE s2_output_line
#define POINTS 9
#define FILTERS 6
#define TILE_INPUTS 9
#define TILE_OUTPUTS 4
#include "winograd_forward.h"

#define SCHEME s2i
#define INPUT_LINE s2i_input_line
#define FILTER_LINE s2i_filter_line
#define OUTPUT_LINE s2i_output_line
#define POINTS 9
#define FILTERS 6
#define TILE_INPUTS 5
#define TILE_OUTPUTS 8
#include "winograd_forward.h"

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

#define RUN(scheme) \
    if (few) DISPATCH(few_tiles_##scheme, &job); \
    else DISPATCH(many_tiles_##scheme, &job); \
    break

void sb_convolve_winograd(const sb_convolution *convolution, sb_winograd_scheme scheme) {
    winograd_job job = {.convolution = convolution, .tiles = sb_tiles_of(convolution, form_of(scheme))};
    const bool few = job.tiles.count <= WINOGRAD_FEW_TILES && convolution->out.channels >= 4 * job.tiles.count;
    job.pieces = sb_cut(job.tiles.count, 1, few ? 4 : tiles_in_piece(scheme), INTPTR_MAX);
    switch (scheme) {
    case SB_WINOGRAD_F4: RUN(f4);
    case SB_WINOGRAD_F2: RUN(f2);
    case SB_WINOGRAD_S2: RUN(s2);
    case SB_WINOGRAD_S2_INPUT: RUN(s2i);
    }
}

#endif
