// libtiff, and the two calls that Swift makes of it: both read from memory, and print nothing.
#ifndef SB_TIFF_H
#define SB_TIFF_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <tiffio.h>

enum { SB_TIFF_MESSAGE = 1024 };

typedef struct {
    const uint8_t *bytes;
    toff_t count, position;
} sb_tiff_source;

static inline tmsize_t sb_tiff_read(thandle_t handle, void *to, tmsize_t count) {
    sb_tiff_source *source = (sb_tiff_source *)handle;
    if (source->position >= source->count || count <= 0) return 0;
    const toff_t left = source->count - source->position;
    if ((toff_t)count > left) count = (tmsize_t)left;
    memcpy(to, source->bytes + source->position, (size_t)count);
    source->position += (toff_t)count;
    return count;
}

static inline tmsize_t sb_tiff_refuse(thandle_t handle, void *from, tmsize_t count) {
    (void)handle, (void)from, (void)count;
    return -1;
}

static inline toff_t sb_tiff_seek(thandle_t handle, toff_t offset, int whence) {
    sb_tiff_source *source = (sb_tiff_source *)handle;
    const toff_t base = whence == SEEK_CUR ? source->position : whence == SEEK_END ? source->count : 0;
    source->position = base + offset;
    return source->position;
}

static inline int sb_tiff_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static inline toff_t sb_tiff_size(thandle_t handle) { return ((sb_tiff_source *)handle)->count; }

static inline TIFF *sb_tiff_open(sb_tiff_source *source) {
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
    return TIFFClientOpen(
        "memory", "rm", (thandle_t)source, sb_tiff_read, sb_tiff_refuse, sb_tiff_seek, sb_tiff_close, sb_tiff_size, NULL,
        NULL);
}

/// What the first image of a file is like; 0 where the file has none.
static inline int sb_tiff_header(
    const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height, uint16_t *samples, uint16_t *orientation) {
    sb_tiff_source source = {bytes, (toff_t)count, 0};
    TIFF *tiff = sb_tiff_open(&source);
    if (!tiff) return 0;
    const int found = TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, width) && TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, height);
    if (!TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, samples)) *samples = 1;
    if (!TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, orientation)) *orientation = 1;
    TIFFClose(tiff);
    return found;
}

/// Decodes the first image as it is stored, rows from the top, into 4 bytes a pixel: red, green, blue, opacity. Returns 0
/// and a message of at most SB_TIFF_MESSAGE characters where that is not possible.
static inline int sb_tiff_decode(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint32_t *pixels, char *message) {
    sb_tiff_source source = {bytes, (toff_t)count, 0};
    TIFFRGBAImage image;
    snprintf(message, SB_TIFF_MESSAGE, "it cannot be decoded");
    TIFF *tiff = sb_tiff_open(&source);
    if (!tiff) return 0;
    int done = TIFFRGBAImageBegin(&image, tiff, 1, message);
    if (done) {
        // Told that the rows come as wanted, libtiff turns nothing.
        image.req_orientation = image.orientation = ORIENTATION_TOPLEFT;
        done = image.width == width && image.height == height && TIFFRGBAImageGet(&image, pixels, width, height);
        if (!done) snprintf(message, SB_TIFF_MESSAGE, "its pixels cannot be decoded");
        TIFFRGBAImageEnd(&image);
    }
    TIFFClose(tiff);
    return done;
}

#endif
