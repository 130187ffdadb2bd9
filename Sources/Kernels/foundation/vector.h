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
#undef vf_load_first
#undef vf_load_part
#undef vf_store_part
#undef vf_add_lane

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

// Loads and stores of the first `count` lanes, 0 <= count <= LANES. The instruction sets that have masked moves use
// them; elsewhere the floats go one by one.
#if ISA_PASS == ISA_AVX512
#define FIRST_LANES(count) ((__mmask16)((1u << (count)) - 1))
#define LOAD_FIRST(p, count, rest) ((vf)_mm512_mask_loadu_ps((__m512)(rest), FIRST_LANES(count), p))
#define STORE_FIRST(p, v, count) _mm512_mask_storeu_ps(p, FIRST_LANES(count), (__m512)(v))
#elif ISA_PASS == ISA_AVX2
#define FIRST_LANES(count) ((vi){0, 1, 2, 3, 4, 5, 6, 7} < (int32_t)(count))
#define LOAD_FIRST(p, count, rest) \
    vf_select(FIRST_LANES(count), (vf)_mm256_maskload_ps(p, (__m256i)FIRST_LANES(count)), rest)
#define STORE_FIRST(p, v, count) _mm256_maskstore_ps(p, (__m256i)FIRST_LANES(count), (__m256)(v))
#endif

/// The first `count` floats, and the lanes of `rest` after them.
#define vf_load_first KERNEL(vf_load_first)
static inline __attribute__((always_inline)) vf vf_load_first(const float *p, intptr_t count, vf rest) {
#ifdef LOAD_FIRST
    return LOAD_FIRST(p, count, rest);
#else
    for (intptr_t i = 0; i < count; ++i) rest[i] = p[i];
    return rest;
#endif
}

/// The first `count` floats, zeros after them.
#define vf_load_part KERNEL(vf_load_part)
static inline __attribute__((always_inline)) vf vf_load_part(const float *p, intptr_t count) {
    return vf_load_first(p, count, (vf){0});
}

/// Stores the first `count` lanes and leaves what lies behind them alone.
#define vf_store_part KERNEL(vf_store_part)
static inline __attribute__((always_inline)) void vf_store_part(float *p, vf v, intptr_t count) {
#ifdef STORE_FIRST
    STORE_FIRST(p, v, count);
#else
    for (intptr_t i = 0; i < count; ++i) p[i] = v[i];
#endif
}

#undef FIRST_LANES
#undef LOAD_FIRST
#undef STORE_FIRST

// Where an instruction multiplies a vector by one lane of another, elements that lie side by side are loaded as vectors: to
// spread each of them over a register takes the time of a multiplication on many such processors.
#if ISA_PASS >= ISA_NEON
/// sum + a[lane] · b; `lane` is a constant.
#define vf_add_lane(sum, a, lane, b) ((vf)vfmaq_laneq_f32(sum, b, a, lane))
#endif
