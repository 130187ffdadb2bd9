// Convolutions and their gradients, by whichever algorithm the sizes choose, and pooling.
#include "checks.h"

#include <stdio.h>

typedef struct {
    const char *name;
    intptr_t n, c, h, w, o, taps;
    sb_conv2d p;
    double tolerance;
} convolution_case;

static intptr_t output_size(const convolution_case *c, int axis) {
    const intptr_t size = axis ? c->w : c->h;
    return (size + 2 * c->p.padding[axis] - c->p.dilation[axis] * (c->taps - 1) - 1) / c->p.stride[axis] + 1;
}

// Calls `visit` for each product of an element of x, one of w and the element of y that it is a part of.
typedef void visitor(void *context, intptr_t x, intptr_t w, intptr_t y);
static void each_product(const convolution_case *c, visitor *visit, void *context) {
    const intptr_t oh = output_size(c, 0), ow = output_size(c, 1), inputs = c->c / c->p.groups, outputs = c->o / c->p.groups;
    for (intptr_t n = 0; n < c->n; ++n)
        for (intptr_t i = 0; i < oh; ++i)
            for (intptr_t j = 0; j < ow; ++j)
                for (intptr_t a = 0; a < c->taps; ++a)
                    for (intptr_t b = 0; b < c->taps; ++b) {
                        const intptr_t row = i * c->p.stride[0] - c->p.padding[0] + a * c->p.dilation[0];
                        const intptr_t column = j * c->p.stride[1] - c->p.padding[1] + b * c->p.dilation[1];
                        if (row < 0 || row >= c->h || column < 0 || column >= c->w) continue;
                        for (intptr_t o = 0; o < c->o; ++o)
                            for (intptr_t k = 0; k < inputs; ++k)
                                visit(context, ((n * c->h + row) * c->w + column) * c->c + o / outputs * inputs + k,
                                      ((o * inputs + k) * c->taps + a) * c->taps + b, ((n * oh + i) * ow + j) * c->o + o);
                    }
}

typedef struct {
    const float *x, *w, *gy;
    double *y, *gx, *gw;
} convolution_sums;

static void add_products(void *context, intptr_t x, intptr_t w, intptr_t y) {
    const convolution_sums *sums = context;
    sums->y[y] += (double)sums->x[x] * sums->w[w];
    sums->gx[x] += (double)sums->gy[y] * sums->w[w];
    sums->gw[w] += (double)sums->gy[y] * sums->x[x];
}

static void check_convolution(const convolution_case *c) {
    const intptr_t oh = output_size(c, 0), ow = output_size(c, 1), inputs = c->c / c->p.groups;
    const intptr_t x_count = c->n * c->h * c->w * c->c, y_count = c->n * oh * ow * c->o;
    const intptr_t w_count = c->o * inputs * c->taps * c->taps;
    convolution_sums sums = {numbers(x_count), numbers(w_count), numbers(y_count),
                             zeros(y_count), zeros(x_count), zeros(w_count)};
    each_product(c, add_products, &sums);
    const float *bias = numbers(c->o), *residual = numbers(y_count);
    float *y = memory((size_t)y_count * 4), *gx = memory((size_t)x_count * 4), *gw = memory((size_t)w_count * 4);
    const sb_array x = images_of(sums.x, c->n, c->c, c->h, c->w), w = FLOATS(sums.w, c->o, inputs, c->taps, c->taps);
    const sb_array gy = images_of(sums.gy, c->n, c->o, oh, ow), to = images_of(y, c->n, c->o, oh, ow);
    const sb_array x_gradient = images_of(gx, c->n, c->c, c->h, c->w), w_gradient = FLOATS(gw, c->o, inputs, c->taps, c->taps);
    for (intptr_t i = 0; i < y_count; ++i) sums.y[i] = fmax(sums.y[i] + bias[i % c->o] + residual[i], 0);
    char name[100];
    snprintf(name, sizeof name, "convolution %s", c->name);
    CHECK(name, y, y_count, sums.y, c->tolerance,
          sb_conv2d_forward(&x, &w, NULL, c->p, (sb_conv2d_epilogue){bias, residual, SB_ACT_RELU}, &to));
    snprintf(name, sizeof name, "convolution %s, gradient of the input", c->name);
    CHECK(name, gx, x_count, sums.gx, c->tolerance, sb_conv2d_input_gradient(&gy, &w, c->p, &x_gradient));
    snprintf(name, sizeof name, "convolution %s, gradient of the filters", c->name);
    CHECK(name, gw, w_count, sums.gw, c->tolerance, sb_conv2d_weight_gradient(&x, &gy, c->p, &w_gradient, NULL));
    if (!c->p.rounded) return;
    sb_array halves = x;
    halves.dtype = SB_BFLOAT16;
    halves.data = memory((size_t)x_count * 2);
    sb_copy(&x, &halves);
    snprintf(name, sizeof name, "convolution %s, gradient of the filters with a rounded input", c->name);
    CHECK(name, gw, w_count, sums.gw, c->tolerance, sb_conv2d_weight_gradient(&halves, &gy, c->p, &w_gradient, NULL));
}

