#include "isa.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"

static const char *const names[] = {"baseline", "avx2", "avx512", "neon", "neon-dot"};
enum { LEVELS = sizeof names / sizeof *names };

#if defined(__aarch64__)
enum { LEAST = SB_ISA_NEON };
const char *sb_isa_choices(void) { return "neon-dot or neon"; }
#else
enum { LEAST = SB_ISA_BASELINE };
const char *sb_isa_choices(void) { return "avx512, avx2 or baseline"; }
#endif

static int supported(void) {
#if defined(__aarch64__)
    return sb_has_arm_dot_products() ? SB_ISA_NEON_DOT : SB_ISA_NEON;
#elif defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
        return SB_ISA_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return SB_ISA_AVX2;
#endif
    return LEAST;
}

// The level in the low byte, the problem with the request in the next, plus a bit that says "decided".
static int decide(void) {
    const int best = supported(), decided = 1 << 16;
    const char *request = getenv("SWITCHBACK_ISA");
    if (!request || !*request) return decided | best;
    for (int level = 0; level < LEVELS; ++level)
        if (!strcmp(request, names[level])) return decided | (LEAST <= level && level <= best ? level : best | 2 << 8);
    return decided | best | 1 << 8;
}

static int decision(void) {
    static atomic_int stored;
    int value = atomic_load_explicit(&stored, memory_order_relaxed);
    if (!value) {
        value = decide();
        atomic_store_explicit(&stored, value, memory_order_relaxed);
    }
    return value;
}

sb_isa_level sb_isa(void) { return (sb_isa_level)(decision() & 0xff); }

const char *sb_isa_name(void) { return names[sb_isa()]; }

int sb_isa_request_problem(void) { return decision() >> 8 & 0xff; }
