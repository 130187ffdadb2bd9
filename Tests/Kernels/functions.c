// Functions of one and two elements, conversions, reductions, normalization, losses, optimizers, random numbers.
#include "checks.h"

// MARK: Functions

typedef struct {
    sb_unary_function function;
    double (*reference)(double x);
    double low, high;
} unary_case;

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double silu(double x) { return x * sigmoid(x); }
static double gelu(double x) { return 0.5 * x * erfc(-x * sqrt(0.5)); }
static double softplus(double x) { return x > 20 ? x : log1p(exp(x)); }
static double mish(double x) { return x * tanh(log1p(exp(x))); }
static double square(double x) { return x * x; }
static double reciprocal(double x) { return 1 / x; }
static double negative(double x) { return -x; }

// Relative to each number, as a float of any size has so many digits.
static void check_unary(const unary_case *c) {
    enum { COUNT = 5003 };
    float *x = numbers(COUNT), *y = memory(COUNT * sizeof *y);
    double *expected = zeros(COUNT);
    for (int i = 0; i < COUNT; ++i) {
        x[i] = (float)(c->low + (c->high - c->low) * (x[i] + 1) / 2);
        expected[i] = c->reference(x[i]);
    }
    const sb_array from = FLOATS(x, COUNT), to = FLOATS(y, COUNT);
    const double p0 = c->function == sb_unary_softplus ? 1 : 0, p1 = c->function == sb_unary_softplus ? 20 : 0;
    sb_unary(c->function, &from, p0, p1, &to);
    double worst = 0;
    for (int i = 0; i < COUNT; ++i) worst = fmax(worst, fabs(y[i] - expected[i]) / fmax(fabs(expected[i]), 1e-6));
    expect(sb_unary_name(c->function), worst < 6e-7);
    CHECK(sb_unary_name(c->function), y, COUNT, expected, 6e-7, sb_unary(c->function, &from, p0, p1, &to));
}

static void check_extremes(void) {
    const float x[] = {0, INFINITY, -INFINITY, NAN, 1000, -1000, 88.7f, -103, -87.5f};
    enum { COUNT = sizeof x / sizeof *x };
    float y[COUNT];
    double expected[COUNT];
    const sb_array from = FLOATS(x, COUNT), to = FLOATS(y, COUNT);
    for (int i = 0; i < COUNT; ++i) expected[i] = expf(x[i]);
    CHECK("exp at its ends", y, COUNT, expected, 3e-7, sb_unary(sb_unary_exp, &from, 0, 0, &to));
    for (int i = 0; i < COUNT; ++i) expected[i] = logf(x[i]);
    CHECK("log at its ends", y, COUNT, expected, 3e-7, sb_unary(sb_unary_log, &from, 0, 0, &to));
    for (int i = 0; i < COUNT; ++i) expected[i] = tanhf(x[i]);
    CHECK("tanh at its ends", y, COUNT, expected, 3e-7, sb_unary(sb_unary_tanh, &from, 0, 0, &to));
    for (int i = 0; i < COUNT; ++i) expected[i] = isnan(x[i]) ? NAN : fmin(fmax(x[i], -1), 2);
    CHECK("clamp", y, COUNT, expected, 0, sb_unary(sb_unary_clamp, &from, -1, 2, &to));
}

