#define SOURCE "elementwise/elementwise_binary.c"
#include "foundation/convert.h"
#include "elementwise.h"
#include "elementwise_map.h"
#include "foundation/special_functions.h"
#include "foundation/per_isa.h"

#ifdef ISA_PASS

#include "foundation/blocks.h"
#include "elementwise_map.h"
#include "foundation/vector.h"
#include "foundation/vector_math.h"

// Each list of the table is turned into the cases of a switch.

#define v_truth(condition) v_select(condition, one, zero)

// The slopes of the longer activation functions at x, free of differences of nearly equal numbers.
#define DEFINE_SLOPES(element, vector) \
    /* The sigmoid s of z, and s (1 - s). */ \
    OVERLOAD vector sigmoid(vector z, vector *slope) { \
        const vector e = v_exp(-v_abs(z)), r = 1 / (1 + e); \
        *slope = e * r * r; \
        return v_select(z < 0, e * r, r); \
    } \
    OVERLOAD vector gelu_slope(vector x) { \
        vector bell; \
        const vector integral = v_normal_integral(x, &bell); \
        return integral + x * bell * (element)0.39894228040143267794; \
    } \
    /* x s(z) with z = 2 x (c + 0.044715 c x^2), c the square root of 2 / pi. */ \
    OVERLOAD vector gelu_tanh_slope(vector x) { \
        const element linear = (element)1.5957691216057308, cubic = (element)0.07135481627260025; \
        const vector square = x * x; \
        vector slope; \
        const vector s = sigmoid(x * (linear + cubic * square), &slope); \
        return s + slope * x * (linear + 3 * cubic * square); \
    } \
    OVERLOAD vector silu_slope(vector x) { \
        vector slope; \
        const vector s = sigmoid(x, &slope); \
        return s + x * slope; \
    } \
    /* t + x (1 - t^2) s(x), where t = n / (n + 2), n = e (e + 2), e = e^x is the tanh of softplus. */ \
    OVERLOAD vector mish_slope(vector x) { \
        const vector zero = {0}, z = v_clamp(x, zero - INFINITY, zero + 20), e = v_exp(z); \
        const vector n = e * (e + 2), r = 1 / (n + 2); \
        return n * r + 4 * z * (e * r) * ((e + 1) * r); \
    }

#define number(constant) ((number_type)(constant))

#if ISA_PASS != ISA_NEON_DOT   // as vector_math.h has it
DEFINE_SLOPES(float, vf)
DEFINE_SLOPES(double, vd)
#endif

#define CASE(name, ...) \
    case sb_binary_##name: \
        for (intptr_t i = 0; i < count; i += WIDTH) { \
            vector a, b; \
            memcpy(&a, from_a + i * step_a, sizeof a); \
            memcpy(&b, from_b + i * step_b, sizeof b); \
            const vector result = __VA_ARGS__; \
            memcpy(to + i, &result, sizeof result); \
        } \
        break;

#define DEFINE_BINARY(name, element, vector_type, bound, CASES) \
    static void KERNEL(name)( \
        const sb_map *map, const void *const *operands, const intptr_t *steps, void *y, intptr_t count) { \
        typedef element number_type; \
        typedef vector_type vector; \
        enum { WIDTH = VECTOR_BYTES / sizeof(element) }; \
        const intptr_t step_a = steps[0], step_b = steps[1]; \
        const number_type *from_a = operands[0], *from_b = operands[1]; \
        number_type *to = y; \
        const vector zero = {0}, one = zero + 1; \
        const vector p0 = bound(map->p0) - zero, p1 = bound(map->p1) - zero;   /* 0 + -0 would be 0 */ \
        (void)p1; \
        switch (map->op) { CASES } \
    }

DEFINE_BINARY(binary_floats, float, vf, (float), SB_BINARY_OF_EVERY_TYPE(CASE) SB_BINARY_OF_FLOATS(CASE))
DEFINE_BINARY(binary_doubles, double, vd, , SB_BINARY_OF_EVERY_TYPE(CASE) SB_BINARY_OF_FLOATS(CASE))
DEFINE_BINARY(binary_integers, int64_t, vl, int64_of_double, SB_BINARY_OF_EVERY_TYPE(CASE) SB_BINARY_OF_INTEGERS(CASE))

static void KERNEL(binary)(int op, const sb_array *const *arrays, double p0, double p1) {
    const int compute = sb_compute_type(arrays[1]->dtype);
    const sb_map_kernel kernel = compute == SB_FLOAT32   ? KERNEL(binary_floats)
                                 : compute == SB_FLOAT64 ? KERNEL(binary_doubles)
                                                         : KERNEL(binary_integers);
    run_map(3, arrays, compute, kernel, op, p0, p1);
}

#else

void sb_binary(sb_binary_function function, const sb_array *a, const sb_array *b, double p0, double p1,
               const sb_array *y) {
    DISPATCH(binary, function, (const sb_array *const[]){y, a, b}, p0, p1);
}

const char *sb_binary_name(sb_binary_function function) {
#define NAME(name, ...) \
    case sb_binary_##name: return #name;
    switch (function) {
        SB_BINARY_OF_EVERY_TYPE(NAME)
        SB_BINARY_OF_INTEGERS(NAME)
        SB_BINARY_OF_FLOATS(NAME)
    }
#undef NAME
}

#endif
