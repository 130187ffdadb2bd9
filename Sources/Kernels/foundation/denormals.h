// Denormal numbers as zeros, operands and results alike, on the calling thread: as instructions for short numbers have it.
#ifndef SB_DENORMALS_H
#define SB_DENORMALS_H

#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/// From now on denormal numbers count as zeros. Returns what `sb_restore_denormals` takes.
static inline uint64_t sb_flush_denormals(void) {
#if defined(__x86_64__)
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040);   // flush to zero, denormals are zeros
    return before;
#elif defined(__aarch64__)
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | 1u << 24));
    return before;
#else
    return 0;
#endif
}

static inline void sb_restore_denormals(uint64_t before) {
#if defined(__x86_64__)
    _mm_setcsr((unsigned)before);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
#endif
}

#endif
