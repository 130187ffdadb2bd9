// Convolution of bytes with one filter for each channel. Channels are lanes: four pixels beside each other, in each lane those of
// its channel, meet four of each channel's filter.
//
// Such words are made once for a line of the input, and kept until the last row of the output has used them.
#ifndef ISA_PASS
#include <stdbool.h>

#include "foundation/pieces.h"
#include "int8.h"

typedef struct {
    const sb_int8_map *x;
    const int8_t *w;
    const sb_int8_shape *shape;
    const sb_int8_epilogue *epilogue;
    const sb_int8_result *y;
    intptr_t groups;             // words of a row of the filter, the last one filled up with zeros
    intptr_t pixels;             // of a line of the input, with what surrounds the image
    sb_pieces rows;
} depthwise_job;

// How many lines of the input a row of the output spans.
static intptr_t filter_height(const sb_int8_shape *shape) { return (shape->kernel[0] - 1) * shape->dilation[0] + 1; }

// The words of a line: those that begin at the last pixels only fill up others.
static intptr_t line_words(const depthwise_job *job) { return job->pixels + job->shape->dilation[1]; }
#endif

#define SOURCE "convolution/int8_depthwise.c"
#define AVX512_ALSO ",avx512vnni"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#pragma clang fp contract(off)
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/byte_products.h"
#include "int8_numbers.h"

#define INLINE static inline __attribute__((always_inline))

// What is kept of some channels while the rows of the output are made one after another. In the thread's scratch memory.
#define kept_words KERNEL(kept_words)
typedef struct {
    intptr_t channel, count;     // the first of the channels, and how many are left from it on
    intptr_t image, end;         // the lines of which image have been made, up to which
    vi excess;                   // what the input's zero adds to each sum
    vi *filters;                 // [KH, groups]
    vi *words;                   // [lines, line_words]: word p of the pixels p, p + d, p + 2d and p + 3d
    const vi **lines;            // of the words, those that the row needs
} kept_words;

static kept_words KERNEL(room)(const depthwise_job *job) {
    const intptr_t words = filter_height(job->shape) * line_words(job), height = job->shape->kernel[0];
    const intptr_t filter_words = height * job->groups;
    vi *memory = sb_scratch((size_t)(words + filter_words) * sizeof *memory + (size_t)height * sizeof(vi *));
    return (kept_words){.words = memory, .filters = memory + words, .lines = (const vi **)(memory + words + filter_words)};
}

// Begins with other channels: lays out their filters as words, and sums them up.
static void KERNEL(begin)(const depthwise_job *job, intptr_t channel, intptr_t count, kept_words *kept) {
    const intptr_t width = job->shape->kernel[1], height = job->shape->kernel[0];
    int32_t sums[LANES] = {0};
    memset(kept->filters, 0, (size_t)(height * job->groups) * sizeof *kept->filters);
    for (intptr_t tap = 0; tap < height * width; ++tap) {
        int8_t *to = (int8_t *)(kept->filters + tap / width * job->groups + tap % width / 4) + tap % width % 4;
        for (intptr_t lane = 0; lane < LANES && lane < count; ++lane) {
            to[4 * lane] = job->w[tap * job->shape->channels + channel + lane];
            sums[lane] += to[4 * lane];
        }
    }
    vi sum;
    memcpy(&sum, sums, sizeof sum);
    kept->channel = channel;
    kept->count = count;
    kept->image = -1;
    kept->excess = sum * job->x->zero;
}

// Makes the words of a line of an image, which may lie outside: around the image is the byte that stands for 0.
static void KERNEL(make_line)(const depthwise_job *job, const kept_words *kept, intptr_t image, intptr_t line, vi *words) {
    const sb_int8_shape *shape = job->shape;
    const intptr_t step = shape->dilation[1], left = shape->padding[1], columns = shape->input[1];
    const sb_int8_map x = *job->x;
    const uint8_t *from = x.data + (image * shape->input[0] + line) * columns * x.pixel + kept->channel;
    const vi zero = x.zero - (vi){0};
    const bool is_inside = line >= 0 && line < shape->input[0];
    for (intptr_t p = line_words(job) - 1; p >= 0; --p) {
        const intptr_t column = p - left;
        const vi next = p < job->pixels ? words[p + step] << 8 : zero * 0x01010100;
        words[p] = next | (is_inside && column >= 0 && column < columns ? vi_load_bytes(from + column * x.pixel, kept->count) : zero);
    }
}

