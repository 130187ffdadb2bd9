// Convolutions and maps of bytes, for inference in whole numbers of 8 bits.
#include "checks.h"

#include <stdio.h>

// A map with gaps between its pixels, and what its bytes stand for.
static sb_int8_map map_of(intptr_t pixels, intptr_t channels, float scale, int32_t zero) {
    const intptr_t pixel = channels + 3;
    uint8_t *data = memory((size_t)(pixels * pixel + 4));
    const int64_t *bytes = integers(pixels * pixel, 0, 256);
    for (intptr_t i = 0; i < pixels * pixel; ++i) data[i] = (uint8_t)bytes[i];
    return (sb_int8_map){data, pixel, scale, zero};
}

static double number_at(const sb_int8_map *map, intptr_t pixel, intptr_t channel) {
    return (double)map->scale * (map->data[pixel * map->pixel + channel] - map->zero);
}

// Whether the bytes of a map are those nearest to numbers that were rounded in float32 on the way.
static bool is_nearest(const sb_int8_map *map, intptr_t pixels, intptr_t channels, const double *wanted) {
    const double low = -(double)map->scale * map->zero, high = (double)map->scale * (255 - map->zero);
    bool holds = true;
    for (intptr_t i = 0; i < pixels * channels; ++i) {
        const double found = number_at(map, i / channels, i % channels);
        holds &= fabs(found - fmin(fmax(wanted[i], low), high)) <= 0.5001 * map->scale;
    }
    return holds;
}

static int8_t *filters(intptr_t count) {
    int8_t *w = memory((size_t)count);
    const int64_t *values = integers(count, -127, 128);
    for (intptr_t i = 0; i < count; ++i) w[i] = (int8_t)values[i];
    return w;
}

// MARK: Convolutions

typedef struct {
    const char *name;
    bool by_channel;
    sb_activation activation;
    sb_int8_shape shape;
} byte_case;

// The sum of the products at output `o` of a pixel, in numbers of the input and whole numbers of the filter.
static double sum_at(const byte_case *c, const sb_int8_map *x, const int8_t *w, intptr_t pixel, intptr_t o) {
    const sb_int8_shape *s = &c->shape;
    const intptr_t column = pixel % s->output[1], row = pixel / s->output[1] % s->output[0];
    const intptr_t image = pixel / s->output[1] / s->output[0];
    double sum = 0;
    for (intptr_t a = 0; a < s->kernel[0]; ++a)
        for (intptr_t b = 0; b < s->kernel[1]; ++b) {
            const intptr_t i = row * s->stride[0] - s->padding[0] + a * s->dilation[0];
            const intptr_t j = column * s->stride[1] - s->padding[1] + b * s->dilation[1];
            if (i < 0 || i >= s->input[0] || j < 0 || j >= s->input[1]) continue;
            const intptr_t from = (image * s->input[0] + i) * s->input[1] + j, tap = a * s->kernel[1] + b;
            if (c->by_channel) sum += number_at(x, from, o) * w[tap * s->channels + o];
            else
                for (intptr_t k = 0; k < s->channels; ++k)
                    sum += number_at(x, from, k) * w[(o * s->kernel[0] * s->kernel[1] + tap) * s->channels + k];
        }
    return sum;
}

static void convolve(const byte_case *c, const sb_int8_map *x, const int8_t *w, const sb_int8_epilogue *epilogue,
                     const sb_int8_result *y) {
    if (c->by_channel) {
        sb_int8_depthwise(x, w, &c->shape, epilogue, y);
        return;
    }
    int8_t *panels = memory(sb_int8_panels_size(&c->shape));
    int32_t *sums = memory((size_t)c->shape.outputs * sizeof *sums);
    sb_int8_lay_out(w, &c->shape, panels, sums);
    sb_int8_convolution(x, panels, sums, &c->shape, epilogue, y);
    free(panels);
    free(sums);
}

static void check_case(const byte_case *c) {
    const sb_int8_shape *s = &c->shape;
    const intptr_t outputs = s->outputs, pixels = s->images * s->output[0] * s->output[1], count = pixels * outputs;
    const intptr_t taps = s->kernel[0] * s->kernel[1], products = taps * (c->by_channel ? 1 : s->channels);
    const sb_int8_map x = map_of(s->images * s->input[0] * s->input[1], s->channels, 0.02f, 117);
    const sb_int8_map residual = map_of(pixels, outputs, 0.01f, 40);
    const int8_t *w = filters(outputs * products);
    const float *bias = numbers(outputs), *spread = numbers(outputs);
    float *scale = memory((size_t)outputs * sizeof *scale), *y = memory((size_t)count * sizeof *y);
    double *expected = zeros(count);
    // Sums become numbers of about 1, whatever the filter's size.
    for (intptr_t o = 0; o < outputs; ++o) scale[o] = x.scale * (1.5f + spread[o]) / (100 * sqrtf((float)products));
    for (intptr_t i = 0; i < count; ++i) {
        const intptr_t pixel = i / outputs, o = i % outputs;
        const double sum = sum_at(c, &x, w, pixel, o) * scale[o] / x.scale + bias[o];
        expected[i] = fmin(activated(c->activation, sum + number_at(&residual, pixel, o)), 2);
    }
    const sb_int8_epilogue epilogue = {.scale = scale, .bias = bias, .activation = c->activation, .low = -INFINITY, .high = 2,
                                       .residual = residual};
    const sb_int8_result floats = {.floats = y, .float_pixel = outputs};
    char name[100];
    snprintf(name, sizeof name, "convolution of bytes, %s", c->name);
    CHECK(name, y, count, expected, 1e-5, convolve(c, &x, w, &epilogue, &floats));
    // As bytes the same numbers, to the nearest one.
    const sb_int8_map to = map_of(pixels, outputs, 0.03f, 100);
    const sb_int8_result bytes = {.map = to};
    convolve(c, &x, w, &epilogue, &bytes);
    snprintf(name, sizeof name, "convolution of bytes, %s, to bytes", c->name);
    expect(name, is_nearest(&to, pixels, outputs, expected));
}

