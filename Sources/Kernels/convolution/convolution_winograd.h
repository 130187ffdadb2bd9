// The tiles of a 3×3 convolution with stride 1, and how they are read. Inside an ISA pass, after
// winograd_transforms.h and lanes.h, also functions.
#ifndef SB_CONVOLUTION_WINOGRAD_H
#define SB_CONVOLUTION_WINOGRAD_H

#include "convolution_core.h"

/// How a convolution is cut into tiles: the extents of a tile's inputs and outputs along an axis, and from how many inputs
/// to the next tile's.
typedef struct {
    intptr_t inputs, outputs, input_step;
} sb_tile_form;

/// The tiles of all images, image by image, row by row.
typedef struct {
    sb_tile_form form;
    intptr_t rows, columns, count;   // of tiles: in an image, in an image, in all
    intptr_t origin[2];              // the input position where the first tile begins
    bool rotated;                    // the taps count backwards, as they do toward the input with stride 1
} sb_tiles;

/// A tile's image, and the positions of its first input and output.
typedef struct {
    intptr_t image, in_row, in_column, out_row, out_column;
} sb_tile;

/// A buffer of transformed tiles, [points][tiles][channels]: distances between points and between tiles.
typedef struct {
    intptr_t point, tile;
} sb_block;

static inline sb_tiles sb_tiles_of(const sb_convolution *c, sb_tile_form form) {
    const bool rotated = c->axis[0].tap_offset < 0;
    const intptr_t rows = (c->out.height + form.outputs - 1) / form.outputs;
    const intptr_t columns = (c->out.width + form.outputs - 1) / form.outputs, back = rotated ? 2 : 0;
    return (sb_tiles){form, rows, columns, c->in.images * rows * columns,
                      {c->axis[0].first - back, c->axis[1].first - back}, rotated};
}

static inline sb_tile sb_tile_at(const sb_tiles *tiles, intptr_t index) {
    const intptr_t row = index / tiles->columns % tiles->rows, column = index % tiles->columns;
    return (sb_tile){index / (tiles->rows * tiles->columns),
                     tiles->origin[0] + row * tiles->form.input_step, tiles->origin[1] + column * tiles->form.input_step,
                     row * tiles->form.outputs, column * tiles->form.outputs};
}

/// A distance of at least `size` floats that is an odd number of cache lines, so that the points of a tile, which
/// are read and written together, spread over the sets of the caches.
static inline intptr_t sb_spread(intptr_t size) { return ((size + 15) / 16 | 1) * 16; }

/// A block with room for whole vectors of channels.
static inline sb_block sb_block_of(intptr_t tiles, intptr_t channels, intptr_t lanes) {
    const intptr_t tile = (channels + lanes - 1) / lanes * lanes;
    return (sb_block){sb_spread(tiles * tile), tile};
}

/// Asks for pixels ahead of their use: `extent` rows and columns from (row, column) on. The processor cannot guess them,
/// because neighbors in a tile are a row of the map apart.
static inline void sb_prefetch_tile(const sb_map *map, intptr_t image, intptr_t row, intptr_t column, intptr_t extent,
                                    intptr_t first, intptr_t channels) {
    const intptr_t size = map->rounded ? 2 : 4;
    for (intptr_t y = row < 0 ? 0 : row; y < row + extent && y < map->height; ++y)
        for (intptr_t x = column < 0 ? 0 : column; x < column + extent && x < map->width; ++x) {
            const char *pixel =
                (const char *)map->data + (((image * map->height + y) * map->width + x) * map->pixel + first) * size;
            for (intptr_t byte = 0; byte < channels * size; byte += 64) __builtin_prefetch(pixel + byte);
        }
}

#endif
