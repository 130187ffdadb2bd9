// The gradient toward 3×3 filters by Winograd's algorithm, transposed: Gᵀ [Σ (A gy Aᵀ) ⊙ (Bᵀ x B)] G. At each of the 36
// points the sum over the tiles is a matrix product; the transform back is made once, when all tiles are in the sum.
//
// With few channels, a piece is a chunk of the tiles: it transforms them, a few at a time, and multiplies. With many
// channels each tile would be transformed again for each block of them; so the tiles of a chunk are transformed first,
// and then a piece is a block of input and output channels.
#ifndef ISA_PASS
#include "winograd_weights_job.h"
#include "foundation/workspace.h"
#endif

#define SOURCE "convolution/convolution_winograd_weights.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "winograd_weights.h"
#else

void sb_correlate_winograd(const sb_convolution *convolution) {
    winograd_weights_job job = {.convolution = convolution,
                                .tiles = sb_tiles_of(convolution, (sb_tile_form){6, 4, 4}),
                                .inputs = sb_cut(convolution->in.channels, 1, BLOCK_CHANNELS, INTPTR_MAX),
                                .outputs = sb_cut(convolution->out.channels, 1, BLOCK_CHANNELS, INTPTR_MAX)};
    const intptr_t blocks = job.inputs.count * job.outputs.count;
    const bool many = blocks >= MANY_BLOCKS;
    job.chunks = many ? sb_cut(job.tiles.count, 1, MANY_CHUNK_TILES, INTPTR_MAX)
                      : sb_cut(job.tiles.count, 1, FEW_CHUNK_TILES, FEW_CHUNKS / blocks);
    const intptr_t size = job.chunks.count * convolution->out.channels * 9 * convolution->in.channels;
    job.sums = sb_workspace(sizeof(float) * (size_t)size);
    if (convolution->rounded) sb_run_winograd_weights_rounded(&job, many);
    else if (many) DISPATCH(many_channels, &job);
    else DISPATCH(few_channels, &job);
    sb_store_filter_gradient(convolution, job.chunks.count, job.sums);
    sb_free(job.sums, sizeof(float) * (size_t)size);
}

#endif
