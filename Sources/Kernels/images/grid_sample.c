#include "grid_sample.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "foundation/pieces.h"
#include "threads.h"

// Along one axis a sample is a weighted sum of at most four pixels, whatever the mode.
typedef struct {
    int count;
    intptr_t position[4];   // -1: outside the image, where all is 0
    float weight[4];
    float slope[4];         // of the weight, by the grid's coordinate
    float start;            // see sample
} axis_taps;

typedef struct {
    axis_taps vertical, horizontal;
    float start;            // of every sum: 0, or NaN where a coordinate has no pixels between which to weigh
} sample;

typedef struct {
    sb_pieces pieces;
    const sb_array *x, *grid, *y;     // y: the output or its gradient
    const sb_array *gx, *ggrid;
    sb_sampling sampling;
} sample_job;

// Channels of a gradient that one piece adds up.
enum { CHANNEL_BLOCK = 16 };

static inline float *element(const sb_array *array, intptr_t i, intptr_t j, intptr_t k, intptr_t l) {
    return (float *)array->data + i * array->strides[0] + j * array->strides[1] + k * array->strides[2] +
           l * array->strides[3];
}

// Mirrors a position at the edges low and low + span until it lies between them; *slope changes sign with each turn.
static float reflect(float position, float low, float span, float *slope) {
    if (span <= 0) {
        *slope = 0;
        return 0;
    }
    if (position < low) *slope = -*slope;
    const float distance = fabsf(position - low), turns = floorf(distance / span), rest = fmodf(distance, span);
    if (fmodf(turns, 2) == 0) return rest + low;
    *slope = -*slope;
    return span - rest + low;
}

// Where the padding takes a position that may lie outside the image.
static float pad(float position, intptr_t size, const sb_sampling *sampling, float *slope) {
    if (sampling->padding == SB_SAMPLE_ZEROS) return position;
    if (sampling->padding == SB_SAMPLE_REFLECTION)
        position = sampling->align_corners ? reflect(position, 0, size - 1, slope)
                                           : reflect(position, -0.5f, size, slope);
    if (position > 0 && position < size - 1) return position;
    *slope = 0;
    return position >= size - 1 ? size - 1 : 0;
}

static intptr_t inside(float position, intptr_t size) {
    return position >= 0 && position <= size - 1 ? (intptr_t)position : -1;
}

// Keys' cubic convolution kernel with a = -0.75, and its derivative, at the four pixels around t in 0 ..< 1.
static void cubic_weights(float t, float *weight, float *slope) {
    const float a = -0.75f;
    for (int i = 0; i < 4; ++i) {
        const float signed_distance = t + 1 - i, d = fabsf(signed_distance), sign = signed_distance < 0 ? -1 : 1;
        const bool near = i == 1 || i == 2;
        weight[i] = near ? ((a + 2) * d - (a + 3)) * d * d + 1 : (((d - 5) * d + 8) * d - 4) * a;
        slope[i] = sign * (near ? (3 * (a + 2) * d - 2 * (a + 3)) * d : ((3 * d - 10) * d + 8) * a);
    }
}

static axis_taps taps_at(float coordinate, intptr_t size, const sb_sampling *sampling) {
    axis_taps taps;
    float start = 0, slope = sampling->align_corners ? (size - 1) * 0.5f : size * 0.5f;
    float position = ((coordinate + 1) * size - 1) * 0.5f;
    if (sampling->align_corners) position = (coordinate + 1) * 0.5f * (size - 1);
    if (sampling->mode != SB_SAMPLE_BICUBIC) position = pad(position, size, sampling, &slope);
    if (!isfinite(position) && sampling->mode != SB_SAMPLE_NEAREST) start = NAN;
    if (!(fabsf(position) < 1e9f)) position = position > 0 ? size + 100 : -100;   // what no integer can hold, and NaN
    const float below = sampling->mode == SB_SAMPLE_NEAREST ? nearbyintf(position) : floorf(position);
    switch (sampling->mode) {
    case SB_SAMPLE_NEAREST:
        taps = (axis_taps){.count = 1, .position = {inside(below, size)}, .weight = {1}};
        break;
    case SB_SAMPLE_BILINEAR:
        taps = (axis_taps){.count = 2, .position = {inside(below, size), inside(below + 1, size)},
                           .weight = {1 - (position - below), position - below}, .slope = {-slope, slope}};
        break;
    case SB_SAMPLE_BICUBIC:
        taps.count = 4;
        cubic_weights(position - below, taps.weight, taps.slope);
        for (int i = 0; i < 4; ++i) {
            float ignored = 0;
            taps.slope[i] *= slope;
            taps.position[i] = inside(pad(below - 1 + i, size, sampling, &ignored), size);
        }
    }
    taps.start = start;
    return taps;
}

static sample sample_at(const sample_job *job, intptr_t image, intptr_t row, intptr_t column) {
    const axis_taps vertical = taps_at(*element(job->grid, image, row, column, 1), job->x->shape[2], &job->sampling);
    const axis_taps horizontal = taps_at(*element(job->grid, image, row, column, 0), job->x->shape[3], &job->sampling);
    return (sample){vertical, horizontal, vertical.start + horizontal.start};
}