static void check_binary(void) {
    enum { ROWS = 70, COLUMNS = 37, COUNT = ROWS * COLUMNS };
    const float *a = numbers(COUNT), *b = numbers(COLUMNS);
    float *y = memory(COUNT * sizeof *y);
    double *expected = zeros(COUNT);
    const sb_array x = FLOATS(a, ROWS, COLUMNS), to = FLOATS(y, ROWS, COLUMNS);
    sb_array repeated = FLOATS(b, ROWS, COLUMNS);
    repeated.strides[0] = 0;
    for (int i = 0; i < COUNT; ++i) expected[i] = (double)a[i] / b[i % COLUMNS];
    CHECK("divide", y, COUNT, expected, 1e-7, sb_binary(sb_binary_divide, &x, &repeated, 0, 0, &to));
    for (int i = 0; i < COUNT; ++i) expected[i] = fmax(a[i], b[i % COLUMNS]);
    CHECK("maximum", y, COUNT, expected, 0, sb_binary(sb_binary_maximum, &x, &repeated, 0, 0, &to));
    for (int i = 0; i < COUNT; ++i) expected[i] = a[i] + 0.25 * b[i % COLUMNS];
    CHECK("addScaled", y, COUNT, expected, 1e-7, sb_binary(sb_binary_addScaled, &x, &repeated, 0.25, 0, &to));
    for (int i = 0; i < COUNT; ++i) {
        const double z = b[i % COLUMNS], s = sigmoid(z);
        expected[i] = a[i] * (s + z * s * (1 - s));
    }
    CHECK("siluGradient", y, COUNT, expected, 3e-7, sb_binary(sb_binary_siluGradient, &x, &repeated, 0, 0, &to));
    for (int i = 0; i < COUNT; ++i) {
        const double z = b[i % COLUMNS];
        expected[i] = a[i] * (0.5 * erfc(-z * sqrt(0.5)) + z * exp(-z * z / 2) * 0.39894228040143267794);
    }
    CHECK("geluGradient", y, COUNT, expected, 3e-7, sb_binary(sb_binary_geluGradient, &x, &repeated, 0, 0, &to));
}

// Through another type and back: what it leaves of the digits.
static void check_conversion(const char *name, int dtype, double tolerance) {
    enum { COUNT = 3001 };
    const float *x = numbers(COUNT);
    float *y = memory(COUNT * sizeof *y);
    const sb_array from = FLOATS(x, COUNT), to = FLOATS(y, COUNT);
    const sb_array between = array_of(memory(COUNT * 8), dtype, 1, (intptr_t[]){COUNT});
    CHECK(name, y, COUNT, doubles_of(x, COUNT), tolerance, sb_copy(&from, &between); sb_copy(&between, &to));
}

void check_functions(void) {
    static const unary_case cases[] = {
        {sb_unary_negate, negative, -5, 5}, {sb_unary_square, square, -5, 5}, {sb_unary_sqrt, sqrt, 0, 9},
        {sb_unary_reciprocal, reciprocal, 0.1, 9}, {sb_unary_exp, exp, -80, 80}, {sb_unary_exp2, exp2, -100, 100},
        {sb_unary_expMinus1, expm1, -1, 1}, {sb_unary_log, log, 1e-3, 100}, {sb_unary_log2, log2, 2, 100},
        {sb_unary_log10, log10, 2, 100}, {sb_unary_logOf1Plus, log1p, 0.01, 1}, {sb_unary_sin, sin, -1.5, 1.5},
        {sb_unary_cos, cos, -1.5, 1.5}, {sb_unary_tan, tan, -1, 1}, {sb_unary_tanh, tanh, -4, 4}, {sb_unary_erf, erf, -3, 3},
        {sb_unary_sigmoid, sigmoid, -20, 20}, {sb_unary_silu, silu, -5, 5}, {sb_unary_gelu, gelu, -2, 5},
        {sb_unary_mish, mish, -2, 5}, {sb_unary_softplus, softplus, -10, 30},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) check_unary(&cases[i]);
    check_extremes();
    check_binary();
    check_conversion("float16 and back", SB_FLOAT16, 0x1p-11);
    check_conversion("bfloat16 and back", SB_BFLOAT16, 0x1p-8);
    check_conversion("float64 and back", SB_FLOAT64, 0);
}

// MARK: Reductions

