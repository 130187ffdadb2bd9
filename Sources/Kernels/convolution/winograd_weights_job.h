// What the kernels of the gradient toward 3×3 filters share, in float32 or with rounded products.
#ifndef SB_WINOGRAD_WEIGHTS_JOB_H
#define SB_WINOGRAD_WEIGHTS_JOB_H

#include "convolution_winograd.h"
#include "foundation/pieces.h"
#include "matmul/matmul_core.h"

typedef struct {
    const sb_convolution *convolution;
    sb_tiles tiles;
    sb_pieces inputs, outputs, chunks;   // blocks of channels, and chunks of tiles
    float *sums;                         // [chunks][output channels][9][input channels]
    // With many channels:
    intptr_t chunk;                      // the chunk at work
    sb_block block;                      // of transformed tiles: [36 points][tiles of a chunk][channels of a block]
    float *transformed;                  // the blocks of input channels, then those of output channels
} winograd_weights_job;

enum {
    BLOCK_CHANNELS = 64,     // 36 · 64 · 64 sums fill half of the second-level cache
    BLOCK_TILES = 56,        // few channels: tiles transformed at a time
    FEW_CHUNK_TILES = 112,   // few channels: tiles of a chunk, at least, and
    FEW_CHUNKS = 16,         // chunks, at most
    MANY_CHUNK_TILES = MATMUL_DEPTH,
    MANY_BLOCKS = 4,         // pairs of blocks from which on channels count as many
    TRANSFORM_TILES = 8,     // many channels: tiles transformed by a piece; an even number
};

/// Adds up the sums with products that read bfloat16.
void sb_run_winograd_weights_rounded(winograd_weights_job *job, bool many);

#endif
