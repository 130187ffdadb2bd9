// Walking along a row a vector at a time, with the shorter last vector treated like all others. Include inside an ISA
// pass, after vector.h:
//
//     FOR_LANES(i, count, n) vf_store_some(y + i, 2 * vf_load_or(x + i, count, 0), count);

#ifndef SB_STREAMED_BYTES
#define SB_STREAMED_BYTES

#include <stdatomic.h>
#include <stdbool.h>

enum { STREAMED_BYTES = 8 << 20 };

/// Makes streamed results visible to other threads.
static inline void end_of_stream(void) { atomic_thread_fence(memory_order_seq_cst); }

#endif

#undef FOR_LANES
#undef vf_load_or
#undef vf_load_bfloats
#undef vf_store_some
#undef is_streamed
#undef vf_store_result
#undef LONG
#undef vf_long
#undef vf_long_loaded
#undef vf_long_at
#undef vf_long_fold
#undef vf_highest

/// Runs the statement that follows for i = 0, LANES, … with count = min(LANES, n - i).
#define FOR_LANES(i, count, n) \
    for (intptr_t i = 0, count; (count = (n) - i < LANES ? (n) - i : LANES) > 0; i += LANES)

/// The first `count` floats, and `fill` in the lanes after them; any count above LANES is as good as LANES.
#define vf_load_or KERNEL(vf_load_or)
static inline __attribute__((always_inline)) vf vf_load_or(const float *p, intptr_t count, float fill) {
    return __builtin_expect(count >= LANES, 1) ? vf_load(p) : vf_load_first(p, count, vf_set(fill));
}

/// The first `count` bfloat16 numbers as floats, and 0 in the lanes after them; any count above LANES is as good as LANES.
#define vf_load_bfloats KERNEL(vf_load_bfloats)
static inline __attribute__((always_inline)) vf vf_load_bfloats(const uint16_t *p, intptr_t count) {
    typedef uint16_t shorts __attribute__((vector_size(2 * LANES)));
    typedef uint32_t words __attribute__((vector_size(4 * LANES)));
    shorts loaded = {0};
    if (__builtin_expect(count >= LANES, 1)) memcpy(&loaded, p, sizeof loaded);
    else memcpy(&loaded, p, (size_t)count * sizeof *p);
    return (vf)(__builtin_convertvector(loaded, words) << 16);
}

/// Stores the first `count` lanes, or all.
#define vf_store_some KERNEL(vf_store_some)
static inline __attribute__((always_inline)) void vf_store_some(float *p, vf v, intptr_t count) {
    if (__builtin_expect(count >= LANES, 1)) vf_store(p, v);
    else vf_store_part(p, v, count);
}

// Results that are larger than what caches keep until they are read again are streamed: stored past the caches, which
// saves reading the lines that are overwritten and leaves the caches to others. End a piece with end_of_stream().

/// Whether the rows of `n` floats from y on, `bytes` in all, are to be streamed.
#define is_streamed KERNEL(is_streamed)
static inline bool is_streamed(const float *y, intptr_t n, intptr_t bytes) {
    return bytes >= STREAMED_BYTES && n % LANES == 0 && (uintptr_t)y % VECTOR_BYTES == 0;
}

/// As vf_store_some, or past the caches.
#define vf_store_result KERNEL(vf_store_result)
static inline __attribute__((always_inline)) void vf_store_result(float *p, vf v, intptr_t count, bool streamed) {
    if (streamed) __builtin_nontemporal_store(v, (vf *)p);
    else vf_store_some(p, v, count);
}

// Sums are taken in several vectors at once, so that an addition need not wait for the one before it. A vf_long goes
// by address only, because vectors wider than registers have no calling convention.
#define LONG 4
#define vf_long KERNEL(vf_long)
#define vf_long_loaded KERNEL(vf_long_loaded)
typedef float vf_long __attribute__((vector_size(LONG * VECTOR_BYTES)));
typedef float vf_long_loaded __attribute__((vector_size(LONG * VECTOR_BYTES), aligned(4), may_alias));

/// The LONG·LANES floats from p on.
#define vf_long_at(p) (*(const vf_long_loaded *)(p))

/// The vectors that make up v, added.
#define vf_long_fold KERNEL(vf_long_fold)
static inline __attribute__((always_inline)) vf vf_long_fold(const vf_long *v) {
    vf parts[LONG];
    memcpy(parts, v, sizeof parts);
    return (parts[0] + parts[1]) + (parts[2] + parts[3]);
}

/// The largest lane.
#define vf_highest KERNEL(vf_highest)
static inline __attribute__((always_inline)) float vf_highest(vf v) {
    float lanes[LANES];
    vf_store(lanes, v);
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; ++i) lanes[i] = lanes[i] > lanes[i + half] ? lanes[i] : lanes[i + half];
    return lanes[0];
}