void check_reductions(void) {
    enum { OUTER = 7, MIDDLE = 300, INNER = 45 };
    const float *x = numbers(OUTER * MIDDLE * INNER);
    float *y = memory(OUTER * INNER * sizeof *y), *variance = memory(OUTER * INNER * sizeof *y);
    double *sum = zeros(OUTER * INNER), *highest = zeros(OUTER * INNER), *deviation = zeros(OUTER * INNER);
    for (int o = 0; o < OUTER; ++o)
        for (int i = 0; i < INNER; ++i) {
            const float *first = x + o * MIDDLE * INNER + i;
            const int at = o * INNER + i;
            highest[at] = -INFINITY;
            for (int m = 0; m < MIDDLE; ++m) sum[at] += first[m * INNER], highest[at] = fmax(highest[at], first[m * INNER]);
            for (int m = 0; m < MIDDLE; ++m) deviation[at] += square(first[m * INNER] - sum[at] / MIDDLE) / MIDDLE;
        }
    const sb_array from = FLOATS(x, OUTER, MIDDLE, INNER), to = FLOATS(y, OUTER, 1, INNER);
    CHECK("sum", y, OUTER * INNER, sum, 1e-6, sb_reduce(SB_SUM, &from, &to));
    CHECK("max", y, OUTER * INNER, highest, 0, sb_reduce(SB_MAX, &from, &to));
    const sb_array spread = FLOATS(variance, OUTER, 1, INNER);
    CHECK("variance", variance, OUTER * INNER, deviation, 1e-6, sb_mean_variance(&from, &to, &spread));
    int64_t *index = memory(OUTER * INNER * sizeof *index);
    const sb_array places = INTEGERS(index, OUTER, 1, INNER);
    sb_arg_reduce(0, &from, 1, &places, &to);
    bool holds = true;
    for (int at = 0; at < OUTER * INNER; ++at)
        holds &= y[at] == highest[at] && x[(at / INNER * MIDDLE + index[at]) * INNER + at % INNER] == highest[at];
    expect("place of the largest", holds);
    double *all = zeros(1);
    float total = 0;
    for (int i = 0; i < OUTER * MIDDLE * INNER; ++i) all[0] += x[i];
    const sb_array flat = FLOATS(x, OUTER * MIDDLE * INNER), one = FLOATS(&total, 1);
    CHECK("sum of everything", &total, 1, all, 1e-5, sb_reduce(SB_SUM, &flat, &one));
}

// MARK: Normalization and losses

enum { ROWS = 90, COLUMNS = 77, CELLS = ROWS * COLUMNS };

static void check_softmax(const float *x, float *y) {
    double *expected = zeros(CELLS), *loss = zeros(ROWS);
    float *rows = memory(3 * ROWS * sizeof *rows);
    const int64_t *target = integers(ROWS, 0, COLUMNS);
    for (int row = 0; row < ROWS; ++row) {
        double sum = 0;
        for (int i = 0; i < COLUMNS; ++i) sum += exp(x[row * COLUMNS + i]);
        for (int i = 0; i < COLUMNS; ++i) expected[row * COLUMNS + i] = exp(x[row * COLUMNS + i]) / sum;
        loss[row] = log(sum) - x[row * COLUMNS + target[row]];
    }
    CHECK("softmax", y, CELLS, expected, 3e-7, sb_softmax(ROWS, COLUMNS, x, y));
    CHECK("cross-entropy", rows, ROWS, loss, 3e-7,
          sb_cross_entropy(ROWS, COLUMNS, x, target, NULL, -1, 0, rows, rows + ROWS, rows + 2 * ROWS));
    float *ones = memory(ROWS * sizeof *ones);
    for (int row = 0; row < ROWS; ++row) ones[row] = 1, expected[row * COLUMNS + target[row]] -= 1;
    CHECK("gradient of cross-entropy", y, CELLS, expected, 3e-7,
          sb_cross_entropy_backward(ROWS, COLUMNS, x, target, NULL, -1, 0, rows + 2 * ROWS, ones, y));
}

static void check_layer_norm(const float *x, float *y) {
    double *expected = zeros(CELLS), *gradient = zeros(CELLS);
    const float *weight = numbers(COLUMNS), *bias = numbers(COLUMNS), *gy = numbers(CELLS);
    float *mean = memory(ROWS * sizeof *mean), *rstd = memory(ROWS * sizeof *rstd);
    for (int row = 0; row < ROWS; ++row) {
        double middle = 0, variance = 0, sum = 0, along = 0;
        for (int i = 0; i < COLUMNS; ++i) middle += x[row * COLUMNS + i] / (double)COLUMNS;
        for (int i = 0; i < COLUMNS; ++i) variance += square(x[row * COLUMNS + i] - middle) / COLUMNS;
        const double factor = 1 / sqrt(variance + 1e-5);
        for (int i = row * COLUMNS, j = 0; j < COLUMNS; ++i, ++j) {
            const double normal = (x[i] - middle) * factor;
            expected[i] = normal * weight[j] + bias[j];
            sum += (double)gy[i] * weight[j], along += (double)gy[i] * weight[j] * normal;
        }
        for (int i = row * COLUMNS, j = 0; j < COLUMNS; ++i, ++j)
            gradient[i] = factor * ((double)gy[i] * weight[j] - (sum + (x[i] - middle) * factor * along) / COLUMNS);
    }
    CHECK("layer norm", y, CELLS, expected, 1e-6, sb_layer_norm(ROWS, COLUMNS, x, weight, bias, 1e-5f, y, mean, rstd));
    CHECK("gradient of layer norm", y, CELLS, gradient, 2e-6,
          sb_layer_norm_backward(ROWS, COLUMNS, gy, x, weight, mean, rstd, y, NULL, NULL));
}

