// Functions of one, two or three arrays, element by element.
//
// All arrays of a call have one shape; a broadcast operand has stride 0 along what it repeats. The result may be the
// very memory of an operand. float16 and bfloat16 compute in float32 and round once, to nearest even; the integer
// types compute in 64 bits and keep the low bits; bool counts as 0 or 1.
#ifndef SB_ELEMENTWISE_H
#define SB_ELEMENTWISE_H

#include "array.h"

typedef enum {
    // For every element type.
    SB_NEG,
    SB_ABS,
    SB_SIGN,          // -1, 0 or 1; 0 for NaN
    SB_SQUARE,
    SB_CLAMP,         // p0 = lowest, p1 = highest, either may be infinite; NaN stays NaN
    SB_RELU,
    SB_AFFINE,        // x * p0 + p1
    SB_FLOOR,
    SB_CEIL,
    SB_TRUNC,
    SB_ROUND,         // halves to even
    SB_POW_SCALAR,    // x to the power p0
    SB_LOGICAL_NOT,   // to bool
    SB_BITWISE_NOT,   // integers and bool
    SB_ISNAN,         // to bool
    SB_ISINF,         // to bool
    SB_ISFINITE,      // to bool
    // For floating point only.
    SB_EXP,
    SB_EXP2,
    SB_EXPM1,
    SB_LOG,
    SB_LOG2,
    SB_LOG10,
    SB_LOG1P,
    SB_SQRT,
    SB_RSQRT,
    SB_RECIPROCAL,
    SB_SIN,
    SB_COS,
    SB_TAN,
    SB_ASIN,
    SB_ACOS,
    SB_ATAN,
    SB_SINH,
    SB_COSH,
    SB_TANH,
    SB_ASINH,
    SB_ACOSH,
    SB_ATANH,
    SB_ERF,
    SB_ERFC,
    SB_ERFINV,
    SB_DIGAMMA,
    SB_LGAMMA,
    SB_SINC,          // sin(pi x) / (pi x)
    SB_SIGMOID,
    SB_LOG_SIGMOID,
    SB_LEAKY_RELU,    // p0 = slope below zero
    SB_ELU,           // p0 = alpha
    SB_CELU,          // p0 = alpha
    SB_SELU,
    SB_GELU,          // with the normal distribution's exact integral
    SB_GELU_TANH,     // its approximation by tanh
    SB_SILU,
    SB_MISH,
    SB_HARDSWISH,
    SB_HARDSIGMOID,
    SB_SOFTPLUS,      // p0 = beta, p1 = threshold of beta * x above which it is x
    SB_SOFTSIGN,
    SB_CUBE,
} sb_unary_op;

/// y = op(x). y has x's element type, or bool where the operation says so.
void sb_unary(int op, const sb_array *x, double p0, double p1, const sb_array *y);

typedef enum {
    // For every element type. Integer division by zero gives 0.
    SB_ADD,
    SB_SUB,
    SB_MUL,
    SB_DIV,             // integers: toward zero
    SB_POW,
    SB_MAXIMUM,         // NaN wins
    SB_MINIMUM,         // NaN wins
    SB_FMOD,            // remainder with the dividend's sign
    SB_REMAINDER,       // remainder with the divisor's sign
    SB_FLOOR_DIVIDE,
    SB_EQ,              // to bool, as are the next eight
    SB_NE,
    SB_LT,
    SB_LE,
    SB_GT,
    SB_GE,
    SB_LOGICAL_AND,
    SB_LOGICAL_OR,
    SB_LOGICAL_XOR,
    SB_AXPY,            // a + p0 * b
    // For integers and bool only.
    SB_BITWISE_AND,
    SB_BITWISE_OR,
    SB_BITWISE_XOR,
    SB_SHIFT_LEFT,
    SB_SHIFT_RIGHT,
    // For floating point only.
    SB_ATAN2,
    SB_HYPOT,
    SB_COPYSIGN,
    SB_LOGADDEXP,
    // Gradients: a is the gradient that arrives, b is the function's input x or its output y.
    SB_SQUARE_GRAD,     // (g, x)
    SB_RELU_GRAD,       // (g, x or y)
    SB_SIGMOID_GRAD,    // (g, y)
    SB_TANH_GRAD,       // (g, y)
    SB_GELU_GRAD,       // (g, x), and so the rest
    SB_GELU_TANH_GRAD,
    SB_SILU_GRAD,
    SB_MISH_GRAD,
    SB_HARDSWISH_GRAD,
    SB_LEAKY_RELU_GRAD, // p0 = slope below zero
    SB_ELU_GRAD,        // p0 = alpha
    SB_SOFTPLUS_GRAD,   // p0 = beta, p1 = threshold
} sb_binary_op;

/// y = op(a, b). a and b have one element type; y has it too, or bool where the operation says so.
void sb_binary(int op, const sb_array *a, const sb_array *b, double p0, double p1, const sb_array *y);

/// y = condition ? a : b, with a bool condition and one element type for a, b and y.
void sb_where(const sb_array *condition, const sb_array *a, const sb_array *b, const sb_array *y);

#endif
