// Vector types as wide as the registers of the instruction set being compiled for. Include inside an ISA pass, after
// per_isa.h; the names are plain macros so that one source text serves all passes.
//
//     vf   LANES floats          vd   LANES/2 doubles          vi   LANES 32-bit integers (also: comparison masks)

#undef vf
#undef vd
#undef vi
#undef LANES
#undef LANES64
#undef vf_load
#undef vf_store
#undef vf_set
#undef vf_select
#undef vf_max
#undef vf_min
#undef vf_sum
#undef vf_load_part
#undef vf_store_part

#define vf KERNEL(vf)
#define vd KERNEL(vd)
#define vi KERNEL(vi)
#define LANES (VECTOR_BYTES / 4)
#define LANES64 (VECTOR_BYTES / 8)

typedef float vf __attribute__((vector_size(VECTOR_BYTES)));
typedef double vd __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t vi __attribute__((vector_size(VECTOR_BYTES)));

#define vf_load KERNEL(vf_load)
static inline __attribute__((always_inline)) vf vf_load(const float *p) {
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

#define vf_store KERNEL(vf_store)
static inline __attribute__((always_inline)) void vf_store(float *p, vf v) { memcpy(p, &v, sizeof v); }

#define vf_set KERNEL(vf_set)
static inline __attribute__((always_inline)) vf vf_set(float x) { return x - (vf){0}; }

/// Lane by lane: mask ? a : b, where a mask lane is all ones or all zeros, as comparisons give.
#define vf_select KERNEL(vf_select)
static inline __attribute__((always_inline)) vf vf_select(vi mask, vf a, vf b) {
    return (vf)(((vi)a & mask) | ((vi)b & ~mask));
}

#define vf_max KERNEL(vf_max)
static inline __attribute__((always_inline)) vf vf_max(vf a, vf b) { return vf_select(a > b, a, b); }

#define vf_min KERNEL(vf_min)
static inline __attribute__((always_inline)) vf vf_min(vf a, vf b) { return vf_select(a < b, a, b); }

/// The sum over the lanes, halves added to halves: a fixed order.
#define vf_sum KERNEL(vf_sum)
static inline __attribute__((always_inline)) float vf_sum(vf v) {
    float lanes[LANES];
    vf_store(lanes, v);
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
    return lanes[0];
}

/// The first `count` floats, zeros after them.
#define vf_load_part KERNEL(vf_load_part)
static inline __attribute__((always_inline)) vf vf_load_part(const float *p, intptr_t count) {
    float lanes[LANES] = {0};
    for (intptr_t i = 0; i < count; ++i) lanes[i] = p[i];
    return vf_load(lanes);
}

#define vf_store_part KERNEL(vf_store_part)
static inline __attribute__((always_inline)) void vf_store_part(float *p, vf v, intptr_t count) {
    float lanes[LANES];
    vf_store(lanes, v);
    for (intptr_t i = 0; i < count; ++i) p[i] = lanes[i];
}