void check_convolutions(void) {
    static const convolution_case cases[] = {
        {"1x1", 2, 24, 9, 11, 40, 1, {{1, 1}, {0, 0}, {1, 1}, 1, 0}, 2e-6},
        {"1x1 with stride 2", 1, 16, 12, 12, 16, 1, {{2, 2}, {0, 0}, {1, 1}, 1, 0}, 2e-6},
        {"3x3, many tiles", 2, 20, 26, 25, 36, 3, {{1, 1}, {1, 1}, {1, 1}, 1, 0}, 1e-5},
        {"3x3, few tiles", 1, 48, 7, 6, 40, 3, {{1, 1}, {1, 1}, {1, 1}, 1, 0}, 1e-5},
        {"3x3 with stride 2", 1, 18, 20, 23, 20, 3, {{2, 2}, {1, 1}, {1, 1}, 1, 0}, 1e-5},
        {"3x3 of few channels", 1, 3, 20, 21, 16, 3, {{2, 2}, {1, 1}, {1, 1}, 1, 0}, 2e-6},
        {"5x5 dilated", 1, 6, 19, 20, 10, 5, {{1, 1}, {2, 2}, {2, 2}, 1, 0}, 5e-6},
        {"3x3 in groups", 1, 12, 10, 11, 18, 3, {{1, 1}, {1, 1}, {1, 1}, 3, 0}, 1e-5},
        {"3x3 by channel", 1, 21, 15, 14, 21, 3, {{1, 1}, {1, 1}, {1, 1}, 21, 0}, 2e-6},
        {"1x1, rounded", 2, 32, 9, 11, 40, 1, {{1, 1}, {0, 0}, {1, 1}, 1, 1}, 0.02},
        {"3x3, rounded", 1, 32, 26, 25, 40, 3, {{1, 1}, {1, 1}, {1, 1}, 1, 1}, 0.03},
        {"3x3 with stride 2, rounded", 1, 32, 24, 24, 40, 3, {{2, 2}, {1, 1}, {1, 1}, 1, 1}, 0.03},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) check_convolution(&cases[i]);
}

// MARK: Pooling

void check_pooling(void) {
    enum { N = 2, C = 13, H = 15, W = 14, OH = 8, OW = 7, COUNT = N * OH * OW * C };
    const sb_pool2d p = {{3, 3}, {2, 2}, {1, 1}, {1, 1}, 1, 0};
    const float *x = numbers(N * H * W * C), *gy = numbers(COUNT);
    float *y = memory(COUNT * sizeof *y), *gx = memory(N * H * W * C * sizeof *gx);
    int32_t *index = memory(COUNT * sizeof *index);
    double *highest = zeros(COUNT), *mean = zeros(COUNT), *gradient = zeros(N * H * W * C);
    for (int at = 0; at < COUNT; ++at) {
        const int channel = at % C, column = at / C % OW, row = at / C / OW % OH, image = at / C / OW / OH;
        intptr_t best = -1;
        for (int i = 0; i < 9; ++i) {
            const int r = 2 * row - 1 + i / 3, c = 2 * column - 1 + i % 3;
            if (r < 0 || r >= H || c < 0 || c >= W) continue;
            const intptr_t place = ((image * H + r) * W + c) * C + channel;
            mean[at] += x[place] / 9.0;
            if (best < 0 || x[place] > x[best]) best = place;
        }
        highest[at] = x[best];
        gradient[best] += gy[at];
    }
    CHECK("maximum pooling", y, COUNT, highest, 0, sb_max_pool2d(N, C, H, W, OH, OW, p, x, y, index));
    CHECK("gradient of maximum pooling", gx, N * H * W * C, gradient, 1e-6,
          sb_max_pool2d_backward(N, C, H, W, OH, OW, p, gy, index, gx));
    CHECK("average pooling", y, COUNT, mean, 1e-6, sb_avg_pool2d(N, C, H, W, OH, OW, p, x, y));
    float means[N * C];
    double *expected = zeros(N * C);
    for (int i = 0; i < N * H * W * C; ++i) expected[i / (H * W * C) * C + i % C] += x[i] / (double)(H * W);
    CHECK("average of an image", means, N * C, expected, 1e-6, sb_adaptive_avg_pool2d(N, C, H, W, 1, 1, x, means));
}
