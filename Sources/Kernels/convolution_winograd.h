// The tiles of a 3×3 convolution with stride 1, and how they are read. Inside an ISA pass, after
// winograd_transforms.h and lanes.h, also functions.
#ifndef SB_CONVOLUTION_WINOGRAD_H
#define SB_CONVOLUTION_WINOGRAD_H

#include "convolution_core.h"

/// The 4×4 output tiles of all images, image by image, row by row.
typedef struct {
    intptr_t rows, columns, count;   // of tiles: in an image, in an image, in all
    intptr_t origin[2];              // the input position that the first output's lowest tap reads
    bool rotated;                    // the taps count backwards, as they do toward the input
} sb_tiles;

/// A tile's image and the position of its first output.
typedef struct {
    intptr_t image, row, column;
} sb_tile;

/// A buffer of transformed tiles, [36 points][tiles][channels]: distances between points and between tiles.
typedef struct {
    intptr_t point, tile;
} sb_block;

static inline sb_tiles sb_tiles_of(const sb_convolution *c) {
    const bool rotated = c->axis[0].tap_offset < 0;
    const intptr_t rows = (c->out.height + 3) / 4, columns = (c->out.width + 3) / 4, back = rotated ? 2 : 0;
    return (sb_tiles){rows, columns, c->in.images * rows * columns,
                      {c->axis[0].first - back, c->axis[1].first - back}, rotated};
}

static inline sb_tile sb_tile_at(const sb_tiles *tiles, intptr_t index) {
    return (sb_tile){index / (tiles->rows * tiles->columns), index / tiles->columns % tiles->rows * 4,
                     index % tiles->columns * 4};
}

/// A distance of at least `size` floats that is an odd number of cache lines, so that the 36 points of a tile, which
/// are read and written together, spread over the sets of the caches.
static inline intptr_t sb_spread(intptr_t size) { return ((size + 15) / 16 | 1) * 16; }

/// A block with room for whole vectors of channels.
static inline sb_block sb_block_of(intptr_t tiles, intptr_t channels, intptr_t lanes) {
    const intptr_t tile = (channels + lanes - 1) / lanes * lanes;
    return (sb_block){sb_spread(tiles * tile), tile};
}

/// Asks for the pixels of a tile ahead of their use: `extent` rows and columns from its first output + `origin` on. The
/// processor cannot guess them, because neighbours in a tile are a row of the map apart.
static inline void sb_prefetch_tile(const sb_map *map, sb_tile tile, const intptr_t origin[2], intptr_t extent,
                                    intptr_t first, intptr_t channels) {
    const intptr_t row = tile.row + origin[0], column = tile.column + origin[1];
    for (intptr_t y = row < 0 ? 0 : row; y < row + extent && y < map->height; ++y)
        for (intptr_t x = column < 0 ? 0 : column; x < column + extent && x < map->width; ++x) {
            const float *pixel = map->data + ((tile.image * map->height + y) * map->width + x) * map->pixel + first;
            for (intptr_t channel = 0; channel < channels; channel += 16) __builtin_prefetch(pixel + channel);
        }
}

#endif

#ifdef ISA_PASS

#undef load_tile
#define load_tile KERNEL(load_tile)

/// Transforms a tile's 6×6 inputs, `channels` channels of them from `first` on, to `to` and further points `point` apart.
static void load_tile(const sb_map *map, sb_tile tile, const intptr_t origin[2], intptr_t first, intptr_t channels,
                      float *to, intptr_t point) {
    const intptr_t row = tile.row + origin[0], column = tile.column + origin[1];
    const intptr_t rows = map->height - row, columns = map->width - column;   // that lie within the map
    const intptr_t right = map->pixel, down = map->width * map->pixel;
    const float *from = map->data + tile.image * map->height * down + row * down + column * right + first;
    const bool inside = row >= 0 && column >= 0 && rows >= 6 && columns >= 6;
    static const float zeros[LANES];
    const float *at[36];       // pixels outside the map are read from `zeros`, for every channel
    intptr_t channel_mask[36];
    for (int i = 0; i < 36 && !inside; ++i) {
        const intptr_t y = i / 6, x = i % 6;
        const bool present = row + y >= 0 && y < rows && column + x >= 0 && x < columns;
        at[i] = present ? from + y * down + x * right : zeros;
        channel_mask[i] = present ? -1 : 0;
    }
    FOR_LANES(channel, count, channels) {
#define STORE(i, j, value) vf_store(to + (6 * (i) + (j)) * point + channel, value)
        if (inside && count == LANES) {
#define LOAD(i, j) vf_load(from + (i) * down + (j) * right + channel)
            WINOGRAD_TRANSFORM(input_line, 6, 6, LOAD, STORE);
#undef LOAD
        } else if (count == LANES) {
#define LOAD(i, j) vf_load(at[6 * (i) + (j)] + (channel & channel_mask[6 * (i) + (j)]))
            WINOGRAD_TRANSFORM(input_line, 6, 6, LOAD, STORE);
#undef LOAD
        } else {
#define LOAD(i, j) \
    vf_load_or(inside ? from + (i) * down + (j) * right + channel \
                      : at[6 * (i) + (j)] + (channel & channel_mask[6 * (i) + (j)]), count, 0)
            WINOGRAD_TRANSFORM(input_line, 6, 6, LOAD, STORE);
#undef LOAD
        }
#undef STORE
    }
}

#endif