static float weighted_sum(const sample_job *job, const sample *s, intptr_t image, intptr_t channel,
                          const float *vertical, const float *horizontal) {
    float sum = s->start;
    for (int i = 0; i < s->vertical.count; ++i)
        for (int j = 0; j < s->horizontal.count; ++j) {
            const intptr_t row = s->vertical.position[i], column = s->horizontal.position[j];
            if (row < 0 || column < 0) continue;
            sum += vertical[i] * horizontal[j] * *element(job->x, image, channel, row, column);
        }
    return sum;
}

// A row of the pieces is a row of an output image.
static void sample_rows(void *context, intptr_t piece) {
    const sample_job *job = context;
    const intptr_t height = job->y->shape[2], end = sb_piece_end(job->pieces, piece);
    for (intptr_t line = sb_piece_begin(job->pieces, piece); line < end; ++line)
        for (intptr_t column = 0; column < job->y->shape[3]; ++column) {
            const intptr_t image = line / height, row = line % height;
            const sample s = sample_at(job, image, row, column);
            for (intptr_t channel = 0; channel < job->y->shape[1]; ++channel)
                *element(job->y, image, channel, row, column) =
                    weighted_sum(job, &s, image, channel, s.vertical.weight, s.horizontal.weight);
        }
}

static void grid_rows_backward(void *context, intptr_t piece) {
    const sample_job *job = context;
    const intptr_t height = job->y->shape[2], end = sb_piece_end(job->pieces, piece);
    for (intptr_t line = sb_piece_begin(job->pieces, piece); line < end; ++line)
        for (intptr_t column = 0; column < job->y->shape[3]; ++column) {
            const intptr_t image = line / height, row = line % height;
            const sample s = sample_at(job, image, row, column);
            float horizontal = 0, vertical = 0;
            for (intptr_t channel = 0; channel < job->y->shape[1]; ++channel) {
                const float g = *element(job->y, image, channel, row, column);
                horizontal += g * weighted_sum(job, &s, image, channel, s.vertical.weight, s.horizontal.slope);
                vertical += g * weighted_sum(job, &s, image, channel, s.vertical.slope, s.horizontal.weight);
            }
            *element(job->ggrid, image, row, column, 0) = horizontal;
            *element(job->ggrid, image, row, column, 1) = vertical;
        }
}

static void scatter(const sb_array *gx, const sample *s, intptr_t image, intptr_t channel, float g) {
    for (int i = 0; i < s->vertical.count; ++i)
        for (int j = 0; j < s->horizontal.count; ++j) {
            const intptr_t row = s->vertical.position[i], column = s->horizontal.position[j];
            if (row >= 0 && column >= 0)
                *element(gx, image, channel, row, column) += g * s->vertical.weight[i] * s->horizontal.weight[j];
        }
}

// Samples may share pixels, so a piece owns whole planes: a block of channels of one image.
static void image_block_backward(void *context, intptr_t piece) {
    const sample_job *job = context;
    const intptr_t channels = job->y->shape[1], blocks = (channels + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
    const intptr_t image = piece / blocks, first = piece % blocks * CHANNEL_BLOCK;
    const intptr_t last = first + CHANNEL_BLOCK < channels ? first + CHANNEL_BLOCK : channels;
    for (intptr_t channel = first; channel < last; ++channel)
        for (intptr_t row = 0; row < job->gx->shape[2]; ++row)
            for (intptr_t column = 0; column < job->gx->shape[3]; ++column)
                *element(job->gx, image, channel, row, column) = 0;
    for (intptr_t row = 0; row < job->y->shape[2]; ++row)
        for (intptr_t column = 0; column < job->y->shape[3]; ++column) {
            const sample s = sample_at(job, image, row, column);
            for (intptr_t channel = first; channel < last; ++channel)
                scatter(job->gx, &s, image, channel, *element(job->y, image, channel, row, column));
        }
}

static sb_pieces output_rows(const sb_array *y) {
    return sb_cut(y->shape[0] * y->shape[2], y->shape[1] * y->shape[3], 1024, INTPTR_MAX);
}

void sb_grid_sample(const sb_array *x, const sb_array *grid, sb_sampling sampling, const sb_array *y) {
    sample_job job = {.pieces = output_rows(y), .x = x, .grid = grid, .y = y, .sampling = sampling};
    sb_parallel(job.pieces.count, sample_rows, &job);
}

void sb_grid_sample_backward(const sb_array *gy, const sb_array *x, const sb_array *grid, sb_sampling sampling,
                             const sb_array *gx, const sb_array *ggrid) {
    sample_job job = {.pieces = output_rows(gy), .x = x, .grid = grid, .y = gy, .gx = gx, .ggrid = ggrid,
                      .sampling = sampling};
    const intptr_t blocks = (gy->shape[1] + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
    if (gx) sb_parallel(gy->shape[0] * blocks, image_block_backward, &job);
    if (ggrid) sb_parallel(job.pieces.count, grid_rows_backward, &job);
}
