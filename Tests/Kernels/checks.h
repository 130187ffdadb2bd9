// What the checks of the kernels share: numbers to compute with, and the comparison with a reference.
#ifndef CHECKS_H
#define CHECKS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "Kernels.h"

/// Memory that stays until the program ends.
void *memory(size_t bytes);
/// `count` numbers, spread evenly from -1 to 1; each call has others, and every run of the program the same.
float *numbers(intptr_t count);
/// Numbers in low ..< high.
int64_t *integers(intptr_t count, int64_t low, int64_t high);
double *zeros(intptr_t count);
double *doubles_of(const float *x, intptr_t count);

/// A dense array in row-major order.
sb_array array_of(const void *data, int dtype, int rank, const intptr_t *shape);
#define FLOATS(data, ...) \
    array_of(data, SB_FLOAT32, sizeof((intptr_t[]){__VA_ARGS__}) / sizeof(intptr_t), (intptr_t[]){__VA_ARGS__})
#define INTEGERS(data, ...) \
    array_of(data, SB_INT64, sizeof((intptr_t[]){__VA_ARGS__}) / sizeof(intptr_t), (intptr_t[]){__VA_ARGS__})
/// The array [N, C, H, W] of images whose channels lie side by side.
sb_array images_of(const float *data, intptr_t n, intptr_t c, intptr_t h, intptr_t w);

/// Computes y twice, with one thread and with two, by the statement at the end; y must have the same bits, and be off from
/// what is expected by no more than `tolerance` times the largest number that is expected (or 1, if that is larger).
#define CHECK(name, y, count, expected, tolerance, ...) \
    do { \
        begin_check(y, (count) * (intptr_t)sizeof *(y)); \
        sb_set_thread_count(1); \
        __VA_ARGS__; \
        check_again(y, (count) * (intptr_t)sizeof *(y)); \
        sb_set_thread_count(2); \
        __VA_ARGS__; \
        end_check(name, y, (count) * (intptr_t)sizeof *(y), sizeof *(y) == 4, count, expected, tolerance); \
    } while (0)

void begin_check(void *y, intptr_t bytes);
void check_again(void *y, intptr_t bytes);
/// `floats` tells floats from doubles.
void end_check(const char *name, const void *y, intptr_t bytes, bool floats, intptr_t count, const double *expected,
               double tolerance);
/// For results that are no floating-point numbers.
void expect(const char *name, bool holds);

/// Rounded to bfloat16, to nearest even; and the sum that the instruction makes: a denormal number becomes 0.
float rounded(float x);
float flushed(float x);
/// What follows a product: nothing, or a function of each element.
double activated(sb_activation activation, double x);

// One function for each family of kernels.
void check_products(void);
void check_rounded_products(void);
void check_quantized_products(void);
void check_functions(void);
void check_reductions(void);
void check_normalization(void);
void check_optimizers(void);
void check_convolutions(void);
void check_pooling(void);
void check_bytes(void);
void check_byte_maps(void);
void check_attention(void);
void check_recurrence(void);
void check_arrangement(void);
void check_images(void);
void check_platform(void);

#endif
