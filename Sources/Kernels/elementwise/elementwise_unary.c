#define _GNU_SOURCE
#define SOURCE "elementwise/elementwise_unary.c"
#include "foundation/convert.h"
#include "copy.h"
#include "elementwise.h"
#include "elementwise_map.h"
#include "foundation/special_functions.h"
#include "foundation/per_isa.h"

#ifdef ISA_PASS

#include "foundation/blocks.h"
#include "elementwise_map.h"
#include "foundation/vector.h"
#include "foundation/vector_math.h"

// The operations, as functions of x, p0 and p1; all are vectors, as are `zero` and `one`. `number` casts a constant to
// the type of an element. Each list is turned into the cases of a switch.

#define FOR_EVERY_TYPE(OPERATION) \
    OPERATION(SB_NEG, -x) \
    OPERATION(SB_ABS, v_abs(x)) \
    OPERATION(SB_SIGN, v_select(x > 0, one, zero) - v_select(x < 0, one, zero)) \
    OPERATION(SB_SQUARE, x * x) \
    OPERATION(SB_CUBE, x * x * x) \
    OPERATION(SB_CLAMP, v_clamp(x, p0, p1)) \
    OPERATION(SB_RELU, v_select(x < 0, zero, x)) \
    OPERATION(SB_AFFINE, x * p0 + p1) \
    OPERATION(SB_FLOOR, v_floor(x)) \
    OPERATION(SB_CEIL, v_ceil(x)) \
    OPERATION(SB_TRUNC, v_trunc(x)) \
    OPERATION(SB_ROUND, v_round(x)) \
    OPERATION(SB_POW_SCALAR, v_pow(x, p0)) \
    OPERATION(SB_LOGICAL_NOT, v_select(x == 0, one, zero)) \
    OPERATION(SB_ISNAN, v_select(x != x, one, zero)) \
    OPERATION(SB_ISINF, v_select((x == x) & (x - x != 0), one, zero)) \
    OPERATION(SB_ISFINITE, v_select(x - x == 0, one, zero))

#define FOR_INTEGERS(OPERATION) OPERATION(SB_BITWISE_NOT, ~x)

#define FOR_FLOATING_POINT(OPERATION) \
    OPERATION(SB_EXP, v_exp(x)) \
    OPERATION(SB_EXP2, v_exp2(x)) \
    OPERATION(SB_EXPM1, v_expm1(x)) \
    OPERATION(SB_LOG, v_log(x)) \
    OPERATION(SB_LOG2, v_log2(x)) \
    OPERATION(SB_LOG10, v_log10(x)) \
    OPERATION(SB_LOG1P, v_log1p(x)) \
    OPERATION(SB_SQRT, v_sqrt(x)) \
    OPERATION(SB_RSQRT, 1 / v_sqrt(x)) \
    OPERATION(SB_RECIPROCAL, 1 / x) \
    OPERATION(SB_SIN, v_sin(x)) \
    OPERATION(SB_COS, v_cos(x)) \
    OPERATION(SB_TAN, v_tan(x)) \
    OPERATION(SB_ASIN, v_asin(x)) \
    OPERATION(SB_ACOS, v_acos(x)) \
    OPERATION(SB_ATAN, v_atan(x)) \
    OPERATION(SB_SINH, v_sinh(x)) \
    OPERATION(SB_COSH, v_cosh(x)) \
    OPERATION(SB_TANH, v_tanh(x)) \
    OPERATION(SB_ASINH, v_asinh(x)) \
    OPERATION(SB_ACOSH, v_acosh(x)) \
    OPERATION(SB_ATANH, v_atanh(x)) \
    OPERATION(SB_ERF, v_erf(x)) \
    OPERATION(SB_ERFC, v_erfc(x)) \
    OPERATION(SB_ERFINV, v_erfinv(x)) \
    OPERATION(SB_DIGAMMA, v_digamma(x)) \
    OPERATION(SB_LGAMMA, v_lgamma(x)) \
    OPERATION(SB_SINC, v_sinc(x)) \
    OPERATION(SB_SIGMOID, 1 / (1 + v_exp(-x))) \
    OPERATION(SB_LOG_SIGMOID, v_select(x < 0, x, v_select(x == x, zero, x)) - v_log1p(v_exp(-v_abs(x)))) \
    OPERATION(SB_LEAKY_RELU, v_select(x > 0, x, x * p0)) \
    OPERATION(SB_ELU, v_select(x > 0, x, p0 * v_expm1(x))) \
    OPERATION(SB_CELU, v_select(x > 0, x, p0 * v_expm1(x / p0))) \
    OPERATION(SB_SELU, number(1.0507009873554804934) * v_select(x > 0, x, number(1.6732632423543772848) * v_expm1(x))) \
    OPERATION(SB_GELU, x * v_normal_integral(x, &bell)) \
    OPERATION(SB_GELU_TANH, x / (1 + v_exp(x * (x * x * number(-0.07135481627260025) + number(-1.5957691216057308))))) \
    OPERATION(SB_SILU, x / (1 + v_exp(-x))) \
    OPERATION(SB_MISH, x * v_tanh_softplus(x)) \
    OPERATION(SB_HARDSWISH, x * (v_clamp(x + 3, zero, one * 6) / 6)) \
    OPERATION(SB_HARDSIGMOID, v_clamp(x + 3, zero, one * 6) / 6) \
    OPERATION(SB_SOFTPLUS, v_select(p0 * x > p1, x, v_softplus(p0 * x) / p0)) \
    OPERATION(SB_SOFTSIGN, x / (1 + v_abs(x)))

