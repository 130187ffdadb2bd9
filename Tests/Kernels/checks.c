// Runs every family of kernels against references in double precision that share no code with them, on one thread and on
// two. Scripts/check_kernels.sh compiles it and runs it with each instruction set.
#include "checks.h"

#include <stdio.h>

static struct {
    int made, failed;
    void *first;   // the result with one thread
} checks;

// MARK: Numbers

void *memory(size_t bytes) {
    void *block = calloc(bytes ? bytes : 1, 1);
    if (!block) abort();
    return block;
}

// Marsaglia, "Xorshift RNGs", 2003.
static uint64_t next_random(void) {
    static uint64_t state = 88172645463325252;
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

float *numbers(intptr_t count) {
    float *x = memory((size_t)count * sizeof *x);
    for (intptr_t i = 0; i < count; ++i) x[i] = (float)((double)(next_random() >> 40) / 0x1p23 - 1);
    return x;
}

int64_t *integers(intptr_t count, int64_t low, int64_t high) {
    int64_t *x = memory((size_t)count * sizeof *x);
    for (intptr_t i = 0; i < count; ++i) x[i] = low + (int64_t)(next_random() % (uint64_t)(high - low));
    return x;
}

double *zeros(intptr_t count) { return memory((size_t)count * sizeof(double)); }

double *doubles_of(const float *x, intptr_t count) {
    double *y = zeros(count);
    for (intptr_t i = 0; i < count; ++i) y[i] = x[i];
    return y;
}

float rounded(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
    memcpy(&x, &bits, sizeof bits);
    return x;
}

float flushed(float x) { return fabsf(x) < 0x1p-126f ? 0 : x; }

double activated(sb_activation activation, double x) {
    switch (activation) {
    case SB_ACT_NONE: return x;
    case SB_ACT_RELU: return x < 0 ? 0 : x;
    case SB_ACT_SILU: return x / (1 + exp(-x));
    }
}

sb_array array_of(const void *data, int dtype, int rank, const intptr_t *shape) {
    sb_array array = {.data = (void *)data, .rank = rank, .dtype = dtype};
    intptr_t stride = 1;
    for (int i = rank - 1; i >= 0; --i) {
        array.shape[i] = shape[i];
        array.strides[i] = stride;
        stride *= shape[i];
    }
    return array;
}

sb_array images_of(const float *data, intptr_t n, intptr_t c, intptr_t h, intptr_t w) {
    return (sb_array){.data = (void *)data, .shape = {n, c, h, w}, .strides = {h * w * c, 1, w * c, c}, .rank = 4,
                      .dtype = SB_FLOAT32};
}

// MARK: Comparison

void begin_check(void *y, intptr_t bytes) { memset(y, 0xff, (size_t)bytes); }   // NaN everywhere

void check_again(void *y, intptr_t bytes) {
    checks.first = memory((size_t)bytes);
    memcpy(checks.first, y, (size_t)bytes);
    begin_check(y, bytes);
}

static void conclude(const char *name, bool holds, const char *problem, intptr_t place, double found, double wanted) {
    ++checks.made;
    if (holds) return;
    ++checks.failed;
    printf("%s: %s, at %td: %.9g, expected %.9g\n", name, problem, place, found, wanted);
}

void end_check(const char *name, const void *y, intptr_t bytes, bool floats, intptr_t count, const double *expected,
               double tolerance) {
    const bool same = !memcmp(y, checks.first, (size_t)bytes);
    free(checks.first);
    if (!same) {
        conclude(name, false, "other bits with two threads", 0, 0, 0);
        return;
    }
    double scale = 1, worst = -1;
    for (intptr_t i = 0; i < count; ++i)
        if (isfinite(expected[i]) && fabs(expected[i]) > scale) scale = fabs(expected[i]);
    intptr_t place = 0;
    double found = 0;
    for (intptr_t i = 0; i < count; ++i) {
        const double value = floats ? ((const float *)y)[i] : ((const double *)y)[i];
        const bool equal = value == expected[i] || (isnan(value) && isnan(expected[i]));
        const double error = equal ? 0 : isfinite(value) && isfinite(expected[i]) ? fabs(value - expected[i]) : INFINITY;
        if (error > worst) worst = error, place = i, found = value;
    }
    conclude(name, worst <= tolerance * scale, "is off", place, found, count ? expected[place] : 0);
}

void expect(const char *name, bool holds) { conclude(name, holds, "does not hold", 0, 0, 1); }

int main(void) {
    check_products();
    check_rounded_products();
    check_quantized_products();
    check_functions();
    check_reductions();
    check_normalization();
    check_optimizers();
    check_convolutions();
    check_pooling();
    check_bytes();
    check_byte_maps();
    check_attention();
    check_recurrence();
    check_arrangement();
    check_images();
    check_platform();
    if (sb_isa_request_problem()) expect("SWITCHBACK_ISA", false);
    printf("%s: %d of %d checks failed\n", sb_isa_name(), checks.failed, checks.made);
    return checks.failed ? 1 : 0;
}
