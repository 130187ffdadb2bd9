// libjpeg, and the two calls that Swift makes of it.
//
// libjpeg reports an error by a function that must not return, so a caller has to leave it with longjmp, which Swift
// cannot catch. The functions here catch it and return a status with the library's message.
#ifndef SB_JPEG_H
#define SB_JPEG_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

enum {
    SB_JPEG_OK = 0,
    SB_JPEG_FAILED = 1,      // libjpeg gave up: the message says why
    SB_JPEG_CUT_SHORT = 2,   // the file ends before its last pixel
    SB_JPEG_DAMAGED = 3,     // pixels were lost on the way
    SB_JPEG_NO_END = 4,      // the file ends after its last pixel, but before its mark of the end
};

/// A picture of many scans asks for much work with few bytes.
enum { SB_JPEG_SCAN_LIMIT = 64 };

typedef struct {
    struct jpeg_error_mgr manager;   // first: libjpeg sees nothing else
    jmp_buf escape;
    int status;
    bool at_end;                     // the file's last byte has been read, and more was wanted
    char *message;
} sb_jpeg_errors;

static inline void sb_jpeg_fail(j_common_ptr info) {
    sb_jpeg_errors *errors = (sb_jpeg_errors *)info->err;
    info->err->format_message(info, errors->message);
    longjmp(errors->escape, 1);
}

/// Warnings that speak of lost pixels are remembered; the others, such as stray bytes between markers, do no harm.
static inline void sb_jpeg_warn(j_common_ptr info, int level) {
    sb_jpeg_errors *errors = (sb_jpeg_errors *)info->err;
    if (level >= 0 || errors->status != SB_JPEG_OK) return;
    switch (info->err->msg_code) {
    case JWRN_JPEG_EOF: errors->at_end = true; return;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_NOT_SEQUENTIAL: errors->status = errors->at_end ? SB_JPEG_CUT_SHORT : SB_JPEG_DAMAGED; break;
    default: return;
    }
    info->err->format_message(info, errors->message);
}

static inline void sb_jpeg_count_scans(j_common_ptr info) {
    if (!info->is_decompressor || ((j_decompress_ptr)info)->input_scan_number <= SB_JPEG_SCAN_LIMIT) return;
    sb_jpeg_errors *errors = (sb_jpeg_errors *)info->err;
    snprintf(errors->message, JMSG_LENGTH_MAX, "it has more than %d scans", SB_JPEG_SCAN_LIMIT);
    longjmp(errors->escape, 1);
}

static inline struct jpeg_error_mgr *sb_jpeg_errors_start(sb_jpeg_errors *errors, char *message) {
    memset(errors, 0, sizeof *errors);
    jpeg_std_error(&errors->manager);
    errors->manager.error_exit = sb_jpeg_fail;
    errors->manager.emit_message = sb_jpeg_warn;
    errors->message = message;
    return &errors->manager;
}

/// Whether all bits of all coefficients have come, where they come in several scans.
static inline bool sb_jpeg_is_complete(j_decompress_ptr info) {
    if (!info->progressive_mode || !info->coef_bits) return true;
    for (int component = 0; component < info->num_components; ++component) {
        for (int i = 0; i < DCTSIZE2; ++i) {
            if (info->coef_bits[component][i] != 0) return false;
        }
    }
    return true;
}

/// Decodes into `pixels`, `height` rows of `stride` bytes, in the color space given, at `eighths`/8 of the size.
/// `message` holds JMSG_LENGTH_MAX characters. Refuses a picture of another size than the rows have.
static inline int sb_jpeg_decode(const uint8_t *bytes, size_t count, J_COLOR_SPACE space, int eighths, uint8_t *pixels,
                                 size_t stride, size_t height, char *message) {
    struct jpeg_decompress_struct info;
    struct jpeg_progress_mgr progress = {.progress_monitor = sb_jpeg_count_scans};
    sb_jpeg_errors errors;
    memset(&info, 0, sizeof info);
    info.err = sb_jpeg_errors_start(&errors, message);
    if (setjmp(errors.escape)) {
        jpeg_destroy_decompress(&info);
        return SB_JPEG_FAILED;
    }
    jpeg_create_decompress(&info);
    info.progress = &progress;
    jpeg_mem_src(&info, bytes, count);
    jpeg_read_header(&info, TRUE);
    info.out_color_space = space;
    info.scale_num = eighths;
    info.scale_denom = 8;
    jpeg_start_decompress(&info);
    if (info.output_height != height || (size_t)info.output_width * info.output_components != stride) {
        snprintf(message, JMSG_LENGTH_MAX, "its headers contradict each other");
        jpeg_destroy_decompress(&info);
        return SB_JPEG_FAILED;
    }
    while (info.output_scanline < height) {
        JSAMPROW row = pixels + info.output_scanline * stride;
        jpeg_read_scanlines(&info, &row, 1);
    }
    const bool is_complete = sb_jpeg_is_complete(&info);
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
    if (errors.status != SB_JPEG_OK || !errors.at_end) return errors.status;
    return is_complete ? SB_JPEG_NO_END : SB_JPEG_CUT_SHORT;
}

/// Encodes rows of gray (1 channel) or RGB (3) pixels. On success `*bytes` is the caller's to free.
static inline int sb_jpeg_encode(const uint8_t *pixels, int width, int height, int channels, int quality,
                                 unsigned char **bytes, unsigned long *count, char *message) {
    struct jpeg_compress_struct info;
    sb_jpeg_errors errors;
    memset(&info, 0, sizeof info);
    *bytes = NULL;
    *count = 0;
    info.err = sb_jpeg_errors_start(&errors, message);
    if (setjmp(errors.escape)) {
        jpeg_destroy_compress(&info);
        free(*bytes);
        return SB_JPEG_FAILED;
    }
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, bytes, count);
    info.image_width = width;
    info.image_height = height;
    info.input_components = channels;
    info.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, quality, TRUE);
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
        JSAMPROW row = (JSAMPROW)pixels + (size_t)info.next_scanline * width * channels;
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    return SB_JPEG_OK;
}

#endif
