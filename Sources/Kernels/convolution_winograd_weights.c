// The gradient toward 3×3 filters by Winograd's algorithm, transposed: Gᵀ [Σ (A gy Aᵀ) ⊙ (Bᵀ x B)] G. At each of the 36
// points the sum over the tiles is a matrix product; the transform back is made once, when all tiles are in the sum.
#ifndef ISA_PASS
#include "convolution_winograd.h"
#include "matmul_core.h"
#include "pieces.h"
#include "workspace.h"

// A piece is a block of input channels, a block of output channels and a chunk of the tiles.
typedef struct {
    const sb_convolution *convolution;
    sb_tiles tiles;
    sb_pieces inputs, outputs, chunks;
    float *sums;   // [chunks][output channels][9][input channels]
} winograd_weights_job;

enum {
    BLOCK_TILES = 56,      // transformed at a time
    BLOCK_CHANNELS = 64,   // 36 · 64 · 64 sums fill half of the second-level cache
    CHUNK_PIECES = 16,     // pieces wanted, as long as a chunk has CHUNK_TILES
    CHUNK_TILES = 112,
};
#endif

#define SOURCE "convolution_winograd_weights.c"
#include "per_isa.h"
#ifdef ISA_PASS
#include "vector.h"
#include "lanes.h"
#include "matmul_core.h"
#include "winograd_transforms.h"
#include "convolution_winograd.h"

// Transforms a tile's 4×4 output gradients, as load_tile does its inputs.
static void KERNEL(load_gradient_tile)(const sb_map *map, sb_tile tile, intptr_t first, intptr_t channels, float *to,
                                       intptr_t point) {
    const intptr_t rows = map->height - tile.row, columns = map->width - tile.column;
    const intptr_t right = map->pixel, down = map->width * map->pixel;
    const float *from = map->data + tile.image * map->height * down + tile.row * down + tile.column * right + first;
    FOR_LANES(channel, count, channels) {
#define STORE(i, j, value) vf_store(to + (6 * (i) + (j)) * point + channel, value)
        if (rows >= 4 && columns >= 4 && count == LANES) {
#define LOAD(i, j) vf_load(from + (i) * down + (j) * right + channel)
            WINOGRAD_TRANSFORM(output_gradient_line, 4, 6, LOAD, STORE);
#undef LOAD
        } else {
#define LOAD(i, j) \
    ((i) < rows && (j) < columns ? vf_load_or(from + (i) * down + (j) * right + channel, count, 0) : (vf){0})
            WINOGRAD_TRANSFORM(output_gradient_line, 4, 6, LOAD, STORE);
#undef LOAD
        }
#undef STORE
    }
}

// Transforms a piece's sums back: for each output channel 9 taps of the block's input channels.
static void KERNEL(store_sums)(const float *sums, sb_block block, intptr_t outputs, intptr_t inputs, float *to,
                               intptr_t tap, intptr_t output_stride) {
    for (intptr_t output = 0; output < outputs; ++output, sums += block.tile, to += output_stride)
        FOR_LANES(input, count, inputs) {
#define LOAD(i, j) vf_load(sums + (6 * (i) + (j)) * block.point + input)
#define STORE(i, j, value) vf_store_some(to + (3 * (i) + (j)) * tap + input, value, count)
            WINOGRAD_TRANSFORM(filter_gradient_line, 6, 3, LOAD, STORE);
#undef LOAD
#undef STORE
        }
}

static void KERNEL(winograd_weights_piece)(void *context, intptr_t piece) {
    const winograd_weights_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t input_block = piece % job->inputs.count, output_block = piece / job->inputs.count % job->outputs.count;
    const intptr_t chunk = piece / (job->inputs.count * job->outputs.count);
    const intptr_t input = sb_piece_begin(job->inputs, input_block);
    const intptr_t output = sb_piece_begin(job->outputs, output_block);
    const intptr_t inputs = sb_piece_end(job->inputs, input_block) - input;
    const intptr_t outputs = sb_piece_end(job->outputs, output_block) - output;
    const intptr_t begin = sb_piece_begin(job->chunks, chunk), end = sb_piece_end(job->chunks, chunk);

    const sb_block x = sb_block_of(BLOCK_TILES, inputs, LANES), gy = sb_block_of(BLOCK_TILES, outputs, LANES);
    const sb_block sum = sb_block_of(outputs, inputs, LANES);
    float *x_tiles = sb_scratch(sizeof(float) * (size_t)(36 * (x.point + gy.point + sum.point)));
    float *gy_tiles = x_tiles + 36 * x.point, *sums = gy_tiles + 36 * gy.point;

    for (intptr_t first = begin; first < end; first += BLOCK_TILES) {
        const intptr_t count = end - first < BLOCK_TILES ? end - first : BLOCK_TILES;
        for (intptr_t i = 0; i < count; ++i) {
            const sb_tile tile = sb_tile_at(&job->tiles, first + i), next = sb_tile_at(&job->tiles, first + i + 1);
            if (i + 1 < count) {
                sb_prefetch_tile(&c->in, next, job->tiles.origin, 6, input, inputs);
                sb_prefetch_tile(&c->out, next, (intptr_t[2]){0, 0}, 4, output, outputs);
            }
            load_tile(&c->in, tile, job->tiles.origin, input, inputs, x_tiles + i * x.tile, x.point);
            KERNEL(load_gradient_tile)(&c->out, tile, output, outputs, gy_tiles + i * gy.tile, gy.point);
        }
        for (int point = 0; point < 36; ++point) {
            const sb_matrix left = {gy_tiles + point * gy.point, 1, gy.tile};
            const sb_panels right = {x_tiles + point * x.point, MATMUL_PANEL, x.tile};
            multiply(outputs, x.tile, count, left_matrix(&left), right,
                     (sb_result){sums + point * sum.point, sum.tile, NULL}, (sb_finish){1, first > begin, NULL, 0});
        }
    }
    float *to = job->sums + (chunk * c->out.channels + output) * 9 * c->in.channels + input;
    KERNEL(store_sums)(sums, sum, outputs, inputs, to, c->in.channels, 9 * c->in.channels);
}

static void KERNEL(winograd_weights)(winograd_weights_job *job) {
    sb_parallel(job->chunks.count * job->inputs.count * job->outputs.count, KERNEL(winograd_weights_piece), job);
}

#else

void sb_correlate_winograd(const sb_convolution *convolution) {
    winograd_weights_job job = {.convolution = convolution,
                                .tiles = sb_tiles_of(convolution),
                                .inputs = sb_cut(convolution->in.channels, 1, BLOCK_CHANNELS, INTPTR_MAX),
                                .outputs = sb_cut(convolution->out.channels, 1, BLOCK_CHANNELS, INTPTR_MAX)};
    const intptr_t blocks = job.inputs.count * job.outputs.count;
    job.chunks = sb_cut(job.tiles.count, 1, CHUNK_TILES, blocks < CHUNK_PIECES ? CHUNK_PIECES / blocks : 1);
    const intptr_t size = job.chunks.count * convolution->out.channels * 9 * convolution->in.channels;
    job.sums = sb_workspace(sizeof(float) * (size_t)size);
    DISPATCH(winograd_weights, &job);
    sb_store_filter_gradient(convolution, job.chunks.count, job.sums);
    sb_free(job.sums, sizeof(float) * (size_t)size);
}

#endif
