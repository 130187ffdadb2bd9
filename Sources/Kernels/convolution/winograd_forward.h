// A convolution by one of the schemes of winograd_transforms.h. Include inside an ISA pass, after what
// winograd_schemes.h includes, with the scheme's macros defined, which it takes back:
//
//     SCHEME, INPUT_LINE, FILTER_LINE, OUTPUT_LINE    its name and its transforms
//     POINTS                                          along an axis
//     FILTERS                                         different ones along an axis; all later points have the last
//     TILE_INPUTS, TILE_OUTPUTS                       along an axis

#undef STORE_POINT
#define STORE_POINT(tile, channel, index, value) store_channels(tile, channel, value)
#include "winograd_tile.h"

// The filter of a point of a tile.
static inline int SCHEMED(filter_of)(int point) {
    const int row = point / POINTS, column = point % POINTS;
    return (row < FILTERS ? row : FILTERS - 1) * FILTERS + (column < FILTERS ? column : FILTERS - 1);
}

// Transforms the filters of a panel of output channels, for `inputs` input channels from `input` on, to a packed panel
// for each point. `taps` has room for 9 · `inputs` rows of a panel, for filters that do not lie as panels yet.
static void SCHEMED(transform_filters)(const winograd_job *job, intptr_t panel, intptr_t input, intptr_t inputs,
                                      float *taps, float *to, intptr_t point) {
    const sb_convolution *c = job->convolution;
    const bool rotated = job->tiles.rotated;
    const float *from = taps;
    intptr_t tap = inputs * MATMUL_PANEL;
    if (c->filter.panels) {
        tap = c->in.channels * MATMUL_PANEL;
        from = c->filter.panels + panel * 9 * tap + input * MATMUL_PANEL;
    } else pack_filter_panel(c, panel, input, inputs, taps);
    for (intptr_t at = 0; at < inputs * MATMUL_PANEL; at += LANES) {
        const intptr_t row = at / MATMUL_PANEL, word = row / PER_WORD * MATMUL_PANEL + at % MATMUL_PANEL;
#define LOAD(i, j) vf_load(from + (rotated ? 8 - 3 * (i) - (j) : 3 * (i) + (j)) * tap + at)
#define STORE(i, j, value) store_in_word(to + (FILTERS * (i) + (j)) * point + word, row, value)
        WINOGRAD_TRANSFORM(FILTER_LINE, 3, FILTERS, LOAD, STORE);
#undef LOAD
#undef STORE
    }
}

// Transforms a tile's products back, for `channels` output channels from `first` on, and stores those of its outputs that
// lie within the map. Products are floats in any case, so that it is compiled without ROUNDED alone.
void SCHEMED(store_tile)(const winograd_job *job, intptr_t tile, intptr_t first, intptr_t channels, const float *products,
                         intptr_t point);
#ifndef ROUNDED
void SCHEMED(store_tile)(const winograd_job *job, intptr_t tile, intptr_t first, intptr_t channels, const float *products,
                         intptr_t point) {
    const sb_convolution *c = job->convolution;
    const sb_map *out = &c->out;
    const sb_tile at = sb_tile_at(&job->tiles, tile);
    const intptr_t below = out->height - at.out_row, beside = out->width - at.out_column;
    const intptr_t rows = below < TILE_OUTPUTS ? below : TILE_OUTPUTS;
    const intptr_t columns = beside < TILE_OUTPUTS ? beside : TILE_OUTPUTS;
    const intptr_t right = out->pixel, down = out->width * out->pixel;
    float lowest;
    const bool has_floor = activation_floor(c->epilogue.activation, &lowest);
    const bool simple = rows == TILE_OUTPUTS && columns == TILE_OUTPUTS && !c->epilogue.residual && has_floor;
    const vf floor = vf_set(lowest);
    float *to = out->data + at.image * out->height * down + at.out_row * down + at.out_column * right + first;
    FOR_LANES(channel, count, channels) {
        const vf bias = c->epilogue.bias ? vf_load_or(c->epilogue.bias + first + channel, count, 0) : (vf){0};
#define LOAD(i, j) vf_load(products + (POINTS * (i) + (j)) * point + channel)
        if (simple && count == LANES) {
#define STORE(i, j, value) \
    const vf sum = (value) + bias; \
    vf_store(to + (i) * down + (j) * right + channel, vf_select(sum < floor, floor, sum))
            WINOGRAD_TRANSFORM(OUTPUT_LINE, POINTS, TILE_OUTPUTS, LOAD, STORE);
#undef STORE
        } else {
            vf outputs[TILE_OUTPUTS * TILE_OUTPUTS];
#define STORE(i, j, value) outputs[TILE_OUTPUTS * (i) + (j)] = (value) + bias
            WINOGRAD_TRANSFORM(OUTPUT_LINE, POINTS, TILE_OUTPUTS, LOAD, STORE);
#undef STORE
            for (intptr_t i = 0; i < rows; ++i)
                for (intptr_t j = 0; j < columns; ++j) {
                    float *pixel = to + i * down + j * right + channel;
                    vf sum = outputs[TILE_OUTPUTS * i + j];
                    if (c->epilogue.residual) sum += vf_load_or(sb_residual_at(c, pixel), count, 0);
                    vf_store_some(pixel, v_activated(c->epilogue.activation, sum), count);
                }
        }
#undef LOAD
    }
}
#endif

