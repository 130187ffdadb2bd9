// 3×3 convolution with stride 1 by Winograd's F(4×4, 3×3). The tiles of all images form one long row.
//
// Where there are many tiles, the filters are transformed first, and a piece takes a block of tiles: it transforms the
// block's inputs, multiplies the channels at each of the 36 points, and transforms the products back, all within the
// second-level cache. Where there are few tiles, on small maps with many channels, it is the other way round: all tiles
// are transformed first, and a piece takes a panel of output channels and transforms its filters. Then the transformed
// filters, four times as large as the filters, never travel to memory.
#ifndef ISA_PASS
#include "convolution_winograd.h"
#include "matmul_core.h"
#include "pieces.h"
#include "workspace.h"

typedef struct {
    const sb_convolution *convolution;
    sb_tiles tiles;
    sb_pieces pieces;          // of the tiles
    float *filters;            // of many tiles: the transformed filters, [36 points][packed size]
    intptr_t filter_size;      // of one point
    float *inputs;             // of few tiles: the transformed inputs, [blocks of channels][36 points][tiles]
    sb_pieces depth;           // of the input channels
    sb_block input_block;
} winograd_job;

enum {
    WINOGRAD_TILES = 28,       // in a piece: their inputs and products share the second-level cache
    WINOGRAD_FEW_TILES = 128,
    WINOGRAD_DEPTH = 64,       // of few tiles: input channels whose filters are transformed at a time
};
#endif

#define SOURCE "convolution_winograd.c"
#include "per_isa.h"
#ifdef ISA_PASS
#include "vector.h"
#include "lanes.h"
#include "vector_math.h"
#include "vector_activation.h"
#include "matmul_core.h"
#include "winograd_transforms.h"
#include "convolution_winograd.h"

// Transforms the filters of a panel of output channels, for `inputs` input channels from `input` on, to a packed panel
// for each point.
static void KERNEL(transform_filters)(const winograd_job *job, intptr_t panel, intptr_t input, intptr_t inputs,
                                      float *to, intptr_t point) {
    const sb_filter filter = job->convolution->filter;
    const bool rotated = job->tiles.rotated;
    for (intptr_t half = 0; half < MATMUL_PANEL; half += LANES) {
        const intptr_t first = panel * MATMUL_PANEL + half, rest = job->convolution->out.channels - first;
        const intptr_t outputs = rest < 0 ? 0 : rest < LANES ? rest : LANES;
        for (intptr_t channel = 0; channel < inputs; ++channel) {
            float taps[3][3][LANES] = {{{0}}};
            const float *from = filter.data + first * filter.output + (input + channel) * filter.input;
            for (intptr_t o = 0; o < outputs; ++o, from += filter.output)
                for (int i = 0; i < 3; ++i)
                    for (int j = 0; j < 3; ++j) taps[i][j][o] = from[i * filter.tap[0] + j * filter.tap[1]];
            float *at = to + channel * MATMUL_PANEL + half;
#define LOAD(i, j) vf_load(rotated ? taps[2 - (i)][2 - (j)] : taps[i][j])
#define STORE(i, j, value) vf_store(at + (6 * (i) + (j)) * point, value)
            WINOGRAD_TRANSFORM(filter_line, 3, 6, LOAD, STORE);
#undef LOAD
#undef STORE
        }
    }
}

