// Reads the inputs of a tile for one of the schemes of winograd_transforms.h. Include inside an ISA pass, after lanes.h and
// convolution_winograd.h, with SCHEME (a name), POINTS (along an axis), TILE_INPUTS and INPUT_LINE defined, and
// STORE_POINT(tile, channel, index, value), which stores the LANES channels from one on of tile number `index`; and, with
// ROUNDED_INPUT, of a map of bfloat16.

#undef INPUT
#undef LOAD_INPUT
#ifdef ROUNDED_INPUT
#define INPUT uint16_t
#define LOAD_INPUT(p, count) vf_load_bfloats(p, count)
#else
#define INPUT float
#define LOAD_INPUT(p, count) vf_load_or(p, count, 0)
#endif

#undef SCHEMED2
#undef SCHEMED1
#undef SCHEMED
#define SCHEMED2(name, scheme) KERNEL(name##_##scheme)
#define SCHEMED1(name, scheme) SCHEMED2(name, scheme)
#define SCHEMED(name) SCHEMED1(name, SCHEME)

/// Transforms a tile's inputs, `channels` channels of them from `first` on, to `to` and further points `point` apart.
static void SCHEMED(load_tile)(const sb_map *map, sb_tile tile, intptr_t first, intptr_t channels, intptr_t index,
                               float *to, intptr_t point) {
    enum { PIXELS = TILE_INPUTS * TILE_INPUTS };
    const intptr_t rows = map->height - tile.in_row, columns = map->width - tile.in_column;   // that lie within the map
    const intptr_t right = map->pixel, down = map->width * map->pixel;
    const INPUT *from = (const INPUT *)(const void *)map->data + tile.image * map->height * down + tile.in_row * down +
                        tile.in_column * right + first;
    const bool inside = tile.in_row >= 0 && tile.in_column >= 0 && rows >= TILE_INPUTS && columns >= TILE_INPUTS;
    const bool whole = channels % LANES == 0;   // vectors of channels
    static const INPUT zeros[LANES];
    const INPUT *at[PIXELS];   // pixels outside the map are read from `zeros`, for every channel
    intptr_t channel_mask[PIXELS];
    for (int i = 0; i < PIXELS && !(inside && whole); ++i) {
        const intptr_t y = i / TILE_INPUTS, x = i % TILE_INPUTS;
        const bool present = tile.in_row + y >= 0 && y < rows && tile.in_column + x >= 0 && x < columns;
        at[i] = present ? from + y * down + x * right : zeros;
        channel_mask[i] = present ? -1 : 0;
    }
    FOR_LANES(channel, count, channels) {
#define STORE(i, j, value) STORE_POINT(to + (POINTS * (i) + (j)) * point, channel, index, value)
#define AT(i, j) (at[TILE_INPUTS * (i) + (j)] + (channel & channel_mask[TILE_INPUTS * (i) + (j)]))
        if (inside && count == LANES) {
#define LOAD(i, j) LOAD_INPUT(from + (i) * down + (j) * right + channel, LANES)
            WINOGRAD_TRANSFORM(INPUT_LINE, TILE_INPUTS, POINTS, LOAD, STORE);
#undef LOAD
        } else {
#define LOAD(i, j) LOAD_INPUT(AT(i, j), count)
            WINOGRAD_TRANSFORM(INPUT_LINE, TILE_INPUTS, POINTS, LOAD, STORE);
#undef LOAD
        }
#undef AT
#undef STORE
    }
}
