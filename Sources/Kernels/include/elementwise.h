// Functions of one, two or three arrays, element by element.
//
// All arrays of a call have one shape; a broadcast operand has stride 0 along what it repeats. The result may be the
// very memory of an operand. float16 and bfloat16 compute in float32 and round once, to nearest even; the integer
// types compute in 64 bits and keep the low bits; bool counts as 0 or 1.
#ifndef SB_ELEMENTWISE_H
#define SB_ELEMENTWISE_H

#include "array.h"
#include "elementwise_functions.h"

/// y = function(x). y has x's element type, or bool where the table says so.
void sb_unary(sb_unary_function function, const sb_array *x, double p0, double p1, const sb_array *y);

/// y = function(a, b). a and b have one element type; y has it too, or bool where the table says so.
void sb_binary(sb_binary_function function, const sb_array *a, const sb_array *b, double p0, double p1,
               const sb_array *y);

/// What the table calls a function.
const char *sb_unary_name(sb_unary_function function);
const char *sb_binary_name(sb_binary_function function);

/// y = condition ? a : b, with a bool condition and one element type for a, b and y.
void sb_where(const sb_array *condition, const sb_array *a, const sb_array *b, const sb_array *y);

#endif
