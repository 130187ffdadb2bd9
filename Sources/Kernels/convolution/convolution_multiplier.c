// Depthwise convolution with several filters for each channel: that of a map in which each channel is repeated.
#include <stddef.h>

#include "convolution_core.h"
#include "copy.h"
#include "foundation/loop.h"
#include "foundation/pieces.h"
#include "threads.h"
#include "foundation/workspace.h"

typedef struct {
    const float *from;
    intptr_t from_pixel;   // floats from one of its pixels to the next
    float *to;
    intptr_t channels, times;
    sb_pieces pixels;
} repeat_job;

static void repeat_piece(void *context, intptr_t piece) {
    const repeat_job *job = context;
    const intptr_t begin = sb_piece_begin(job->pixels, piece), end = sb_piece_end(job->pixels, piece);
    float *to = job->to + begin * job->channels * job->times;
    for (intptr_t pixel = begin; pixel < end; ++pixel) {
        const float *from = job->from + pixel * job->from_pixel;
        for (intptr_t channel = 0; channel < job->channels; ++channel)
            for (intptr_t time = 0; time < job->times; ++time) *to++ = from[channel];
    }
}

static void add_piece(void *context, intptr_t piece) {
    const repeat_job *job = context;
    const intptr_t begin = sb_piece_begin(job->pixels, piece) * job->channels;
    const intptr_t end = sb_piece_end(job->pixels, piece) * job->channels;
    const float *from = job->from + begin * job->times;   // dense
    for (intptr_t i = begin; i < end; ++i, from += job->times) {
        float sum = from[0];
        for (intptr_t time = 1; time < job->times; ++time) sum += from[time];
        job->to[i] = sum;
    }
}

static sb_pieces pixels_of(const sb_array *map) {
    return sb_cut_rows(map->shape[0] * map->shape[2] * map->shape[3], map->shape[1]);
}

static size_t map_bytes(const sb_array *map) {
    return (size_t)(sb_element_size(map->dtype) * map->shape[0] * map->shape[1] * map->shape[2] * map->shape[3]);
}

// A map like `map`, which lies densely in memory of its own.
static sb_array new_map(const sb_array *map, intptr_t channels, int dtype) {
    sb_array result = *map;
    result.dtype = dtype;
    result.shape[1] = channels;
    result.strides[1] = 1;
    result.strides[3] = channels;
    result.strides[2] = result.shape[3] * result.strides[3];
    result.strides[0] = result.shape[2] * result.strides[2];
    result.data = sb_workspace(map_bytes(&result));
    return result;
}

sb_array sb_repeated_map(const sb_array *map, intptr_t times) {
    return new_map(map, map->shape[1] * times, map->dtype);
}

sb_array sb_converted_map(const sb_array *map, int dtype) {
    const sb_array converted = new_map(map, map->shape[1], dtype);
    sb_copy(map, &converted);
    return converted;
}

void sb_free_map(const sb_array *map) { sb_free(map->data, map_bytes(map)); }

void sb_repeat_channels(const sb_array *map, intptr_t times, const sb_array *to) {
    repeat_job job = {map->data, map->strides[3], to->data, map->shape[1], times, pixels_of(map)};
    sb_parallel(job.pixels.count, repeat_piece, &job);
}

void sb_add_channels(const sb_array *repeated, intptr_t times, const sb_array *to) {
    repeat_job job = {repeated->data, repeated->strides[3], to->data, to->shape[1], times, pixels_of(to)};
    sb_parallel(job.pixels.count, add_piece, &job);
}