#define CASE(op, expression) \
    case op: \
        for (intptr_t i = 0; i < count; i += WIDTH) { \
            vector x, bell; \
            (void)bell; \
            memcpy(&x, from + i * step, sizeof x); \
            const vector result = expression; \
            memcpy(to + i, &result, sizeof result); \
        } \
        break;

#define DEFINE_UNARY(name, element, vector_type, bound, CASES) \
    static void KERNEL(name)( \
        const sb_map *map, const void *const *operands, const intptr_t *steps, void *y, intptr_t count) { \
        typedef element number_type; \
        typedef vector_type vector; \
        enum { WIDTH = VECTOR_BYTES / sizeof(element) }; \
        const intptr_t step = steps[0]; \
        const number_type *from = operands[0]; \
        number_type *to = y; \
        const vector zero = {0}, one = zero + 1, p0 = zero + bound(map->p0), p1 = zero + bound(map->p1); \
        switch (map->op) { CASES } \
    }

#define number(constant) ((number_type)(constant))

DEFINE_UNARY(unary_floats, float, vf, (float), FOR_EVERY_TYPE(CASE) FOR_FLOATING_POINT(CASE))
DEFINE_UNARY(unary_doubles, double, vd, , FOR_EVERY_TYPE(CASE) FOR_FLOATING_POINT(CASE))
DEFINE_UNARY(unary_integers, int64_t, vl, int64_of_double, FOR_EVERY_TYPE(CASE) FOR_INTEGERS(CASE))

static void KERNEL(unary)(int op, const sb_array *const *arrays, double p0, double p1) {
    const int compute = sb_compute_type(arrays[1]->dtype);
    const sb_map_kernel kernel = compute == SB_FLOAT32   ? KERNEL(unary_floats)
                                 : compute == SB_FLOAT64 ? KERNEL(unary_doubles)
                                                         : KERNEL(unary_integers);
    run_map(2, arrays, compute, kernel, op, p0, p1);
}

#else

/// The exact operation that a power is, where there is one.
static int exact_power(double p) {
    return p == 2 ? SB_SQUARE : p == 3 ? SB_CUBE : p == 0.5 ? SB_SQRT : p == -1 ? SB_RECIPROCAL : SB_POW_SCALAR;
}

void sb_unary(int op, const sb_array *x, double p0, double p1, const sb_array *y) {
    if (op == SB_POW_SCALAR) {
        if (p0 == 0) return sb_fill(y, 1, 1);
        if (p0 == 1) return sb_copy(x, y);
        if (x->dtype == SB_FLOAT64 || sb_compute_type(x->dtype) == SB_FLOAT32) op = exact_power(p0);
    }
    if (op == SB_BITWISE_NOT && x->dtype == SB_BOOL) op = SB_LOGICAL_NOT;
    DISPATCH(unary, op, (const sb_array *const[]){y, x}, p0, p1);
}

#endif
