// The functions of one element and of two that kernels compute, each with its formula: the one table from which C has its
// loops (elementwise_unary.c, elementwise_binary.c), and C and Swift the enumerations by whose names backends know them.
//
// In a formula x is the operand, or a and b are, p0 and p1 are the numbers that a function takes besides, `zero` and `one`
// are what they say, all of them vectors; `number` casts a constant to the type of an element. float16 and bfloat16 are
// computed as float, whole numbers in 64 bits.
#ifndef SB_ELEMENTWISE_FUNCTIONS_H
#define SB_ELEMENTWISE_FUNCTIONS_H

#include <stdint.h>

#define SB_UNARY_OF_EVERY_TYPE(FUNCTION) \
    FUNCTION(negate, -x) \
    FUNCTION(abs, v_abs(x)) \
    FUNCTION(sign, v_select(x > 0, one, zero) - v_select(x < 0, one, zero))   /* -1, 0 or 1; 0 for NaN */ \
    FUNCTION(square, x * x) \
    FUNCTION(cube, x * x * x) \
    /* p0 = lowest, p1 = highest, either may be infinite; NaN stays NaN */ \
    FUNCTION(clamp, v_clamp(x, p0, p1)) \
    FUNCTION(relu, v_select(x < 0, zero, x)) \
    FUNCTION(affine, x * p0 + p1) \
    FUNCTION(floor, v_floor(x)) \
    FUNCTION(ceil, v_ceil(x)) \
    FUNCTION(truncate, v_trunc(x)) \
    FUNCTION(round, v_round(x))   /* halves to even */ \
    FUNCTION(power, v_pow(x, p0)) \
    FUNCTION(logicalNot, v_select(x == 0, one, zero))   /* to bool */ \
    FUNCTION(isNaN, v_select(x != x, one, zero))   /* to bool */ \
    FUNCTION(isInfinite, v_select((x == x) & (x - x != 0), one, zero))   /* to bool */ \
    FUNCTION(isFinite, v_select(x - x == 0, one, zero))   /* to bool */

#define SB_UNARY_OF_INTEGERS(FUNCTION) \
    FUNCTION(bitwiseNot, ~x)   /* integers and bool */

#define SB_UNARY_OF_FLOATS(FUNCTION) \
    FUNCTION(exp, v_exp(x)) \
    FUNCTION(exp2, v_exp2(x)) \
    FUNCTION(expMinus1, v_expm1(x)) \
    FUNCTION(log, v_log(x)) \
    FUNCTION(log2, v_log2(x)) \
    FUNCTION(log10, v_log10(x)) \
    FUNCTION(logOf1Plus, v_log1p(x)) \
    FUNCTION(sqrt, v_sqrt(x)) \
    FUNCTION(reciprocalSqrt, 1 / v_sqrt(x)) \
    FUNCTION(reciprocal, 1 / x) \
    FUNCTION(sin, v_sin(x)) \
    FUNCTION(cos, v_cos(x)) \
    FUNCTION(tan, v_tan(x)) \
    FUNCTION(asin, v_asin(x)) \
    FUNCTION(acos, v_acos(x)) \
    FUNCTION(atan, v_atan(x)) \
    FUNCTION(sinh, v_sinh(x)) \
    FUNCTION(cosh, v_cosh(x)) \
    FUNCTION(tanh, v_tanh(x)) \
    FUNCTION(asinh, v_asinh(x)) \
    FUNCTION(acosh, v_acosh(x)) \
    FUNCTION(atanh, v_atanh(x)) \
    FUNCTION(erf, v_erf(x)) \
    FUNCTION(erfc, v_erfc(x)) \
    FUNCTION(erfInverse, v_erfinv(x)) \
    FUNCTION(digamma, v_digamma(x)) \
    FUNCTION(logGamma, v_lgamma(x)) \
    FUNCTION(sigmoid, 1 / (1 + v_exp(-x))) \
    FUNCTION(logSigmoid, v_select(x < 0, x, v_select(x == x, zero, x)) - v_log1p(v_exp(-v_abs(x)))) \
    FUNCTION(leakyReLU, v_select(x > 0, x, x * p0))   /* p0 = slope below zero */ \
    FUNCTION(elu, v_select(x > 0, x, p0 * v_expm1(x)))   /* p0 = alpha */ \
    FUNCTION(celu, v_select(x > 0, x, p0 * v_expm1(x / p0)))   /* p0 = alpha */ \
    FUNCTION(selu, number(1.0507009873554804934) * v_select(x > 0, x, number(1.6732632423543772848) * v_expm1(x))) \
    FUNCTION(gelu, x * v_normal_integral(x, &bell))   /* with the normal distribution's exact integral */ \
    /* its approximation by tanh */ \
    FUNCTION(geluTanh, x / (1 + v_exp(x * (x * x * number(-0.07135481627260025) + number(-1.5957691216057308))))) \
    FUNCTION(silu, x / (1 + v_exp(-x))) \
    FUNCTION(mish, x * v_tanh_softplus(x)) \
    FUNCTION(hardSwish, x * (v_clamp(x + 3, zero, one * 6) / 6)) \
    FUNCTION(hardSigmoid, v_clamp(x + 3, zero, one * 6) / 6) \
    /* p0 = beta, p1 = threshold of beta * x above which it is x */ \
    FUNCTION(softplus, v_select(p0 * x > p1, x, v_softplus(p0 * x) / p0)) \
    FUNCTION(softSign, x / (1 + v_abs(x)))

