// giflib, and the one call that Swift makes of it.
#ifndef SB_GIF_H
#define SB_GIF_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <gif_lib.h>

enum { SB_GIF_MESSAGE = 128 };

typedef struct {
    const uint8_t *bytes;
    size_t count;
} sb_gif_source;

static inline int sb_gif_read(GifFileType *gif, GifByteType *to, int count) {
    sb_gif_source *source = (sb_gif_source *)gif->UserData;
    if (count < 0) return 0;
    if ((size_t)count > source->count) count = (int)source->count;
    memcpy(to, source->bytes, (size_t)count);
    source->bytes += count;
    source->count -= (size_t)count;
    return count;
}

/// Passes over extensions up to the first image, whose description is then in `gif->Image`.
static inline int sb_gif_find_image(GifFileType *gif) {
    GifRecordType record;
    while (DGifGetRecordType(gif, &record) == GIF_OK) {
        if (record == IMAGE_DESC_RECORD_TYPE) return DGifGetImageDesc(gif) == GIF_OK;
        if (record != EXTENSION_RECORD_TYPE) return 0;
        int code;
        GifByteType *block;
        if (DGifGetExtension(gif, &code, &block) != GIF_OK) return 0;
        while (block) {
            if (DGifGetExtensionNext(gif, &block) != GIF_OK) return 0;
        }
    }
    return 0;
}

/// Draws the image that was found, whose rows may be interlaced, on the canvas.
static inline int sb_gif_draw(GifFileType *gif, int width, int height, uint8_t *pixels, GifPixelType *line) {
    static const int starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    const GifImageDesc *image = &gif->Image;
    const ColorMapObject *colors = image->ColorMap ? image->ColorMap : gif->SColorMap;
    if (!colors || image->Width > width) return 0;
    for (int pass = 0; pass < (image->Interlace ? 4 : 1); ++pass) {
        for (int row = image->Interlace ? starts[pass] : 0; row < image->Height;
             row += image->Interlace ? steps[pass] : 1) {
            if (DGifGetLine(gif, line, image->Width) != GIF_OK) return 0;
            const int y = image->Top + row;
            for (int column = 0; column < image->Width && y < height; ++column) {
                const int x = image->Left + column;
                if (x >= width) break;
                if (line[column] >= colors->ColorCount) return 0;
                const GifColorType color = colors->Colors[line[column]];
                uint8_t *pixel = pixels + 3 * ((size_t)y * (size_t)width + (size_t)x);
                pixel[0] = color.Red, pixel[1] = color.Green, pixel[2] = color.Blue;
            }
        }
    }
    return 1;
}

/// Decodes the first image of a file into `pixels`, red, green and blue, on a canvas of the size that the header gives.
/// `line` holds `width` bytes. Returns 0 and a message of at most SB_GIF_MESSAGE characters where that is not possible.
static inline int sb_gif_decode(
    const uint8_t *bytes, size_t count, int width, int height, uint8_t *pixels, uint8_t *line, char *message) {
    sb_gif_source source = {bytes, count};
    int error = 0;
    GifFileType *gif = DGifOpen(&source, sb_gif_read, &error);
    int done = gif && gif->SWidth == width && gif->SHeight == height && sb_gif_find_image(gif) &&
               sb_gif_draw(gif, width, height, pixels, line);
    const char *reason = GifErrorString(gif ? gif->Error : error);
    if (!done) snprintf(message, SB_GIF_MESSAGE, "%s", reason ? reason : "its first image cannot be decoded");
    if (gif) DGifCloseFile(gif, &error);
    return done;
}

#endif
