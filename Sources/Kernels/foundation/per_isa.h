// Compiles a source file once for each instruction set. A file uses it like this:
//
//     #define SOURCE "softmax.c"
//     #include "per_isa.h"
//     #ifdef ISA_PASS
//     void KERNEL(softmax_rows)(…) { … }        // becomes softmax_rows_avx512, _avx2, _baseline; or _neon_dot, _neon
//     #else
//     void sb_softmax(…) { DISPATCH(softmax_rows, …); }
//     #endif
//
// Inside a pass, `vector.h` gives vector types as wide as the instruction set's registers. What a pass has:
//
//     ISA_PASS             the instruction set, one of ISA_BASELINE … ISA_NEON_DOT
//     VECTOR_BYTES         the width of a register
//     VECTOR_REGISTERS     how many there are

#ifndef ISA_PASS

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "isa.h"
#include "special_functions.h"
#include "threads.h"

#define SB_PASTE2(a, b) a##_##b
#define SB_PASTE(a, b) SB_PASTE2(a, b)
#define KERNEL(name) SB_PASTE(name, ISA_SUFFIX)

#define ISA_BASELINE 0
#define ISA_AVX2 1
#define ISA_AVX512 2
#define ISA_NEON 3
#define ISA_NEON_DOT 4   // with dot products and matrix products of bytes, and products of bfloat16

#if defined(__x86_64__)

#include <immintrin.h>

// A file whose AVX-512 kernels use an extension names it here, and makes sure at run time that it is there.
#ifndef AVX512_ALSO
#define AVX512_ALSO
#endif

#define ISA_PASS ISA_AVX512
#define ISA_SUFFIX avx512
#define VECTOR_BYTES 64
#define VECTOR_REGISTERS 32
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx2,fma,f16c,bmi,bmi2,lzcnt,popcnt" \
                          AVX512_ALSO))), apply_to = function)
#include SOURCE
#pragma clang attribute pop
#undef ISA_PASS
#undef ISA_SUFFIX
#undef VECTOR_BYTES
#undef VECTOR_REGISTERS

#define ISA_PASS ISA_AVX2
#define ISA_SUFFIX avx2
#define VECTOR_BYTES 32
#define VECTOR_REGISTERS 16
#pragma clang attribute push( \
    __attribute__((target("avx2,fma,f16c,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#include SOURCE
#pragma clang attribute pop
#undef ISA_PASS
#undef ISA_SUFFIX
#undef VECTOR_BYTES
#undef VECTOR_REGISTERS

// Processors without AVX2 are older than 2013: theirs are small rather than fast, since every program carries them.
#define ISA_PASS ISA_BASELINE
#define ISA_SUFFIX baseline
#define VECTOR_BYTES 16
#define VECTOR_REGISTERS 16
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)
#include SOURCE
#pragma clang attribute pop

#define DISPATCH(name, ...) \
    do { \
        switch (sb_isa()) { \
        case SB_ISA_AVX512: SB_PASTE(name, avx512)(__VA_ARGS__); break; \
        case SB_ISA_AVX2: SB_PASTE(name, avx2)(__VA_ARGS__); break; \
        default: SB_PASTE(name, baseline)(__VA_ARGS__); \
        } \
    } while (0)

#elif defined(__aarch64__)

#include <arm_neon.h>

#define ISA_PASS ISA_NEON
#define ISA_SUFFIX neon
#define VECTOR_BYTES 16
#define VECTOR_REGISTERS 32
#include SOURCE
#undef ISA_PASS
#undef ISA_SUFFIX

#define ISA_PASS ISA_NEON_DOT
#define ISA_SUFFIX neon_dot
#pragma clang attribute push(__attribute__((target("dotprod,i8mm,bf16"))), apply_to = function)
#include SOURCE
#pragma clang attribute pop

#define DISPATCH(name, ...) \
    do { \
        if (sb_isa() == SB_ISA_NEON_DOT) SB_PASTE(name, neon_dot)(__VA_ARGS__); \
        else SB_PASTE(name, neon)(__VA_ARGS__); \
    } while (0)

#else

#define ISA_PASS ISA_BASELINE
#define ISA_SUFFIX baseline
#define VECTOR_BYTES 16
#define VECTOR_REGISTERS 16
#include SOURCE

#define DISPATCH(name, ...) SB_PASTE(name, baseline)(__VA_ARGS__)

#endif

#undef ISA_PASS
#undef ISA_SUFFIX
#undef VECTOR_BYTES
#undef VECTOR_REGISTERS

#endif