// Transforms a tile's products back, for `channels` output channels from `first` on, and stores those of its 4×4 outputs
// that lie within the map.
static void KERNEL(store_tile)(const winograd_job *job, intptr_t tile, intptr_t first, intptr_t channels,
                               const float *products, intptr_t point) {
    const sb_convolution *c = job->convolution;
    const sb_map *out = &c->out;
    const sb_tile at = sb_tile_at(&job->tiles, tile);
    const intptr_t rows = out->height - at.row < 4 ? out->height - at.row : 4;
    const intptr_t columns = out->width - at.column < 4 ? out->width - at.column : 4;
    const intptr_t right = out->pixel, down = out->width * out->pixel;
    const bool simple = rows == 4 && columns == 4 && !c->epilogue.residual && c->epilogue.activation != SB_ACT_SILU;
    const vf floor = vf_set(c->epilogue.activation == SB_ACT_RELU ? 0 : -INFINITY);
    float *to = out->data + at.image * out->height * down + at.row * down + at.column * right + first;
    FOR_LANES(channel, count, channels) {
        const vf bias = c->epilogue.bias ? vf_load_or(c->epilogue.bias + first + channel, count, 0) : (vf){0};
#define LOAD(i, j) vf_load(products + (6 * (i) + (j)) * point + channel)
        if (simple && count == LANES) {
#define STORE(i, j, value) \
    const vf sum = (value) + bias; \
    vf_store(to + (i) * down + (j) * right + channel, vf_select(sum < floor, floor, sum))
            WINOGRAD_TRANSFORM(output_line, 6, 4, LOAD, STORE);
#undef STORE
        } else {
            vf outputs[16];
#define STORE(i, j, value) outputs[4 * (i) + (j)] = (value) + bias
            WINOGRAD_TRANSFORM(output_line, 6, 4, LOAD, STORE);
#undef STORE
            for (intptr_t i = 0; i < rows; ++i)
                for (intptr_t j = 0; j < columns; ++j) {
                    float *pixel = to + i * down + j * right + channel;
                    vf sum = outputs[4 * i + j];
                    if (c->epilogue.residual) sum += vf_load_or(sb_residual_at(c, pixel), count, 0);
                    vf_store_some(pixel, v_activated(c->epilogue.activation, sum), count);
                }
        }
#undef LOAD
    }
}

// Transforms the inputs of some tiles, `channels` channels of them from `channel` on.
static void KERNEL(load_tiles)(const winograd_job *job, sb_pieces pieces, intptr_t piece, intptr_t channel,
                               intptr_t channels, float *to, sb_block block) {
    const sb_map *in = &job->convolution->in;
    const intptr_t begin = sb_piece_begin(pieces, piece), end = sb_piece_end(pieces, piece);
    for (intptr_t i = begin; i < end; ++i, to += block.tile) {
        if (i + 1 < end)
            sb_prefetch_tile(in, sb_tile_at(&job->tiles, i + 1), job->tiles.origin, 6, channel, channels);
        load_tile(in, sb_tile_at(&job->tiles, i), job->tiles.origin, channel, channels, to, block.point);
    }
}

// MARK: Many tiles

static void KERNEL(filters_piece)(void *context, intptr_t panel) {
    const winograd_job *job = context;
    const intptr_t inputs = job->convolution->in.channels;
    KERNEL(transform_filters)(job, panel, 0, inputs, job->filters + panel * MATMUL_PANEL * inputs, job->filter_size);
}

static void KERNEL(many_tiles_piece)(void *context, intptr_t piece) {
    const winograd_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t first = sb_piece_begin(job->pieces, piece), count = sb_piece_end(job->pieces, piece) - first;
    const sb_block in = sb_block_of(job->pieces.rows_each, c->in.channels, LANES);
    const sb_block out = sb_block_of(job->pieces.rows_each, c->out.channels, LANES);
    float *inputs = sb_scratch(sizeof(float) * (size_t)(36 * (in.point + out.point)));
    float *products = inputs + 36 * in.point;

    KERNEL(load_tiles)(job, job->pieces, piece, 0, c->in.channels, inputs, in);
    for (int point = 0; point < 36; ++point) {
        const sb_matrix left = {inputs + point * in.point, in.tile, 1};
        const sb_panels right = {job->filters + point * job->filter_size, MATMUL_PANEL * c->in.channels, MATMUL_PANEL};
        multiply(count, out.tile, c->in.channels, left_matrix(&left), right,
                 (sb_result){products + point * out.point, out.tile, NULL}, (sb_finish){.alpha = 1});
    }
    for (intptr_t i = 0; i < count; ++i)
        KERNEL(store_tile)(job, first + i, 0, c->out.channels, products + i * out.tile, out.point);
}