// Makes the lines that a row needs from line `top` of an image on, as far as they are not there.
static void KERNEL(make_lines)(const depthwise_job *job, kept_words *kept, intptr_t image, intptr_t top) {
    const sb_int8_shape *shape = job->shape;
    const intptr_t height = filter_height(shape), end = top + height;
    intptr_t line = kept->image == image && kept->end > top ? kept->end : top;
    for (; line < end; ++line)
        KERNEL(make_line)(job, kept, image, line, kept->words + (line + shape->padding[0]) % height * line_words(job));
    kept->image = image;
    kept->end = end;
    for (intptr_t i = 0; i < shape->kernel[0]; ++i)
        kept->lines[i] = kept->words + (top + i * shape->dilation[0] + shape->padding[0]) % height * line_words(job);
}

// A row of the output, numbered through all images; the filter's height and groups are constants after inlining, like `activation`.
INLINE void KERNEL(finish_row)(const intptr_t height, const intptr_t groups, const sb_activation activation,
                               const depthwise_job *job, const kept_words *kept, intptr_t row) {
    const intptr_t columns = job->shape->output[1], right = job->shape->stride[1], step = 4 * job->shape->dilation[1];
    const v_finish finish = v_finish_for(job->epilogue, job->y, kept->channel, kept->count);
    for (intptr_t column = 0; column < columns; ++column) {
        vi sum = -kept->excess;
        for (intptr_t i = 0; i < height; ++i)
            for (intptr_t j = 0; j < groups; ++j)
                sum = byte_products(sum, kept->lines[i][column * right + j * step], kept->filters[i * groups + j]);
        v_store_finished(activation, &finish, __builtin_convertvector(sum, vf), row * columns + column);
    }
}

static void KERNEL(depthwise_piece)(void *context, intptr_t piece) {
    const depthwise_job *job = context;
    const sb_int8_shape *shape = job->shape;
    const intptr_t height = shape->kernel[0];
    kept_words kept = KERNEL(room)(job);
    FOR_LANES(channel, count, shape->channels) {
        KERNEL(begin)(job, channel, count, &kept);
        for (intptr_t row = sb_piece_begin(job->rows, piece); row < sb_piece_end(job->rows, piece); ++row) {
            const intptr_t image = row / shape->output[0];
            KERNEL(make_lines)(job, &kept, image, row % shape->output[0] * shape->stride[0] - shape->padding[0]);
            WITH_ACTIVATION(job->epilogue->activation,
                            if (height == 3 && job->groups == 1) KERNEL(finish_row)(3, 1, ACTIVATION, job, &kept, row);
                            else KERNEL(finish_row)(height, job->groups, ACTIVATION, job, &kept, row))
        }
    }
}

static void KERNEL(depthwise)(depthwise_job *job) { sb_parallel(job->rows.count, KERNEL(depthwise_piece), job); }

#undef INLINE
#undef kept_words

#else

void sb_int8_depthwise(const sb_int8_map *x, const int8_t *w, const sb_int8_shape *shape, const sb_int8_epilogue *epilogue,
                       const sb_int8_result *y) {
    const intptr_t row_work = shape->output[1] * shape->channels * shape->kernel[0] * shape->kernel[1];
    const intptr_t groups = (shape->kernel[1] + 3) / 4;
    depthwise_job job = {.x = x, .w = w, .shape = shape, .epilogue = epilogue, .y = y, .groups = groups,
                         .pixels = (shape->output[1] - 1) * shape->stride[1] + (4 * groups - 1) * shape->dilation[1] + 1,
                         .rows = sb_cut(shape->images * shape->output[0], row_work, 256 * 1024, INTPTR_MAX)};
    DISPATCH_BYTES(depthwise, &job);
}

#endif