// Transforms the inputs of some tiles, `channels` channels of them from `channel` on.
static void SCHEMED(load_tiles)(const winograd_job *job, sb_pieces pieces, intptr_t piece, intptr_t channel,
                               intptr_t channels, float *to, sb_block block) {
    const sb_map *in = &job->convolution->in;
    const intptr_t begin = sb_piece_begin(pieces, piece), end = sb_piece_end(pieces, piece);
    for (intptr_t i = begin; i < end; ++i, to += block.tile) {
        const sb_tile next = sb_tile_at(&job->tiles, i + 1);
        if (i + 1 < end)
            sb_prefetch_tile(in, next.image, next.in_row, next.in_column, TILE_INPUTS, channel, channels);
        SCHEMED(load_tile)(in, sb_tile_at(&job->tiles, i), channel, channels, i - begin, to, block.point);
    }
}

// MARK: Many tiles

static void SCHEMED(filters_piece)(void *context, intptr_t panel) {
    const winograd_job *job = context;
    const intptr_t inputs = job->convolution->in.channels;
    float *taps = sb_scratch(sizeof(float) * 9 * (size_t)(WINOGRAD_DEPTH * MATMUL_PANEL));
    float *to = job->filters + panel * MATMUL_PANEL * words_for(inputs);
    for (intptr_t input = 0; input < inputs; input += WINOGRAD_DEPTH) {
        const intptr_t count = inputs - input < WINOGRAD_DEPTH ? inputs - input : WINOGRAD_DEPTH;
        SCHEMED(transform_filters)(job, panel, input, count, taps, to + words_for(input) * MATMUL_PANEL, job->filter_size);
    }
}

static void SCHEMED(many_tiles_piece)(void *context, intptr_t piece) {
    const winograd_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t first = sb_piece_begin(job->pieces, piece), count = sb_piece_end(job->pieces, piece) - first;
    const intptr_t words = words_for(c->in.channels);
    const sb_block in = sb_block_of(job->pieces.rows_each, words, LANES);
    const sb_block out = sb_block_of(job->pieces.rows_each, c->out.channels, LANES);
    float *inputs = sb_scratch(sizeof(float) * (size_t)(POINTS * POINTS * (in.point + out.point)));
    float *products = inputs + POINTS * POINTS * in.point;

    SCHEMED(load_tiles)(job, job->pieces, piece, 0, c->in.channels, inputs, in);
    begin_products();
    for (int point = 0; point < POINTS * POINTS; ++point) {
        const sb_matrix left = {inputs + point * in.point, in.tile, 1};
        const sb_windows in_place = sb_matrix_in_place(left, words);
        const sb_panels right = {job->filters + SCHEMED(filter_of)(point) * job->filter_size, MATMUL_PANEL * words,
                                 MATMUL_PANEL};
        const bool copies = PER_WORD == 1 && out.tile > IN_PLACE_OUTPUTS;
        multiply(count, out.tile, words, copies ? left_matrix(&left) : left_in_place(&in_place), right,
                 (sb_result){products + point * out.point, out.tile, NULL}, (sb_finish){.alpha = 1});
    }
    end_products();
    for (intptr_t i = 0; i < count; ++i)
        SCHEMED(store_tile)(job, first + i, 0, c->out.channels, products + i * out.tile, out.point);
}