/* Integer division by zero gives 0. */
#define SB_BINARY_OF_EVERY_TYPE(FUNCTION) \
    FUNCTION(add, a + b) \
    FUNCTION(subtract, a - b) \
    FUNCTION(multiply, a * b) \
    FUNCTION(divide, v_divide(a, b))   /* integers: toward zero */ \
    FUNCTION(power, v_pow(a, b)) \
    FUNCTION(maximum, v_max(a, b))   /* NaN wins */ \
    FUNCTION(minimum, v_min(a, b))   /* NaN wins */ \
    FUNCTION(fmod, v_fmod(a, b))   /* remainder with the dividend's sign */ \
    FUNCTION(remainder, v_remainder(a, b))   /* remainder with the divisor's sign */ \
    FUNCTION(floorDivide, v_floor_divide(a, b)) \
    FUNCTION(equal, v_truth(a == b))   /* to bool, as are the next eight */ \
    FUNCTION(notEqual, v_truth(a != b)) \
    FUNCTION(less, v_truth(a < b)) \
    FUNCTION(lessOrEqual, v_truth(a <= b)) \
    FUNCTION(greater, v_truth(a > b)) \
    FUNCTION(greaterOrEqual, v_truth(a >= b)) \
    FUNCTION(logicalAnd, v_truth((a != 0) & (b != 0))) \
    FUNCTION(logicalOr, v_truth((a != 0) | (b != 0))) \
    FUNCTION(logicalXor, v_truth((a != 0) ^ (b != 0))) \
    FUNCTION(addScaled, a + p0 * b)

#define SB_BINARY_OF_INTEGERS(FUNCTION) \
    FUNCTION(bitwiseAnd, a & b) \
    FUNCTION(bitwiseOr, a | b) \
    FUNCTION(bitwiseXor, a ^ b) \
    FUNCTION(shiftLeft, v_shift_left(a, b)) \
    FUNCTION(shiftRight, v_shift_right(a, b))

#define SB_BINARY_OF_FLOATS(FUNCTION) \
    FUNCTION(atan2, v_atan2(a, b)) \
    FUNCTION(hypot, v_hypot(a, b)) \
    FUNCTION(copySign, v_copysign(a, b)) \
    FUNCTION(logAddExp, v_log_add_exp(a, b)) \
    /* Gradients: a is the gradient that arrives, b the function's input x or its output y, as is said. */ \
    FUNCTION(squareGradient, a * (b + b))   /* (g, x) */ \
    FUNCTION(reluGradient, v_select(b <= 0, zero, a))  /* (g, x or y) */ \
    FUNCTION(sigmoidGradient, a * (b * (1 - b)))   /* (g, y) */ \
    FUNCTION(tanhGradient, a * (1 - b * b))   /* (g, y) */ \
    FUNCTION(geluGradient, a * gelu_slope(b))   /* (g, x), and so the rest */ \
    FUNCTION(geluTanhGradient, a * gelu_tanh_slope(b)) \
    FUNCTION(siluGradient, a * silu_slope(b)) \
    FUNCTION(mishGradient, a * mish_slope(b)) \
    FUNCTION(hardSwishGradient, a * v_select(b >= 3, one, v_select(b <= -3, zero, b / 3 + number(0.5)))) \
    FUNCTION(leakyReLUGradient, v_select(b > 0, a, a * p0))   /* p0 = slope below zero */ \
    FUNCTION(eluGradient, v_select(b > 0, a, a * p0 * v_exp(b)))   /* p0 = alpha */ \
    /* p0 = beta, p1 = threshold */ \
    FUNCTION(softplusGradient, v_select(p0 * b > p1, a, a / (1 + v_exp(-p0 * b))))

#define SB_UNARY_NAME(name, ...) sb_unary_##name __attribute__((swift_name(#name))),
#define SB_BINARY_NAME(name, ...) sb_binary_##name __attribute__((swift_name(#name))),

typedef enum __attribute__((enum_extensibility(closed))) : int32_t {
    SB_UNARY_OF_EVERY_TYPE(SB_UNARY_NAME)
    SB_UNARY_OF_INTEGERS(SB_UNARY_NAME)
    SB_UNARY_OF_FLOATS(SB_UNARY_NAME)
} sb_unary_function __attribute__((swift_name("UnaryFunction")));

typedef enum __attribute__((enum_extensibility(closed))) : int32_t {
    SB_BINARY_OF_EVERY_TYPE(SB_BINARY_NAME)
    SB_BINARY_OF_INTEGERS(SB_BINARY_NAME)
    SB_BINARY_OF_FLOATS(SB_BINARY_NAME)
} sb_binary_function __attribute__((swift_name("BinaryFunction")));

#endif
