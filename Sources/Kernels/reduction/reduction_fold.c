#define SOURCE "reduction/reduction_fold.c"
#include "reduction_fold.h"
#include "foundation/per_isa.h"

#ifdef ISA_PASS

#include "reduction_fold.h"

// Each operation: its identity, what it makes of an element x (or of x and its center c), and how it combines a and b.
// Plain scalar expressions: the loops below are such that the compiler turns them into vectors.
#define FOR_EACH_OPERATION(OPERATION) \
    OPERATION(SB_SUM, 0, x, a + b) \
    OPERATION(SB_PROD, 1, x, a * b) \
    OPERATION(SB_MAX, lowest, x, a != a ? a : a > b ? a : b) \
    OPERATION(SB_MIN, highest, x, a != a ? a : a < b ? a : b) \
    OPERATION(SB_ANY, 0, x != 0, (a > b) ? a : b) \
    OPERATION(SB_ALL, 1, x != 0, (a < b) ? a : b) \
    OPERATION(SB_SUM_SQUARES, 0, x * x, a + b) \
    OPERATION(SB_SUM_ABS, 0, x < 0 ? -x : x, a + b) \
    OPERATION(SB_COUNT_NONZERO, 0, x != 0, a + b) \
    OPERATION(SB_SUM_DEVIATIONS, 0, (x - c) * (x - c), a + b)

#define COMBINE(target, addend, combined) \
    do { \
        const __typeof__(target) a = target, b = addend; \
        target = combined; \
    } while (0)

#define COMBINE_ELEMENT(target, loaded, element, combined) \
    do { \
        const __typeof__(target) x = loaded; \
        COMBINE(target, element, combined); \
    } while (0)

/// Combines the upper half of an array with the lower one, until `last` elements are left.
#define COMBINE_HALVES(array, count, last, combined) \
    for (int half = (count) / 2; half >= (last); half /= 2) \
        for (int j = 0; j < half; ++j) COMBINE(array[j], array[j + half], combined)

#define FOLD_COLUMNS(ROWS, element, combined) \
    for (; r + ROWS <= count; r += ROWS) { \
        const char *restrict first = (const char *)rows + r * step; \
        for (intptr_t j = 0; j < width; ++j) { \
            const number c = centers[j]; \
            number tree[ROWS]; \
            (void)c; \
            for (int k = 0; k < ROWS; ++k) { \
                const number x = ((const number *)(first + k * step))[j]; \
                tree[k] = element; \
            } \
            COMBINE_HALVES(tree, ROWS, 1, combined); \
            COMBINE(total[j], tree[0], combined); \
        } \
    }

#define COLUMNS_CASE(op, identity, element, combined) \
    case op: \
        FOLD_COLUMNS(ROWS_AT_ONCE, element, combined) \
        FOLD_COLUMNS(1, element, combined) \
        break;

// A run is dealt out to many lanes, then to few, and the rest of it goes on in the first of these; a tree ends it.
enum { KERNEL(MANY_LANES) = 64, KERNEL(FEW_LANES) = 16 };
#define MANY_LANES KERNEL(MANY_LANES)
#define FEW_LANES KERNEL(FEW_LANES)

#define RUNS_CASE(op, identity, element, combined) \
    case op: \
        for (intptr_t r = 0; r < count; ++r) { \
            const number *restrict run = (const number *)((const char *)runs + r * step); \
            const number c = centers[r]; \
            number lanes[MANY_LANES] __attribute__((aligned(64))); \
            wide wide_lanes[FEW_LANES] __attribute__((aligned(64))); \
            intptr_t i = 0; \
            (void)c; \
            for (int j = 0; j < MANY_LANES; ++j) lanes[j] = identity; \
            for (; i + MANY_LANES <= length; i += MANY_LANES) \
                for (int j = 0; j < MANY_LANES; ++j) COMBINE_ELEMENT(lanes[j], run[i + j], element, combined); \
            COMBINE_HALVES(lanes, MANY_LANES, FEW_LANES, combined); \
            for (; i + FEW_LANES <= length; i += FEW_LANES) \
                for (int j = 0; j < FEW_LANES; ++j) COMBINE_ELEMENT(lanes[j], run[i + j], element, combined); \
            _Pragma("clang loop vectorize(disable) unroll(disable)") \
            for (int j = 0; i + j < length; ++j) COMBINE_ELEMENT(lanes[j], run[i + j], element, combined); \
            for (int j = 0; j < FEW_LANES; ++j) wide_lanes[j] = lanes[j]; \
            COMBINE_HALVES(wide_lanes, FEW_LANES, 1, combined); \
            COMBINE(total[r], wide_lanes[0], combined); \
        } \
        break;