static void check_batch_norm(const float *x, float *y) {
    double *means = zeros(COLUMNS), *variances = zeros(COLUMNS), *expected = zeros(CELLS);
    const float *scale = numbers(COLUMNS), *shift = numbers(COLUMNS);
    float *mean = memory(COLUMNS * sizeof *mean), *variance = memory(COLUMNS * sizeof *variance);
    for (int i = 0; i < CELLS; ++i) means[i % COLUMNS] += x[i] / (double)ROWS;
    for (int i = 0; i < CELLS; ++i) variances[i % COLUMNS] += square(x[i] - means[i % COLUMNS]) / ROWS;
    for (int i = 0; i < CELLS; ++i) expected[i] = silu((double)x[i] * scale[i % COLUMNS] + shift[i % COLUMNS]);
    CHECK("means of channels", mean, COLUMNS, means, 1e-6, sb_batch_norm_statistics(ROWS, COLUMNS, x, mean, variance));
    CHECK("variances of channels", variance, COLUMNS, variances, 1e-6,
          sb_batch_norm_statistics(ROWS, COLUMNS, x, mean, variance));
    CHECK("batch norm with SiLU", y, CELLS, expected, 5e-7,
          sb_batch_norm_apply(ROWS, COLUMNS, x, scale, shift, NULL, SB_ACT_SILU, y));
}

void check_normalization(void) {
    const float *x = numbers(CELLS);
    float *y = memory(CELLS * sizeof *y);
    check_softmax(x, y);
    check_layer_norm(x, y);
    check_batch_norm(x, y);
}

// MARK: Optimizers and random numbers

void check_optimizers(void) {
    enum { COUNT = 70001 };
    const float *start = numbers(COUNT), *g = numbers(COUNT);
    float *p = memory(COUNT * sizeof *p), *m = memory(COUNT * sizeof *m), *v = memory(COUNT * sizeof *v);
    double *expected = zeros(COUNT), squares = 0;
    for (int i = 0; i < COUNT; ++i) {
        const double slope = g[i], moment = 0.1 * slope / (1 - 0.9), second = 0.001 * slope * slope / (1 - 0.999);
        expected[i] = start[i] * (1 - 0.01 * 0.1) - 0.01 * moment / (sqrt(second) + 1e-8);
        squares += slope * slope;
    }
    CHECK("AdamW", p, COUNT, expected, 1e-6, memcpy(p, start, COUNT * sizeof *p); memset(m, 0, COUNT * sizeof *m);
          memset(v, 0, COUNT * sizeof *v);
          sb_adam_step(COUNT, p, g, m, v, NULL, 0.01f, 0.9f, 0.999f, 1e-8f, 0.1f, 1, 1, 1));
    for (int i = 0; i < COUNT; ++i) expected[i] = start[i] - 0.1 * (0.9 * g[i] + g[i]);
    CHECK("SGD", p, COUNT, expected, 1e-6, memcpy(p, start, COUNT * sizeof *p); memcpy(m, g, COUNT * sizeof *m);
          sb_sgd_step(COUNT, p, g, m, 0.1f, 0.9f, 0, 0, 0, 0, 1));
    expect("sum of squares", fabs(sb_sum_of_squares(COUNT, g) - squares) < 1e-9 * squares);

    const sb_array y = FLOATS(p, COUNT);
    double mean = 0, variance = 0;
    sb_random_normal(7, 0, 2, 3, &y);
    for (int i = 0; i < COUNT; ++i) mean += p[i] / (double)COUNT;
    for (int i = 0; i < COUNT; ++i) variance += square(p[i] - mean) / COUNT;
    expect("normal distribution", fabs(mean - 2) < 0.05 && fabs(variance - 9) < 0.2);
    const double *first = doubles_of(p, COUNT);
    CHECK("the same seed", p, COUNT, first, 0, sb_random_normal(7, 0, 2, 3, &y));
}