static void KERNEL(many_tiles)(winograd_job *job) {
    const sb_convolution *c = job->convolution;
    job->filter_size = sb_spread(packed_size(c->in.channels, c->out.channels));
    const size_t bytes = sizeof(float) * 36 * (size_t)job->filter_size;
    job->filters = sb_workspace(bytes);
    sb_parallel((c->out.channels + MATMUL_PANEL - 1) / MATMUL_PANEL, KERNEL(filters_piece), job);
    sb_parallel(job->pieces.count, KERNEL(many_tiles_piece), job);
    sb_free(job->filters, bytes);
}

// MARK: Few tiles

// A piece is a few tiles and a block of channels.
static void KERNEL(inputs_piece)(void *context, intptr_t piece) {
    const winograd_job *job = context;
    const intptr_t tiles = piece % job->pieces.count, depth = piece / job->pieces.count;
    const intptr_t channel = sb_piece_begin(job->depth, depth);
    float *to = job->inputs + depth * 36 * job->input_block.point;
    KERNEL(load_tiles)(job, job->pieces, tiles, channel, sb_piece_end(job->depth, depth) - channel,
                       to + sb_piece_begin(job->pieces, tiles) * job->input_block.tile, job->input_block);
}

static void KERNEL(few_tiles_piece)(void *context, intptr_t panel) {
    const winograd_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t tiles = job->tiles.count, first = panel * MATMUL_PANEL, rest = c->out.channels - first;
    const sb_block in = job->input_block, out = sb_block_of(tiles, MATMUL_PANEL, LANES);
    const intptr_t filter_size = sb_spread(WINOGRAD_DEPTH * MATMUL_PANEL);
    float *filters = sb_scratch(sizeof(float) * (size_t)(36 * (filter_size + out.point)));
    float *products = filters + 36 * filter_size;

    for (intptr_t block = 0; block < job->depth.count; ++block) {
        const intptr_t input = sb_piece_begin(job->depth, block), inputs = sb_piece_end(job->depth, block) - input;
        KERNEL(transform_filters)(job, panel, input, inputs, filters, filter_size);
        for (int point = 0; point < 36; ++point) {
            const sb_matrix left = {job->inputs + (block * 36 + point) * in.point, in.tile, 1};
            const sb_panels right = {filters + point * filter_size, 0, MATMUL_PANEL};
            multiply(tiles, MATMUL_PANEL, inputs, left_matrix(&left), right,
                     (sb_result){products + point * out.point, out.tile, NULL}, (sb_finish){.alpha = 1, .beta = block > 0});
        }
    }
    for (intptr_t i = 0; i < tiles; ++i)
        KERNEL(store_tile)(job, i, first, rest < MATMUL_PANEL ? rest : MATMUL_PANEL, products + i * out.tile, out.point);
}

static void KERNEL(few_tiles)(winograd_job *job) {
    const sb_convolution *c = job->convolution;
    job->input_block = sb_block_of(job->tiles.count, WINOGRAD_DEPTH, LANES);
    job->depth = sb_cut(c->in.channels, 1, WINOGRAD_DEPTH, INTPTR_MAX);
    const size_t bytes = sizeof(float) * 36 * (size_t)(job->depth.count * job->input_block.point);
    job->inputs = sb_workspace(bytes);
    sb_parallel(job->pieces.count * job->depth.count, KERNEL(inputs_piece), job);
    sb_parallel((c->out.channels + MATMUL_PANEL - 1) / MATMUL_PANEL, KERNEL(few_tiles_piece), job);
    sb_free(job->inputs, bytes);
}

#else

void sb_convolve_winograd(const sb_convolution *convolution) {
    winograd_job job = {.convolution = convolution, .tiles = sb_tiles_of(convolution)};
    if (job.tiles.count <= WINOGRAD_FEW_TILES && convolution->out.channels >= 4 * job.tiles.count) {
        job.pieces = sb_cut(job.tiles.count, 1, 4, INTPTR_MAX);
        DISPATCH(few_tiles, &job);
    } else {
        job.pieces = sb_cut(job.tiles.count, 1, WINOGRAD_TILES, INTPTR_MAX);
        DISPATCH(many_tiles, &job);
    }
}

#endif
