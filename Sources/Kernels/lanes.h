// Walking along a row a vector at a time, with the shorter last vector treated like all others. Include inside an ISA
// pass, after vector.h:
//
//     FOR_LANES(i, count, n) vf_store_some(y + i, 2 * vf_load_or(x + i, count, 0), count);

#undef FOR_LANES
#undef vf_load_or
#undef vf_store_some
#undef vf_highest

/// Runs the statement that follows for i = 0, LANES, … with count = min(LANES, n - i).
#define FOR_LANES(i, count, n) \
    for (intptr_t i = 0, count; (count = (n) - i < LANES ? (n) - i : LANES) > 0; i += LANES)

/// The first `count` floats, and `fill` in the lanes after them.
#define vf_load_or KERNEL(vf_load_or)
static inline __attribute__((always_inline)) vf vf_load_or(const float *p, intptr_t count, float fill) {
    if (__builtin_expect(count >= LANES, 1)) return vf_load(p);
    float lanes[LANES];
    vf_store(lanes, vf_set(fill));
    for (intptr_t i = 0; i < count; ++i) lanes[i] = p[i];
    return vf_load(lanes);
}

/// Stores the first `count` lanes.
#define vf_store_some KERNEL(vf_store_some)
static inline __attribute__((always_inline)) void vf_store_some(float *p, vf v, intptr_t count) {
    if (__builtin_expect(count >= LANES, 1)) vf_store(p, v);
    else vf_store_part(p, v, count);
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
