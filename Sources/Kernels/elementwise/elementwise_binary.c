#define _GNU_SOURCE
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

// The operations, as functions of a, b, p0 and p1; all are vectors, as are `zero` and `one`. `number` casts a constant
// to the type of an element. Each list is turned into the cases of a switch.

#define COMPARE(condition) v_select(condition, one, zero)

#define FOR_EVERY_TYPE(OPERATION) \
    OPERATION(SB_ADD, a + b) \
    OPERATION(SB_SUB, a - b) \
    OPERATION(SB_MUL, a * b) \
    OPERATION(SB_DIV, v_divide(a, b)) \
    OPERATION(SB_POW, v_pow(a, b)) \
    OPERATION(SB_MAXIMUM, v_max(a, b)) \
    OPERATION(SB_MINIMUM, v_min(a, b)) \
    OPERATION(SB_FMOD, v_fmod(a, b)) \
    OPERATION(SB_REMAINDER, v_remainder(a, b)) \
    OPERATION(SB_FLOOR_DIVIDE, v_floor_divide(a, b)) \
    OPERATION(SB_EQ, COMPARE(a == b)) \
    OPERATION(SB_NE, COMPARE(a != b)) \
    OPERATION(SB_LT, COMPARE(a < b)) \
    OPERATION(SB_LE, COMPARE(a <= b)) \
    OPERATION(SB_GT, COMPARE(a > b)) \
    OPERATION(SB_GE, COMPARE(a >= b)) \
    OPERATION(SB_LOGICAL_AND, COMPARE((a != 0) & (b != 0))) \
    OPERATION(SB_LOGICAL_OR, COMPARE((a != 0) | (b != 0))) \
    OPERATION(SB_LOGICAL_XOR, COMPARE((a != 0) ^ (b != 0))) \
    OPERATION(SB_AXPY, a + p0 * b)

#define FOR_INTEGERS(OPERATION) \
    OPERATION(SB_BITWISE_AND, a & b) \
    OPERATION(SB_BITWISE_OR, a | b) \
    OPERATION(SB_BITWISE_XOR, a ^ b) \
    OPERATION(SB_SHIFT_LEFT, v_shift_left(a, b)) \
    OPERATION(SB_SHIFT_RIGHT, v_shift_right(a, b))

#define FOR_FLOATING_POINT(OPERATION) \
    OPERATION(SB_ATAN2, v_atan2(a, b)) \
    OPERATION(SB_HYPOT, v_hypot(a, b)) \
    OPERATION(SB_COPYSIGN, v_copysign(a, b)) \
    OPERATION(SB_LOGADDEXP, v_log_add_exp(a, b)) \
    OPERATION(SB_SQUARE_GRAD, a * (b + b)) \
    OPERATION(SB_RELU_GRAD, v_select(b > 0, a, zero)) \
    OPERATION(SB_SIGMOID_GRAD, a * (b * (1 - b))) \
    OPERATION(SB_TANH_GRAD, a * (1 - b * b)) \
    OPERATION(SB_GELU_GRAD, a * gelu_slope(b)) \
    OPERATION(SB_GELU_TANH_GRAD, a * gelu_tanh_slope(b)) \
    OPERATION(SB_SILU_GRAD, a * silu_slope(b)) \
    OPERATION(SB_MISH_GRAD, a * mish_slope(b)) \
    OPERATION(SB_HARDSWISH_GRAD, a * v_select(b >= 3, one, v_select(b <= -3, zero, b / 3 + number(0.5)))) \
    OPERATION(SB_LEAKY_RELU_GRAD, v_select(b > 0, a, a * p0)) \
    OPERATION(SB_ELU_GRAD, v_select(b > 0, a, a * p0 * v_exp(b))) \
    OPERATION(SB_SOFTPLUS_GRAD, v_select(p0 * b > p1, a, a / (1 + v_exp(-p0 * b))))

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
        const vector zero = {0}, e = v_exp(v_clamp(x, zero - INFINITY, zero + 20)); \
        const vector n = e * (e + 2), r = 1 / (n + 2); \
        return n * r + 4 * x * (e * r) * ((e + 1) * r); \
    }

#define number(constant) ((number_type)(constant))

DEFINE_SLOPES(float, vf)
DEFINE_SLOPES(double, vd)

#define CASE(op, expression) \
    case op: \
        for (intptr_t i = 0; i < count; i += WIDTH) { \
            vector a, b; \
            memcpy(&a, from_a + i * step_a, sizeof a); \
            memcpy(&b, from_b + i * step_b, sizeof b); \
            const vector result = expression; \
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
        const vector zero = {0}, one = zero + 1, p0 = zero + bound(map->p0), p1 = zero + bound(map->p1); \
        (void)p1; \
        switch (map->op) { CASES } \
    }

DEFINE_BINARY(binary_floats, float, vf, (float), FOR_EVERY_TYPE(CASE) FOR_FLOATING_POINT(CASE))
DEFINE_BINARY(binary_doubles, double, vd, , FOR_EVERY_TYPE(CASE) FOR_FLOATING_POINT(CASE))
DEFINE_BINARY(binary_integers, int64_t, vl, int64_of_double, FOR_EVERY_TYPE(CASE) FOR_INTEGERS(CASE))

static void KERNEL(binary)(int op, const sb_array *const *arrays, double p0, double p1) {
    const int compute = sb_compute_type(arrays[1]->dtype);
    const sb_map_kernel kernel = compute == SB_FLOAT32   ? KERNEL(binary_floats)
                                 : compute == SB_FLOAT64 ? KERNEL(binary_doubles)
                                                         : KERNEL(binary_integers);
    run_map(3, arrays, compute, kernel, op, p0, p1);
}

#else

void sb_binary(int op, const sb_array *a, const sb_array *b, double p0, double p1, const sb_array *y) {
    DISPATCH(binary, op, (const sb_array *const[]){y, a, b}, p0, p1);
}

#endif
