// 3×3 convolution with stride 1 by Winograd's F(4×4, 3×3). The tiles of all images form one long row, of which a piece
// takes a block: it transforms the block's inputs, multiplies the channels at each of the 36 points, and transforms the
// products back, all within the second-level cache.
#ifndef ISA_PASS
#include "convolution_winograd.h"
#include "matmul_core.h"
#include "pieces.h"
#include "workspace.h"

typedef struct {
    const sb_convolution *convolution;
    const float *bias;
    int activation;
    sb_tiles tiles;
    sb_pieces pieces;          // of the tiles
    float *filters;            // transformed and packed: [36][packed size]
    intptr_t filter_size;      // of one point
} winograd_job;
#endif

#define SOURCE "convolution_winograd.c"
#include "per_isa.h"
#ifdef ISA_PASS
#include "vector.h"
#include "lanes.h"
#include "vector_math.h"
#include "matmul_core.h"
#include "winograd_transforms.h"
#include "convolution_winograd.h"

// A piece is one panel of output channels, its halves a vector each.
static void KERNEL(transform_filters)(void *context, intptr_t piece) {
    const winograd_job *job = context;
    const sb_convolution *c = job->convolution;
    for (intptr_t half = 0; half < MATMUL_PANEL; half += LANES) {
        const intptr_t first = piece * MATMUL_PANEL + half, rest = c->out.channels - first;
        const intptr_t outputs = rest < 0 ? 0 : rest < LANES ? rest : LANES;
        float *to = job->filters + piece * MATMUL_PANEL * c->in.channels + half;
        for (intptr_t input = 0; input < c->in.channels; ++input, to += MATMUL_PANEL) {
            float taps[3][3][LANES] = {{{0}}};
            const float *from = c->filter.data + first * c->filter.output + input * c->filter.input;
            for (intptr_t o = 0; o < outputs; ++o, from += c->filter.output)
                for (int i = 0; i < 3; ++i)
                    for (int j = 0; j < 3; ++j) taps[i][j][o] = from[i * c->filter.tap[0] + j * c->filter.tap[1]];
            const bool rotated = job->tiles.rotated;
#define LOAD(i, j) vf_load(rotated ? taps[2 - (i)][2 - (j)] : taps[i][j])
#define STORE(i, j, value) vf_store(to + (6 * (i) + (j)) * job->filter_size, value)
            WINOGRAD_TRANSFORM(filter_line, 3, 6, LOAD, STORE);
#undef LOAD
#undef STORE
        }
    }
}

static inline __attribute__((always_inline)) vf KERNEL(activated)(int activation, vf value) {
    if (activation == SB_ACT_RELU) return vf_select(value < 0, (vf){0}, value);
    if (activation == SB_ACT_SILU) return value * v_sigmoid(value);
    return value;
}

// Transforms a tile's products back and stores those of its 4×4 outputs that lie within the map.
static void KERNEL(store_tile)(const winograd_job *job, intptr_t tile, const float *products, intptr_t point) {
    const sb_map *out = &job->convolution->out;
    const sb_tile at = sb_tile_at(&job->tiles, tile);
    const intptr_t rows = out->height - at.row, columns = out->width - at.column;
    const intptr_t right = out->pixel, down = out->width * out->pixel;
    const int activation = job->activation;
    float *to = out->data + at.image * out->height * down + at.row * down + at.column * right;
    FOR_LANES(channel, count, out->channels) {
        const vf bias = job->bias ? vf_load_or(job->bias + channel, count, 0) : (vf){0};
#define LOAD(i, j) vf_load(products + (6 * (i) + (j)) * point + channel)
        if (rows >= 4 && columns >= 4 && count == LANES && activation == SB_ACT_NONE) {
#define STORE(i, j, value) vf_store(to + (i) * down + (j) * right + channel, value + bias)
            WINOGRAD_TRANSFORM(output_line, 6, 4, LOAD, STORE);
#undef STORE
        } else {
#define STORE(i, j, value) \
    if ((i) < rows && (j) < columns) \
        vf_store_some(to + (i) * down + (j) * right + channel, KERNEL(activated)(activation, value + bias), count)
            WINOGRAD_TRANSFORM(output_line, 6, 4, LOAD, STORE);
#undef STORE
        }
#undef LOAD
    }
}

static void KERNEL(winograd_piece)(void *context, intptr_t piece) {
    const winograd_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t first = sb_piece_begin(job->pieces, piece), count = sb_piece_end(job->pieces, piece) - first;
    const sb_block in = sb_block_of(job->pieces.rows_each, c->in.channels, LANES);
    const sb_block out = sb_block_of(job->pieces.rows_each, c->out.channels, LANES);
    float *inputs = sb_scratch(sizeof(float) * (size_t)(36 * (in.point + out.point)));
    float *products = inputs + 36 * in.point;

    for (intptr_t i = 0; i < count; ++i) {
        if (i + 1 < count)
            sb_prefetch_tile(&c->in, sb_tile_at(&job->tiles, first + i + 1), job->tiles.origin, 6, 0, c->in.channels);
        load_tile(&c->in, sb_tile_at(&job->tiles, first + i), job->tiles.origin, 0, c->in.channels,
                  inputs + i * in.tile, in.point);
    }
    for (int point = 0; point < 36; ++point) {
        const sb_matrix left = {inputs + point * in.point, in.tile, 1};
        const sb_panels right = {job->filters + point * job->filter_size, MATMUL_PANEL * c->in.channels, MATMUL_PANEL};
        multiply(count, out.tile, c->in.channels, left_matrix(&left), right,
                 (sb_result){products + point * out.point, out.tile, NULL}, (sb_finish){.alpha = 1});
    }
    for (intptr_t i = 0; i < count; ++i) KERNEL(store_tile)(job, first + i, products + i * out.tile, out.point);
}

static void KERNEL(winograd)(winograd_job *job) {
    const sb_convolution *c = job->convolution;
    job->filter_size = sb_spread(packed_size(c->in.channels, c->out.channels));
    const size_t bytes = sizeof(float) * 36 * (size_t)job->filter_size;
    job->filters = sb_workspace(bytes);
    sb_parallel((c->out.channels + MATMUL_PANEL - 1) / MATMUL_PANEL, KERNEL(transform_filters), job);
    sb_parallel(job->pieces.count, KERNEL(winograd_piece), job);
    sb_free(job->filters, bytes);
}

#else

void sb_convolve_winograd(const sb_convolution *convolution, const float *bias, int activation) {
    winograd_job job = {.convolution = convolution, .bias = bias, .activation = activation,
                        .tiles = sb_tiles_of(convolution)};
    job.pieces = sb_cut(job.tiles.count, 1, 28, INTPTR_MAX);
    DISPATCH(winograd, &job);
}

#endif
