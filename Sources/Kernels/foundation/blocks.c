#define SOURCE "foundation/blocks.c"
#include "blocks.h"
#include "convert.h"
#include "per_isa.h"

#ifdef ISA_PASS

#include "blocks.h"

// Half precision, by the processor's own conversions where they are part of the instruction set.
#undef half
#undef half_to_float
#undef float_to_half
#if ISA_PASS != ISA_BASELINE
#define half _Float16
#define half_to_float
#define float_to_half (_Float16)(float)
#else
#define half uint16_t
#define half_to_float float_of_half
#define float_to_half half_of_float
#endif

// One loop for dense memory, which the compiler turns into vectors, and one for the rest.
#define LOAD(dtype, type, compute_type, convert) \
    case dtype: { \
        compute_type *restrict to = block; \
        if (step == sizeof(type)) { \
            const type *restrict from = source; \
            for (intptr_t i = 0; i < count; ++i) to[i] = convert(from[i]); \
        } else { \
            const char *from = source; \
            for (intptr_t i = 0; i < count; ++i) to[i] = convert(*(const type *)(from + i * step)); \
        } \
        break; \
    }

void load_block(int dtype, const void *source, intptr_t step, void *block, intptr_t count) {
    switch (dtype) {
        LOAD(SB_FLOAT32, float, float, )
        LOAD(SB_FLOAT64, double, double, )
        LOAD(SB_FLOAT16, half, float, half_to_float)
        LOAD(SB_BFLOAT16, uint16_t, float, float_of_bfloat)
        LOAD(SB_INT32, int32_t, int64_t, )
        LOAD(SB_INT64, int64_t, int64_t, )
        LOAD(SB_UINT8, uint8_t, int64_t, )
        LOAD(SB_BOOL, uint8_t, int64_t, )
    }
}

#define STORE(dtype, type, compute_type, convert) \
    case dtype: { \
        const compute_type *restrict from = block; \
        if (step == sizeof(type)) { \
            type *restrict to = target; \
            for (intptr_t i = 0; i < count; ++i) to[i] = (type)convert(from[i]); \
        } else { \
            char *to = target; \
            for (intptr_t i = 0; i < count; ++i) *(type *)(to + i * step) = (type)convert(from[i]); \
        } \
        break; \
    }

#define STORE_FLOATING(name, compute_type, to_int32, to_int64, to_uint8) \
    static void KERNEL(name)(const void *block, int dtype, void *target, intptr_t step, intptr_t count) { \
        switch (dtype) { \
            STORE(SB_FLOAT32, float, compute_type, ) \
            STORE(SB_FLOAT64, double, compute_type, ) \
            STORE(SB_FLOAT16, half, compute_type, float_to_half) \
            STORE(SB_BFLOAT16, uint16_t, compute_type, bfloat_of_float) \
            STORE(SB_INT32, int32_t, compute_type, to_int32) \
            STORE(SB_INT64, int64_t, compute_type, to_int64) \
            STORE(SB_UINT8, uint8_t, compute_type, to_uint8) \
            STORE(SB_BOOL, uint8_t, compute_type, is_not_zero) \
        } \
    }

STORE_FLOATING(store_floats, float, int32_of_double, int64_of_double, uint8_of_double)
STORE_FLOATING(store_doubles, double, int32_of_double, int64_of_double, uint8_of_double)
STORE_FLOATING(store_integers, int64_t, , , )

void store_block(int compute, const void *block, int dtype, void *target, intptr_t step, intptr_t count) {
    switch (compute) {
    case SB_FLOAT32: KERNEL(store_floats)(block, dtype, target, step, count); break;
    case SB_FLOAT64: KERNEL(store_doubles)(block, dtype, target, step, count); break;
    default: KERNEL(store_integers)(block, dtype, target, step, count);
    }
}

void load_wide_block(int dtype, const void *source, intptr_t step, void *block, intptr_t count) {
    if (sb_compute_type(dtype) == sb_wide_type(dtype)) {
        load_block(dtype, source, step, block, count);
        return;
    }
    sb_block loaded;
    load_block(dtype, source, step, &loaded, count);
    for (intptr_t i = 0; i < count; ++i) ((double *)block)[i] = loaded.f[i];
}

#define MOVE(type) \
    case sizeof(type): { \
        if (source_step == sizeof(type) && target_step == sizeof(type)) { \
            memcpy(target, source, (size_t)count * sizeof(type)); \
            break; \
        } \
        const char *from = source; \
        char *to = target; \
        for (intptr_t i = 0; i < count; ++i) *(type *)(to + i * target_step) = *(const type *)(from + i * source_step); \
        break; \
    }

void move_block(int size, const void *source, intptr_t source_step, void *target, intptr_t target_step, intptr_t count) {
    switch (size) {
        MOVE(uint8_t)
        MOVE(uint16_t)
        MOVE(uint32_t)
        MOVE(uint64_t)
    }
}

void move_rows(const char *source, intptr_t source_step, char *target, intptr_t target_step, intptr_t bytes, intptr_t rows) {
    enum { SHORT = 8 * VECTOR_BYTES };   // where a call takes longer than the copy
    typedef char vector __attribute__((vector_size(VECTOR_BYTES), aligned(1), may_alias));
    const bool in_vectors = bytes % VECTOR_BYTES == 0 && bytes <= SHORT;
    for (; rows > 0; --rows, source += source_step, target += target_step) {
        if (!in_vectors) memcpy(target, source, (size_t)bytes);
        for (intptr_t i = 0; i < bytes && in_vectors; i += VECTOR_BYTES)
            *(vector *)(target + i) = *(const vector *)(source + i);
    }
}

#endif