void check_bytes(void) {
    static const byte_case cases[] = {
        {"1x1", false, SB_ACT_SILU, {2, 24, 40, {9, 11}, {9, 11}, {1, 1}, {1, 1}, {0, 0}, {1, 1}}},
        {"1x1 of odd channels", false, SB_ACT_NONE, {1, 21, 17, {6, 7}, {6, 7}, {1, 1}, {1, 1}, {0, 0}, {1, 1}}},
        {"3x3", false, SB_ACT_SILU, {2, 20, 70, {13, 12}, {13, 12}, {3, 3}, {1, 1}, {1, 1}, {1, 1}}},
        {"3x3 with stride 2", false, SB_ACT_RELU, {1, 3, 16, {20, 21}, {10, 11}, {3, 3}, {2, 2}, {1, 1}, {1, 1}}},
        {"3x3 dilated", false, SB_ACT_NONE, {1, 8, 33, {12, 13}, {12, 13}, {3, 3}, {1, 1}, {2, 2}, {2, 2}}},
        {"by channel", true, SB_ACT_SILU, {2, 37, 37, {11, 10}, {11, 10}, {3, 3}, {1, 1}, {1, 1}, {1, 1}}},
        {"by channel with stride 2", true, SB_ACT_RELU, {1, 64, 64, {11, 10}, {6, 5}, {5, 5}, {2, 2}, {2, 2}, {1, 1}}},
        {"by channel, wide and dilated", true, SB_ACT_NONE, {2, 19, 19, {9, 14}, {4, 13}, {3, 7}, {2, 1}, {1, 8}, {2, 3}}},
        {"by channel, high", true, SB_ACT_RELU, {1, 5, 5, {3, 2}, {7, 4}, {31, 1}, {1, 1}, {17, 1}, {1, 1}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) check_case(&cases[i]);
}

// MARK: Maps

// What a map stands for, in [pixels, channels].
static double *numbers_of(const sb_int8_map *map, intptr_t pixels, intptr_t channels) {
    double *y = zeros(pixels * channels);
    for (intptr_t i = 0; i < pixels * channels; ++i) y[i] = number_at(map, i / channels, i % channels);
    return y;
}

void check_byte_maps(void) {
    enum { N = 2, H = 9, W = 8, C = 21, PIXELS = N * H * W };
    const float *x = numbers(PIXELS * C);
    float y[PIXELS * C];
    const sb_int8_map to = map_of(PIXELS, C, 1 / 200.0f, 90);
    sb_int8_quantize(PIXELS, C, x, C, &to);
    expect("floats to bytes", is_nearest(&to, PIXELS, C, doubles_of(x, PIXELS * C)));
    CHECK("bytes to floats", y, PIXELS * C, numbers_of(&to, PIXELS, C), 1e-7, sb_int8_dequantize(PIXELS, C, &to, y, C));
    const sb_int8_map a = map_of(PIXELS, C, 0.01f, 128), b = map_of(PIXELS, C, 0.003f, 11), sum = map_of(PIXELS, C, 0.012f, 120);
    double *added = numbers_of(&a, PIXELS, C);
    const double *other = numbers_of(&b, PIXELS, C);
    for (int i = 0; i < PIXELS * C; ++i) added[i] += other[i];
    sb_int8_add(PIXELS, C, &a, &b, &sum);
    expect("sum of bytes", is_nearest(&sum, PIXELS, C, added));
    const sb_int8_map copy = map_of(PIXELS, C, a.scale, a.zero);
    sb_int8_copy(PIXELS, C, &a, &copy);
    expect("copy of bytes", is_nearest(&copy, PIXELS, C, numbers_of(&a, PIXELS, C)));

    const sb_int8_shape pool = {N, C, C, {H, W}, {5, 4}, {3, 3}, {2, 2}, {1, 1}, {1, 1}};
    const sb_int8_map pooled = map_of(N * 5 * 4, C, a.scale, a.zero);
    sb_int8_max_pool(&a, &pool, &pooled);
    double *highest = zeros(N * 5 * 4 * C);
    for (int at = 0; at < N * 5 * 4 * C; ++at) {
        const int channel = at % C, column = at / C % 4, row = at / C / 4 % 5, image = at / C / 20;
        highest[at] = -INFINITY;
        for (int i = 0; i < 9; ++i) {
            const int r = 2 * row - 1 + i / 3, c = 2 * column - 1 + i % 3;
            if (r < 0 || r >= H || c < 0 || c >= W) continue;
            highest[at] = fmax(highest[at], number_at(&a, (image * H + r) * W + c, channel));
        }
    }
    expect("maximum pooling of bytes", is_nearest(&pooled, N * 5 * 4, C, highest));

    const intptr_t factor[2] = {2, 3};
    const sb_int8_map repeated = map_of(PIXELS * 6, C, a.scale, a.zero);
    sb_int8_repeat(&a, &pool, factor, &repeated);
    double *wanted = zeros(PIXELS * 6 * C);
    for (int at = 0; at < PIXELS * 6 * C; ++at) {
        const int column = at / C % (3 * W) / 3, row = at / C / (3 * W) % (2 * H) / 2, image = at / C / (6 * H * W);
        wanted[at] = number_at(&a, (image * H + row) * W + column, at % C);
    }
    expect("bytes repeated", is_nearest(&repeated, PIXELS * 6, C, wanted));
}
