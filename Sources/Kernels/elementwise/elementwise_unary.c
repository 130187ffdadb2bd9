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

// Each list of the table is turned into the cases of a switch.

#define CASE(name, ...) \
    case sb_unary_##name: \
        for (intptr_t i = 0; i < count; i += WIDTH) { \
            vector x, bell; \
            (void)bell; \
            memcpy(&x, from + i * step, sizeof x); \
            const vector result = __VA_ARGS__; \
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
        const vector zero = {0}, one = zero + 1; \
        const vector p0 = bound(map->p0) - zero, p1 = bound(map->p1) - zero;   /* 0 + -0 would be 0 */ \
        switch (map->op) { CASES } \
    }

#define number(constant) ((number_type)(constant))

DEFINE_UNARY(unary_floats, float, vf, (float), SB_UNARY_OF_EVERY_TYPE(CASE) SB_UNARY_OF_FLOATS(CASE))
DEFINE_UNARY(unary_doubles, double, vd, , SB_UNARY_OF_EVERY_TYPE(CASE) SB_UNARY_OF_FLOATS(CASE))
DEFINE_UNARY(unary_integers, int64_t, vl, int64_of_double, SB_UNARY_OF_EVERY_TYPE(CASE) SB_UNARY_OF_INTEGERS(CASE))

static void KERNEL(unary)(int op, const sb_array *const *arrays, double p0, double p1) {
    const int compute = sb_compute_type(arrays[1]->dtype);
    const sb_map_kernel kernel = compute == SB_FLOAT32   ? KERNEL(unary_floats)
                                 : compute == SB_FLOAT64 ? KERNEL(unary_doubles)
                                                         : KERNEL(unary_integers);
    run_map(2, arrays, compute, kernel, op, p0, p1);
}

#else

/// The exact function that a power is, where there is one.
static sb_unary_function exact_power(double p) {
    return p == 2     ? sb_unary_square
           : p == 3   ? sb_unary_cube
           : p == 0.5 ? sb_unary_sqrt
           : p == -1  ? sb_unary_reciprocal
                      : sb_unary_power;
}

void sb_unary(sb_unary_function function, const sb_array *x, double p0, double p1, const sb_array *y) {
    if (function == sb_unary_power) {
        if (p0 == 0) return sb_fill(y, 1, 1);
        if (p0 == 1) return sb_copy(x, y);
        if (x->dtype == SB_FLOAT64 || sb_compute_type(x->dtype) == SB_FLOAT32) function = exact_power(p0);
    }
    if (function == sb_unary_bitwiseNot && x->dtype == SB_BOOL) function = sb_unary_logicalNot;
    DISPATCH(unary, function, (const sb_array *const[]){y, x}, p0, p1);
}

const char *sb_unary_name(sb_unary_function function) {
#define NAME(name, ...) \
    case sb_unary_##name: return #name;
    switch (function) {
        SB_UNARY_OF_EVERY_TYPE(NAME)
        SB_UNARY_OF_INTEGERS(NAME)
        SB_UNARY_OF_FLOATS(NAME)
    }
#undef NAME
}

#endif