#define IDENTITY_CASE(op, identity, element, combined) case op: value = identity; break;

#define DEFINE_FOLDS(number_type, wide_type, lowest_number, highest_number, columns, runs_name, clear) \
    static void KERNEL(columns)( \
        int op, const void *rows, intptr_t step, intptr_t count, intptr_t width, void *totals, const void *center) { \
        typedef number_type number; \
        number *restrict total = totals; \
        const number *restrict centers = center; \
        intptr_t r = 0; \
        switch (op) { FOR_EACH_OPERATION(COLUMNS_CASE) } \
    } \
    static void KERNEL(runs_name)( \
        int op, const void *runs, intptr_t step, intptr_t count, intptr_t length, void *totals, const void *center) { \
        typedef number_type number; \
        typedef wide_type wide; \
        const number lowest = lowest_number, highest = highest_number; \
        wide *restrict total = totals; \
        const number *restrict centers = center; \
        switch (op) { FOR_EACH_OPERATION(RUNS_CASE) } \
    } \
    static void KERNEL(clear)(int op, void *totals, intptr_t count) { \
        typedef number_type number; \
        const number lowest = lowest_number, highest = highest_number; \
        number value = 0; \
        switch (op) { FOR_EACH_OPERATION(IDENTITY_CASE) } \
        for (intptr_t i = 0; i < count; ++i) ((number *)totals)[i] = value; \
    }

DEFINE_FOLDS(float, double, -INFINITY, INFINITY, float_columns, float_runs, clear_floats)
DEFINE_FOLDS(double, double, -INFINITY, INFINITY, double_columns, double_runs, clear_doubles)
DEFINE_FOLDS(int64_t, int64_t, INT64_MIN, INT64_MAX, integer_columns, integer_runs, clear_integers)

#undef MANY_LANES
#undef FEW_LANES

void fold_columns(
    int type, int op, const void *rows, intptr_t step, intptr_t count, intptr_t width, void *total,
    const void *centers) {
    if (!centers) centers = rows;   // they are not used
    switch (type) {
    case SB_FLOAT32: KERNEL(float_columns)(op, rows, step, count, width, total, centers); break;
    case SB_FLOAT64: KERNEL(double_columns)(op, rows, step, count, width, total, centers); break;
    default: KERNEL(integer_columns)(op, rows, step, count, width, total, centers);
    }
}

void fold_runs(
    int type, int op, const void *runs, intptr_t step, intptr_t count, intptr_t length, void *totals,
    const void *centers) {
    if (!centers) centers = totals;   // they are not used
    switch (type) {
    case SB_FLOAT32: KERNEL(float_runs)(op, runs, step, count, length, totals, centers); break;
    case SB_FLOAT64: KERNEL(double_runs)(op, runs, step, count, length, totals, centers); break;
    default: KERNEL(integer_runs)(op, runs, step, count, length, totals, centers);
    }
}

void clear_totals(int type, int op, void *totals, intptr_t count) {
    switch (type) {
    case SB_FLOAT32: KERNEL(clear_floats)(op, totals, count); break;
    case SB_FLOAT64: KERNEL(clear_doubles)(op, totals, count); break;
    default: KERNEL(clear_integers)(op, totals, count);
    }
}

#endif
