// Matrix products: float32, float64, integers, bfloat16, and those of few bits.
#include "checks.h"

#include <stdio.h>

// Σ over l of a(i, l) · b(l, j), by the strides of both.
static double *product(intptr_t m, intptr_t n, intptr_t k, const float *a, intptr_t a_row, intptr_t a_col, const float *b,
                       intptr_t b_row, intptr_t b_col) {
    double *c = zeros(m * n);
    for (intptr_t i = 0; i < m; ++i)
        for (intptr_t l = 0; l < k; ++l)
            for (intptr_t j = 0; j < n; ++j)
                c[i * n + j] += (double)a[i * a_row + l * a_col] * b[l * b_row + j * b_col];
    return c;
}

// Every layout of both operands, with an epilogue.
static void check_product(intptr_t m, intptr_t n, intptr_t k) {
    const float *a = numbers(m * k), *b = numbers(k * n), *bias = numbers(n), *old = numbers(m * n);
    float *c = memory((size_t)(m * n) * sizeof *c);
    for (int layout = 0; layout < 4; ++layout) {
        const intptr_t a_row = layout & 1 ? 1 : k, a_col = layout & 1 ? m : 1;
        const intptr_t b_row = layout & 2 ? 1 : n, b_col = layout & 2 ? k : 1;
        double *expected = product(m, n, k, a, a_row, a_col, b, b_row, b_col);
        char name[80];
        snprintf(name, sizeof name, "product %td x %td x %td, layout %d", m, k, n, layout);
        CHECK(name, c, m * n, expected, 2e-6 * sqrt((double)k),
              sb_matmul_f32(m, n, k, 1, a, a_row, a_col, b, b_row, b_col, 0, c, n, NULL));
        const sb_activation activation = (sb_activation)(layout % 3);
        const sb_epilogue epilogue = {bias, activation};
        for (intptr_t i = 0; i < m * n; ++i)
            expected[i] = activated(activation, 0.5 * expected[i] + 2.0 * old[i] + bias[i % n]);
        CHECK(name, c, m * n, expected, 2e-6 * sqrt((double)k), memcpy(c, old, (size_t)(m * n) * sizeof *c);
              sb_matmul_f32(m, n, k, 0.5f, a, a_row, a_col, b, b_row, b_col, 2, c, n, &epilogue));
    }
}

void check_products(void) {
    check_product(1, 70, 130);
    check_product(5, 70, 33);
    check_product(70, 1, 90);
    check_product(13, 19, 7);
    check_product(61, 83, 300);
    check_product(150, 96, 64);

    const intptr_t batch = 3, m = 9, n = 14, k = 21;
    float *a = numbers(batch * m * k), *b = numbers(k * n);
    double *expected = product(batch * m, n, k, a, k, 1, b, n, 1);
    float *c = memory((size_t)(batch * m * n) * sizeof *c);
    CHECK("batch of products", c, batch * m * n, expected, 1e-5,
          sb_matmul_batched_f32(batch, m, n, k, 1, a, m * k, k, 1, b, 0, n, 1, 0, c, m * n, n));
    double *y = zeros(batch * m * n);
    const double *wide_a = doubles_of(a, batch * m * k), *wide_b = doubles_of(b, k * n);
    CHECK("products in float64", y, batch * m * n, expected, 1e-14,
          sb_matmul_batched_f64(batch, m, n, k, 1, wide_a, m * k, k, 1, wide_b, 0, n, 1, 0, y, m * n, n));
}

// MARK: bfloat16

// What the instruction makes of a sum and the products of two neighbors along the depth, the second first.
static float word_added(float sum, float a0, float a1, float b0, float b1) {
    sum = flushed(fmaf(flushed(rounded(a1)), flushed(rounded(b1)), sum));
    return flushed(fmaf(flushed(rounded(a0)), flushed(rounded(b0)), sum));
}

static float rounded_element(intptr_t k, const float *a, intptr_t a_col, const float *b, intptr_t b_row) {
    enum { PART = 512 };   // products that make a partial sum
    float total = 0;
    for (intptr_t start = 0; start < k; start += PART) {
        float sum = 0;
        for (intptr_t l = start; l < k && l < start + PART; l += 2) {
            const bool whole = l + 1 < k;
            sum = word_added(sum, a[l * a_col], whole ? a[(l + 1) * a_col] : 0, b[l * b_row], whole ? b[(l + 1) * b_row] : 0);
        }
        total = start ? flushed(sum + total) : sum;
    }
    return total;
}

