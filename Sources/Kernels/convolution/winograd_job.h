// What the kernels of Winograd's algorithm share: a convolution at work, in float32 or with rounded products.
#ifndef SB_WINOGRAD_JOB_H
#define SB_WINOGRAD_JOB_H

#include "convolution_winograd.h"
#include "foundation/pieces.h"

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
    ROUNDED_TILES = 16,        // fewer do not make up for rounding the filters
    WINOGRAD_DEPTH = 64,       // input channels whose filters are transformed at a time
    IN_PLACE_OUTPUTS = 128,    // with more output channels, copying the inputs for a product of floats pays off
};

/// Runs the kernels of a scheme, for few tiles or for many, by DISPATCH or another such macro.
#define RUN_SCHEME(dispatch, scheme, few, job) \
    do { \
        switch (scheme) { \
        case SB_WINOGRAD_F4: RUN_TILES(dispatch, f4, few, job); \
        case SB_WINOGRAD_F2: RUN_TILES(dispatch, f2, few, job); \
        case SB_WINOGRAD_S2: RUN_TILES(dispatch, s2, few, job); \
        case SB_WINOGRAD_S2_INPUT: RUN_TILES(dispatch, s2i, few, job); \
        } \
    } while (0)
#define RUN_TILES(dispatch, scheme, few, job) \
    if (few) dispatch(few_tiles_##scheme, job); \
    else dispatch(many_tiles_##scheme, job); \
    break

/// The same with products that read bfloat16.
void sb_run_winograd_rounded(winograd_job *job, sb_winograd_scheme scheme, bool few);

#endif