static void SCHEMED(many_tiles)(winograd_job *job) {
    const sb_convolution *c = job->convolution;
    job->filter_size = sb_spread(packed_size(words_for(c->in.channels), c->out.channels));
    const size_t bytes = sizeof(float) * FILTERS * FILTERS * (size_t)job->filter_size;
    job->filters = sb_workspace(bytes);
    sb_parallel((c->out.channels + MATMUL_PANEL - 1) / MATMUL_PANEL, SCHEMED(filters_piece), job);
    sb_parallel(job->pieces.count, SCHEMED(many_tiles_piece), job);
    sb_free(job->filters, bytes);
}

// MARK: Few tiles

// A piece is a few tiles and a block of channels.
static void SCHEMED(inputs_piece)(void *context, intptr_t piece) {
    const winograd_job *job = context;
    const intptr_t tiles = piece % job->pieces.count, depth = piece / job->pieces.count;
    const intptr_t channel = sb_piece_begin(job->depth, depth);
    float *to = job->inputs + depth * POINTS * POINTS * job->input_block.point;
    SCHEMED(load_tiles)(job, job->pieces, tiles, channel, sb_piece_end(job->depth, depth) - channel,
                       to + sb_piece_begin(job->pieces, tiles) * job->input_block.tile, job->input_block);
}

static void SCHEMED(few_tiles_piece)(void *context, intptr_t panel) {
    const winograd_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t tiles = job->tiles.count, first = panel * MATMUL_PANEL, rest = c->out.channels - first;
    const sb_block in = job->input_block, out = sb_block_of(tiles, MATMUL_PANEL, LANES);
    const intptr_t filter_size = sb_spread(words_for(WINOGRAD_DEPTH) * MATMUL_PANEL);
    const intptr_t taps_size = 9 * WINOGRAD_DEPTH * MATMUL_PANEL;
    float *filters = sb_scratch(sizeof(float) * (size_t)(FILTERS * FILTERS * filter_size + POINTS * POINTS * out.point + taps_size));
    float *products = filters + FILTERS * FILTERS * filter_size, *taps = products + POINTS * POINTS * out.point;

    for (intptr_t block = 0; block < job->depth.count; ++block) {
        const intptr_t input = sb_piece_begin(job->depth, block), inputs = sb_piece_end(job->depth, block) - input;
        SCHEMED(transform_filters)(job, panel, input, inputs, taps, filters, filter_size);
        begin_products();
        for (int point = 0; point < POINTS * POINTS; ++point) {
            const sb_matrix tile_inputs = {job->inputs + (block * POINTS * POINTS + point) * in.point, in.tile, 1};
            const sb_windows left = sb_matrix_in_place(tile_inputs, words_for(inputs));
            const sb_panels right = {filters + SCHEMED(filter_of)(point) * filter_size, 0, MATMUL_PANEL};
            multiply(tiles, MATMUL_PANEL, words_for(inputs), left_in_place(&left), right,
                     (sb_result){products + point * out.point, out.tile, NULL}, (sb_finish){.alpha = 1, .beta = block > 0});
        }
        end_products();
    }
    for (intptr_t i = 0; i < tiles; ++i)
        SCHEMED(store_tile)(job, i, first, rest < MATMUL_PANEL ? rest : MATMUL_PANEL, products + i * out.tile, out.point);
}

static void SCHEMED(few_tiles)(winograd_job *job) {
    const sb_convolution *c = job->convolution;
    job->input_block = sb_block_of(job->tiles.count, words_for(WINOGRAD_DEPTH), LANES);
    job->depth = sb_cut(c->in.channels, 1, WINOGRAD_DEPTH, INTPTR_MAX);
    const size_t bytes = sizeof(float) * POINTS * POINTS * (size_t)(job->depth.count * job->input_block.point);
    job->inputs = sb_workspace(bytes);
    sb_parallel(job->pieces.count * job->depth.count, SCHEMED(inputs_piece), job);
    sb_parallel((c->out.channels + MATMUL_PANEL - 1) / MATMUL_PANEL, SCHEMED(few_tiles_piece), job);
    sb_free(job->inputs, bytes);
}

#undef SCHEME
#undef INPUT_LINE
#undef FILTER_LINE
#undef OUTPUT_LINE
#undef POINTS
#undef FILTERS
#undef TILE_INPUTS
#undef TILE_OUTPUTS
