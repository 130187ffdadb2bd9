// libpng, and the two calls that Swift makes of it.
//
// libpng reports an error by longjmp, which Swift cannot catch. Its simplified interface needs none, but corrects colors
// by the file's gamma, which the programs that made today's data sets do not.
#ifndef SB_PNG_H
#define SB_PNG_H

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

enum { SB_PNG_MESSAGE = 128 };

typedef struct {
    const uint8_t *bytes;
    size_t count;
    char *message;
} sb_png_source;

static inline void sb_png_fail(png_structp png, png_const_charp problem) {
    snprintf((char *)png_get_error_ptr(png), SB_PNG_MESSAGE, "%s", problem);
    longjmp(png_jmpbuf(png), 1);
}

static inline void sb_png_ignore(png_structp png, png_const_charp problem) {
    (void)png;
    (void)problem;
}

static inline void sb_png_take(png_structp png, png_bytep to, size_t count) {
    sb_png_source *source = (sb_png_source *)png_get_io_ptr(png);
    if (count > source->count) png_error(png, "its data ends too early");
    memcpy(to, source->bytes, count);
    source->bytes += count;
    source->count -= count;
}

/// Decodes into `pixels`, which has room for width x height x channels bytes: 1 channel (of a gray picture only), 3 (RGB)
/// or 4 (with alpha). 16 bits become 8. Returns 0, or 1 with a message of at most SB_PNG_MESSAGE characters.
static inline int sb_png_decode(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, int channels,
                                uint8_t *pixels, char *message) {
    sb_png_source source = {bytes, count, message};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, sb_png_fail, sb_png_ignore);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    uint8_t **rows = (uint8_t **)malloc(height * sizeof *rows);
    if (!info || !rows || setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        free(rows);
        return 1;
    }
    for (uint32_t y = 0; y < height; ++y) rows[y] = pixels + (size_t)y * width * channels;
    png_set_read_fn(png, &source, sb_png_take);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_scale_16(png);
    if (channels >= 3) png_set_gray_to_rgb(png);
    if (channels == 4) png_set_add_alpha(png, 255, PNG_FILLER_AFTER);
    else png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != (size_t)width * channels || png_get_image_height(png, info) != height)
        png_error(png, "its headers contradict each other");
    png_read_image(png, rows);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    free(rows);
    return 0;
}

/// Encodes rows of gray (1 channel), RGB (3) or RGBA (4) pixels into `*bytes`, which becomes the caller's to free.
static inline int sb_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels, uint8_t **bytes,
                                size_t *count, char *message) {
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = width;
    image.height = height;
    image.format = channels == 1 ? PNG_FORMAT_GRAY : channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
    *count = PNG_IMAGE_PNG_SIZE_MAX(image);
    *bytes = (uint8_t *)malloc(*count);
    if (*bytes && png_image_write_to_memory(&image, *bytes, count, 0, pixels, 0, NULL)) return 0;
    snprintf(message, SB_PNG_MESSAGE, "%s", *bytes ? image.message : "out of memory");
    png_image_free(&image);
    free(*bytes);
    return 1;
}

#endif
