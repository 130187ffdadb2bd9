#include "resample_taps.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "foundation/workspace.h"

// Positions are computed in float, step by step as PyTorch does: near the middle between two pixels the rounding
// decides which one is the nearest.
typedef struct {
    intptr_t size, out;
    float step;   // input pixels from one output pixel to the next
    const sb_resize *resize;
} axis_map;

static axis_map map_axis(intptr_t size, intptr_t out, const sb_resize *resize, int axis) {
    const bool smooth = resize->mode == SB_LINEAR || resize->mode == SB_CUBIC;
    axis_map map = {size, out, (float)size / out, resize};
    if (smooth && resize->align_corners) map.step = out > 1 ? (float)(size - 1) / (out - 1) : 0;
    else if (resize->scale[axis] > 0) map.step = 1 / resize->scale[axis];
    return map;
}

static float triangle(float x) { return fabsf(x) < 1 ? 1 - fabsf(x) : 0; }

// Keys' cubic convolution kernel, "Cubic convolution interpolation for digital image processing" (1981).
static float cubic(float x, float a) {
    x = fabsf(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

// Half the width of the kernel in input pixels, when it is stretched to cover what one output pixel covers.
static float antialias_support(const axis_map *map) {
    const float half = map->resize->mode == SB_CUBIC ? 2 : 1;
    return map->step > 1 ? half * map->step : half;
}

static intptr_t most_taps(const axis_map *map) {
    switch (map->resize->mode) {
    case SB_AREA: return (map->size + map->out - 1) / map->out + 1;
    case SB_COVERAGE: return (map->size + map->out - 1) / map->out + 2;
    case SB_COVERAGE_UP: return 2;
    case SB_LINEAR: return map->resize->antialias ? (intptr_t)ceilf(antialias_support(map)) * 2 + 1 : 2;
    case SB_CUBIC: return map->resize->antialias ? (intptr_t)ceilf(antialias_support(map)) * 2 + 1 : 4;
    default: return 1;
    }
}

static intptr_t clamp(intptr_t value, intptr_t low, intptr_t high) {
    return value < low ? low : value > high ? high : value;
}

static int32_t nearest_taps(const axis_map *map, intptr_t o, float *weights, int32_t *count) {
    const float position = map->resize->mode == SB_NEAREST_EXACT ? (o + 0.5f) * map->step : o * map->step;
    weights[0] = 1;
    *count = 1;
    return (int32_t)clamp((intptr_t)floorf(position), 0, map->size - 1);
}

static int32_t area_taps(const axis_map *map, intptr_t o, float *weights, int32_t *count) {
    const intptr_t start = o * map->size / map->out;
    *count = (int32_t)(((o + 1) * map->size + map->out - 1) / map->out - start);
    for (int32_t i = 0; i < *count; ++i) weights[i] = 1.0f / *count;
    return (int32_t)start;
}

static int32_t coverage_taps(const axis_map *map, intptr_t o, float *weights, int32_t *count) {
    const double step = (double)map->size / map->out, low = o * step, high = low + step;
    const intptr_t start = clamp((intptr_t)(low + 1e-6), 0, map->size - 1);
    const intptr_t end = clamp((intptr_t)ceil(high - 1e-6), start + 1, map->size);
    *count = (int32_t)(end - start);
    for (intptr_t i = start; i < end; ++i)
        weights[i - start] = (float)((fmin(high, (double)i + 1) - fmax(low, (double)i)) / step);
    return (int32_t)start;
}

// Each pixel keeps its color, and passes to its neighbor's on the way between them.
static int32_t coverage_up_taps(const axis_map *map, intptr_t o, float *weights, int32_t *count) {
    const double step = (double)map->size / map->out;
    const intptr_t start = clamp((intptr_t)floor(o * step), 0, map->size - 1);
    const double reach = (o + 1) - (start + 1) / step, t = reach <= 0 ? 0 : reach - floor(reach);
    *count = start + 1 < map->size ? 2 : 1;
    weights[0] = *count == 2 ? (float)(1 - t) : 1;
    weights[1] = (float)t;
    return (int32_t)start;
}

static int32_t antialias_taps(const axis_map *map, intptr_t o, float *weights, int32_t *count) {
    const float support = antialias_support(map), center = map->step * (o + 0.5f);
    const float shrink = map->step > 1 ? 1 / map->step : 1;
    const intptr_t start = clamp((intptr_t)(center - support + 0.5f), 0, map->size - 1);
    const intptr_t end = clamp((intptr_t)(center + support + 0.5f), start + 1, map->size);
    float sum = 0;
    *count = (int32_t)(end - start);
    for (int32_t i = 0; i < *count; ++i) {
        const float distance = (i + start - center + 0.5f) * shrink;
        weights[i] = map->resize->mode == SB_CUBIC ? cubic(distance, -0.5f) : triangle(distance);
        sum += weights[i];
    }
    for (int32_t i = 0; i < *count && sum != 0; ++i) weights[i] /= sum;
    return (int32_t)start;
}

// Two taps for linear, four for cubic; those outside the image fall on its edge.
static int32_t smooth_taps(const axis_map *map, intptr_t o, float *weights, int32_t *count, int32_t *idle) {
    const bool is_cubic = map->resize->mode == SB_CUBIC;
    float position = map->resize->align_corners ? map->step * o : map->step * (o + 0.5f) - 0.5f;
    if (!is_cubic && position < 0) position = 0;
    const intptr_t below = (intptr_t)floorf(position), first = is_cubic ? below - 1 : below;
    const intptr_t taps = is_cubic ? 4 : 2, start = clamp(first, 0, map->size - 1);
    const float t = position - below;
    *count = (int32_t)(clamp(first + taps - 1, 0, map->size - 1) - start + 1);
    memset(weights, 0, *count * sizeof *weights);
    intptr_t edge = -1;
    float least = INFINITY, most = -INFINITY;   // of the weights there
    for (intptr_t i = 0; i < taps; ++i) {
        const float weight = is_cubic ? cubic(t + 1 - i, -0.75f) : i ? t : 1 - t;
        const intptr_t pixel = clamp(first + i, 0, map->size - 1);
        weights[pixel - start] += weight;
        if (first < 0 ? pixel != 0 : pixel != map->size - 1) continue;
        if (pixel != first + i) edge = pixel - start;
        least = fminf(least, weight);
        most = fmaxf(most, weight);
    }
    // The one row of a sequence is no axis of its own.
    if (edge >= 0 && least <= 0 && most >= 0 && map->size + map->out > 2) *idle = (int32_t)edge;
    return (int32_t)start;
}

sb_taps sb_taps_make(intptr_t size, intptr_t out, const sb_resize *resize, int axis) {
    const axis_map map = map_axis(size, out, resize, axis);
    sb_taps taps = {.out = out, .most = out ? most_taps(&map) : 0};
    taps.weights = sb_workspace(out * (taps.most * sizeof(float) + 3 * sizeof(int32_t)));
    taps.start = (int32_t *)(taps.weights + out * taps.most);
    taps.count = taps.start + out;
    taps.idle = taps.count + out;
    for (intptr_t o = 0; o < out; ++o) {
        float *weights = taps.weights + o * taps.most;
        const bool smooth = resize->mode == SB_LINEAR || resize->mode == SB_CUBIC;
        taps.idle[o] = -1;
        taps.start[o] = resize->mode == SB_AREA          ? area_taps(&map, o, weights, taps.count + o)
                        : resize->mode == SB_COVERAGE    ? coverage_taps(&map, o, weights, taps.count + o)
                        : resize->mode == SB_COVERAGE_UP ? coverage_up_taps(&map, o, weights, taps.count + o)
                        : !smooth               ? nearest_taps(&map, o, weights, taps.count + o)
                        : resize->antialias     ? antialias_taps(&map, o, weights, taps.count + o)
                                                : smooth_taps(&map, o, weights, taps.count + o, taps.idle + o);
    }
    return taps;
}

void sb_taps_free(sb_taps taps) {
    sb_free(taps.weights, taps.out * (taps.most * sizeof(float) + 3 * sizeof(int32_t)));
}
