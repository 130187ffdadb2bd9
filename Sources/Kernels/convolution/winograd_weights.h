// The kernels of the gradient toward 3×3 filters. Include inside an ISA pass, after winograd_weights_job.h; with ROUNDED their
// products read bfloat16, in words of two tiles, and so are the inputs.

#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "matmul/matmul_core.h"
#include "winograd_transforms.h"
#include "winograd_words.h"

#undef SCHEME
#undef INPUT_LINE
#undef POINTS
#undef TILE_INPUTS
#define SCHEME f4
#define INPUT_LINE f4_input_line
#define POINTS 6
#define TILE_INPUTS 6
#undef STORE_POINT
#define STORE_POINT(tile, channel, index, value) store_in_word((tile) + (channel), index, value)
#ifdef ROUNDED
#define ROUNDED_INPUT
#endif
#include "winograd_tile.h"

// Transforms a tile's 4×4 output gradients, as load_tile does its inputs.
static void KERNEL(load_gradient_tile)(const sb_map *map, sb_tile tile, intptr_t first, intptr_t channels,
                                       intptr_t index, float *to, intptr_t point) {
    const intptr_t rows = map->height - tile.out_row, columns = map->width - tile.out_column;
    const intptr_t right = map->pixel, down = map->width * map->pixel;
    const float *from = map->data + tile.image * map->height * down + tile.out_row * down + tile.out_column * right + first;
    FOR_LANES(channel, count, channels) {
#define STORE(i, j, value) STORE_POINT(to + (6 * (i) + (j)) * point, channel, index, value)
        if (rows >= 4 && columns >= 4 && count == LANES) {
#define LOAD(i, j) vf_load(from + (i) * down + (j) * right + channel)
            WINOGRAD_TRANSFORM(f4_output_gradient_line, 4, 6, LOAD, STORE);
#undef LOAD
        } else {
#define LOAD(i, j) \
    ((i) < rows && (j) < columns ? vf_load_or(from + (i) * down + (j) * right + channel, count, 0) : (vf){0})
            WINOGRAD_TRANSFORM(f4_output_gradient_line, 4, 6, LOAD, STORE);
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
            WINOGRAD_TRANSFORM(f4_filter_gradient_line, 6, 3, LOAD, STORE);
#undef LOAD
#undef STORE
        }
}

// Transforms `count` tiles from `first` on, one block of channels of the inputs or of the output gradients.
static void KERNEL(transform_inputs)(const winograd_weights_job *job, intptr_t first, intptr_t count, intptr_t block,
                                     float *to, sb_block size) {
    const sb_map *in = &job->convolution->in;
    const intptr_t channel = sb_piece_begin(job->inputs, block);
    const intptr_t channels = sb_piece_end(job->inputs, block) - channel;
    for (intptr_t i = first; i < first + count; ++i) {
        const sb_tile next = sb_tile_at(&job->tiles, i + 1);
        if (i + 1 < first + count)
            sb_prefetch_tile(in, next.image, next.in_row, next.in_column, 6, channel, channels);
        SCHEMED(load_tile)(in, sb_tile_at(&job->tiles, i), channel, channels, i - first,
                           to + (i - first) / PER_WORD * size.tile, size.point);
    }
}

static void KERNEL(transform_gradients)(const winograd_weights_job *job, intptr_t first, intptr_t count, intptr_t block,
                                        float *to, sb_block size) {
    const sb_map *out = &job->convolution->out;
    const intptr_t channel = sb_piece_begin(job->outputs, block);
    const intptr_t channels = sb_piece_end(job->outputs, block) - channel;
    for (intptr_t i = first; i < first + count; ++i) {
        const sb_tile next = sb_tile_at(&job->tiles, i + 1);
        if (i + 1 < first + count)
            sb_prefetch_tile(out, next.image, next.out_row, next.out_column, 4, channel, channels);
        KERNEL(load_gradient_tile)(out, sb_tile_at(&job->tiles, i), channel, channels, i - first,
                                   to + (i - first) / PER_WORD * size.tile, size.point);
    }
}

// sums[point] (+)= gradients[point]ᵀ · inputs[point] over `tiles` tiles.
static void KERNEL(multiply_points)(intptr_t outputs, intptr_t inputs, intptr_t tiles, const float *gradient_tiles,
                                    const float *input_tiles, sb_block block, float *sums, sb_block sum, bool add) {
    begin_products();
    for (int point = 0; point < 36; ++point) {
        const sb_matrix gradients = {gradient_tiles + point * block.point, 1, block.tile};
        const sb_windows left = sb_matrix_in_place(gradients, words_for(tiles));
        const sb_panels right = {input_tiles + point * block.point, MATMUL_PANEL, block.tile};
        multiply(outputs, inputs, words_for(tiles), left_in_place(&left), right,
                 (sb_result){sums + point * sum.point, sum.tile, NULL}, (sb_finish){.alpha = 1, .beta = add});
    }
    end_products();
}

// Where the sums of a chunk and a pair of blocks belong.
static float *KERNEL(sums_at)(const winograd_weights_job *job, intptr_t chunk, intptr_t output, intptr_t input) {
    const sb_convolution *c = job->convolution;
    return job->sums + (chunk * c->out.channels + output) * 9 * c->in.channels + input;
}

static void KERNEL(few_channels_piece)(void *context, intptr_t piece) {
    const winograd_weights_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t input_block = piece % job->inputs.count, output_block = piece / job->inputs.count % job->outputs.count;
    const intptr_t chunk = piece / (job->inputs.count * job->outputs.count);
    const intptr_t input = sb_piece_begin(job->inputs, input_block);
    const intptr_t output = sb_piece_begin(job->outputs, output_block);
    const intptr_t inputs = sb_piece_end(job->inputs, input_block) - input;
    const intptr_t outputs = sb_piece_end(job->outputs, output_block) - output;
    const sb_block block = sb_block_of(words_for(BLOCK_TILES), BLOCK_CHANNELS, LANES), sum = sb_block_of(outputs, inputs, LANES);
    float *input_tiles = sb_scratch(sizeof(float) * (size_t)(36 * (2 * block.point + sum.point)));
    float *gradient_tiles = input_tiles + 36 * block.point, *sums = gradient_tiles + 36 * block.point;

    const intptr_t begin = sb_piece_begin(job->chunks, chunk), end = sb_piece_end(job->chunks, chunk);
    for (intptr_t first = begin; first < end; first += BLOCK_TILES) {
        const intptr_t count = end - first < BLOCK_TILES ? end - first : BLOCK_TILES;
        KERNEL(transform_inputs)(job, first, count, input_block, input_tiles, block);
        KERNEL(transform_gradients)(job, first, count, output_block, gradient_tiles, block);
        KERNEL(multiply_points)(outputs, sum.tile, count, gradient_tiles, input_tiles, block, sums, sum, first > begin);
    }
    KERNEL(store_sums)(sums, sum, outputs, inputs, KERNEL(sums_at)(job, chunk, output, input), c->in.channels,
                       9 * c->in.channels);
}

// A piece is a few tiles of the chunk at work and one block of channels.
static void KERNEL(transform_piece)(void *context, intptr_t piece) {
    const winograd_weights_job *job = context;
    const intptr_t blocks = job->inputs.count + job->outputs.count, block = piece % blocks;
    const intptr_t skipped = piece / blocks * TRANSFORM_TILES, first = sb_piece_begin(job->chunks, job->chunk) + skipped;
    const intptr_t rest = sb_piece_end(job->chunks, job->chunk) - first;
    const intptr_t count = rest < TRANSFORM_TILES ? rest : TRANSFORM_TILES;
    float *to = job->transformed + block * 36 * job->block.point + skipped / PER_WORD * job->block.tile;
    if (block < job->inputs.count) KERNEL(transform_inputs)(job, first, count, block, to, job->block);
    else KERNEL(transform_gradients)(job, first, count, block - job->inputs.count, to, job->block);
}

static void KERNEL(many_channels_piece)(void *context, intptr_t piece) {
    const winograd_weights_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t input_block = piece % job->inputs.count, output_block = piece / job->inputs.count;
    const intptr_t input = sb_piece_begin(job->inputs, input_block);
    const intptr_t output = sb_piece_begin(job->outputs, output_block);
    const intptr_t inputs = sb_piece_end(job->inputs, input_block) - input;
    const intptr_t outputs = sb_piece_end(job->outputs, output_block) - output;
    const intptr_t tiles = sb_piece_end(job->chunks, job->chunk) - sb_piece_begin(job->chunks, job->chunk);
    const sb_block sum = sb_block_of(outputs, inputs, LANES);
    float *sums = sb_scratch(sizeof(float) * (size_t)(36 * sum.point));
    const float *input_tiles = job->transformed + input_block * 36 * job->block.point;
    const float *gradient_tiles = job->transformed + (job->inputs.count + output_block) * 36 * job->block.point;
    KERNEL(multiply_points)(outputs, sum.tile, tiles, gradient_tiles, input_tiles, job->block, sums, sum, false);
    KERNEL(store_sums)(sums, sum, outputs, inputs, KERNEL(sums_at)(job, job->chunk, output, input), c->in.channels,
                       9 * c->in.channels);
}

static void KERNEL(few_channels)(winograd_weights_job *job) {
    sb_parallel(job->chunks.count * job->inputs.count * job->outputs.count, KERNEL(few_channels_piece), job);
}

static void KERNEL(many_channels)(winograd_weights_job *job) {
    const intptr_t blocks = job->inputs.count + job->outputs.count;
    job->block = sb_block_of(words_for(job->chunks.rows_each), BLOCK_CHANNELS, LANES);
    const size_t bytes = sizeof(float) * 36 * (size_t)(blocks * job->block.point);
    job->transformed = sb_workspace(bytes);
    for (job->chunk = 0; job->chunk < job->chunks.count; ++job->chunk) {
        const intptr_t tiles = sb_piece_end(job->chunks, job->chunk) - sb_piece_begin(job->chunks, job->chunk);
        sb_parallel((tiles + TRANSFORM_TILES - 1) / TRANSFORM_TILES * blocks, KERNEL(transform_piece), job);
        sb_parallel(job->inputs.count * job->outputs.count, KERNEL(many_channels_piece), job);
    }
    sb_free(job->transformed, bytes);
}