// The same bits on every processor, whether it has an instruction for such products or not.
static void check_rounded(intptr_t m, intptr_t n, intptr_t k, float scale) {
    float *a = numbers(m * k), *b = numbers(k * n), *c = memory((size_t)(m * n) * sizeof *c);
    for (intptr_t i = 0; i < m * k; ++i) a[i] *= scale;
    for (intptr_t i = 0; i < k * n; ++i) b[i] *= scale;
    double *expected = zeros(m * n);
    for (int layout = 0; layout < 4; ++layout) {
        const intptr_t a_row = layout & 1 ? 1 : k, a_col = layout & 1 ? m : 1;
        const intptr_t b_row = layout & 2 ? 1 : n, b_col = layout & 2 ? k : 1;
        for (intptr_t i = 0; i < m; ++i)
            for (intptr_t j = 0; j < n; ++j)
                expected[i * n + j] = rounded_element(k, a + i * a_row, a_col, b + j * b_col, b_row);
        char name[80];
        snprintf(name, sizeof name, "bfloat16 product %td x %td x %td of %g, layout %d", m, k, n, (double)scale, layout);
        CHECK(name, c, m * n, expected, 0,
              sb_matmul_rounded(1, m, n, k, (sb_rounded){a, SB_FLOAT32, 0, a_row, a_col},
                                (sb_rounded){b, SB_FLOAT32, 0, b_row, b_col}, 0, c, 0, n, NULL));
    }
}

void check_rounded_products(void) {
    check_rounded(12, 8, 64, 1);
    check_rounded(13, 37, 95, 1);
    check_rounded(70, 40, 600, 1);
    // Some products are denormal. Without fused multiply-adds they are lost before they are added.
    if (sb_isa() != SB_ISA_BASELINE) check_rounded(11, 17, 30, 0x1p-61f);
    const intptr_t m = 11, n = 30, k = 64;
    const float *x = numbers(m * k), *w = numbers(n * k), *bias = numbers(n);
    uint16_t *words = memory((size_t)(n * k) * sizeof *words);
    const sb_array from = FLOATS(w, n * k), to = array_of(words, SB_BFLOAT16, 1, (intptr_t[]){n * k});
    sb_copy(&from, &to);
    for (intptr_t rows = 1; rows <= m; rows += 5) {
        double *expected = zeros(rows * n);
        for (intptr_t i = 0; i < rows * n; ++i) {
            expected[i] = bias[i % n];
            for (intptr_t l = 0; l < k; ++l) expected[i] += (double)x[i / n * k + l] * rounded(w[i % n * k + l]);
        }
        float *y = memory((size_t)(rows * n) * sizeof *y);
        CHECK("linear with weights of bfloat16", y, rows * n, expected, 1e-5, sb_bfloat_linear(rows, n, k, x, words, bias, y));
    }
}

// MARK: Few bits

// A group of 32 numbers rounded to 8 bits: what it stands for then.
static void round_group(const float *x, double *y) {
    float highest = 0;
    for (int i = 0; i < 32; ++i) highest = fmaxf(highest, fabsf(x[i]));
    const float inverse = 127 / highest, scale = highest / 127;
    for (int i = 0; i < 32; ++i) y[i] = (double)rintf(x[i] * inverse) * scale;
}

static void check_quantized(int bits, intptr_t m, intptr_t n, intptr_t k) {
    const float *w = numbers(n * k), *x = numbers(m * k), *bias = numbers(n);
    sb_quantized matrix = {n, k, bits, aligned_alloc(64, (size_t)sb_quantized_bytes(n, k, bits)),
                           memory((size_t)sb_quantized_scales(n, k) * sizeof(uint16_t))};
    sb_quantize(w, k, 1, &matrix);
    int64_t *rows = memory((size_t)n * sizeof *rows);
    for (intptr_t i = 0; i < n; ++i) rows[i] = i;
    float *expanded = memory((size_t)(n * k) * sizeof *expanded), *y = memory((size_t)(m * n) * sizeof *y);
    CHECK("weights of few bits", expanded, n * k, doubles_of(w, n * k), bits == 8 ? 0.006 : 0.16,
          sb_quantized_rows(&matrix, n, rows, expanded));
    double *whole = zeros(m * k), *expected = zeros(m * n);
    for (intptr_t i = 0; i < m * k; i += 32) round_group(x + i, whole + i);
    for (intptr_t i = 0; i < m * n; ++i) {
        expected[i] = bias[i % n];
        for (intptr_t l = 0; l < k; ++l) expected[i] += whole[i / n * k + l] * expanded[i % n * k + l];
    }
    char name[80];
    snprintf(name, sizeof name, "linear with %d bits, %td x %td x %td", bits, m, k, n);
    CHECK(name, y, m * n, expected, 1e-6 * sqrt((double)k), sb_quantized_linear(m, x, &matrix, bias, y));
}

void check_quantized_products(void) {
    for (int bits = 4; bits <= 8; bits += 4) {
        check_quantized(bits, 1, 37, 96);
        check_quantized(bits, 13, 50, 320);
        check_quantized(bits, 8, 160, 1024);
    }
}
