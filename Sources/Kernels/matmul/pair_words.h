// Words of two bfloat16 numbers in the lanes of vectors. Include foundation/convert.h, and this inside an ISA pass, after
// vector.h.
//
// The arithmetic is that of the instruction `vdpbf16ps`: the product of the high halves is added to the sum, which is
// rounded, then that of the low halves; products are exact, and denormal numbers count as 0. Elsewhere the same takes two
// multiplications, and whoever calls sees to the denormal numbers (foundation/denormals.h). Of arm64's instructions
// `bfmlalt` and `bfmlalb` do the one and the other; `bfmmla` and `bfdot` round otherwise, and are not used.

#ifndef HIGH_HALF
#define HIGH_HALF ((int32_t)0xffff0000)

// A file whose AVX-512 pass includes this names the extension in AVX512_ALSO, and many such processors lack it.
#if defined(__x86_64__)
#define DISPATCH_ROUNDED(name, ...) \
    do { \
        if (sb_isa() == SB_ISA_AVX512 && !sb_has_bfloat_products()) SB_PASTE(name, avx2)(__VA_ARGS__); \
        else DISPATCH(name, __VA_ARGS__); \
    } while (0)
#else
#define DISPATCH_ROUNDED(name, ...) DISPATCH(name, __VA_ARGS__)
#endif
#endif

#undef vu
#undef rounded_highs
#undef words_of_floats
#undef vf_store_bfloats
#undef pair_at
#undef add_products
#undef pairs_add_lane

#define vu KERNEL(vu)
typedef uint32_t vu __attribute__((vector_size(VECTOR_BYTES)));

/// Floats rounded to bfloat16, to nearest even, in the high halves of the lanes; a NaN stays one.
#define rounded_highs KERNEL(rounded_highs)
static inline __attribute__((always_inline)) vu rounded_highs(vf x) {
    const vu bits = (vu)x, rounded = bits + 0x7fff + (bits >> 16 & 1), none = bits * 0 + 0x7fc00000;
    return (vu)vf_select(x == x, (vf)rounded, (vf)none) & (uint32_t)HIGH_HALF;
}

/// LANES words of the 2 · LANES floats from x on.
#define words_of_floats KERNEL(words_of_floats)
static inline __attribute__((always_inline)) vf words_of_floats(const float *x) {
#if ISA_PASS == ISA_AVX512
    return (vf)_mm512_cvtne2ps_pbh((__m512)vf_load(x + LANES), (__m512)vf_load(x));
#elif ISA_PASS == ISA_NEON_DOT
    return (vf)vcvtq_high_bf16_f32(vcvtq_low_bf16_f32(vf_load(x)), vf_load(x + LANES));
#elif ISA_PASS == ISA_NEON
    return (vf)vuzp2q_u16((uint16x8_t)rounded_highs(vf_load(x)), (uint16x8_t)rounded_highs(vf_load(x + LANES)));
#else
    float words[LANES];
    for (int i = 0; i < LANES; ++i)
        words[i] = float_of_bits(bfloat_of_float(x[2 * i]) | (uint32_t)bfloat_of_float(x[2 * i + 1]) << 16);
    return vf_load(words);
#endif
}

/// Stores the lanes rounded to bfloat16, side by side.
#define vf_store_bfloats KERNEL(vf_store_bfloats)
static inline __attribute__((always_inline)) void vf_store_bfloats(uint16_t *p, vf x) {
#if ISA_PASS == ISA_AVX512
    const __m256bh halves = _mm512_cvtneps_pbh((__m512)x);
    memcpy(p, &halves, sizeof halves);
#elif ISA_PASS == ISA_NEON_DOT
    const bfloat16x4_t halves = vcvt_bf16_f32(x);
    memcpy(p, &halves, sizeof halves);
#else
    typedef uint16_t halves __attribute__((vector_size(VECTOR_BYTES / 2)));
    const halves rounded = __builtin_convertvector(rounded_highs(x) >> 16, halves);
    memcpy(p, &rounded, sizeof rounded);
#endif
}

/// The word at p in all lanes. As an integer: arithmetic would change what is no number as a float.
#define pair_at KERNEL(pair_at)
static inline __attribute__((always_inline)) vi pair_at(const float *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return word - (vi){0};
}

/// The sum plus the products of both halves.
#define add_products KERNEL(add_products)
static inline __attribute__((always_inline)) vf add_products(vf sum, vi a, vf b) {
#if ISA_PASS == ISA_AVX512
    return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#elif ISA_PASS == ISA_NEON_DOT
    return (vf)vbfmlalbq_f32(vbfmlaltq_f32(sum, (bfloat16x8_t)b, (bfloat16x8_t)a), (bfloat16x8_t)b, (bfloat16x8_t)a);
#else
    sum = sum + (vf)(a & HIGH_HALF) * (vf)((vi)b & HIGH_HALF);
    return sum + (vf)(a << 16) * (vf)((vi)b << 16);
#endif
}

/// The sum plus the products of both halves of word `lane` of a, which is a constant.
#if ISA_PASS == ISA_NEON_DOT
#define pairs_add_lane(sum, a, lane, b) \
    ((vf)vbfmlalbq_laneq_f32(vbfmlaltq_laneq_f32(sum, (bfloat16x8_t)(b), (bfloat16x8_t)(a), 2 * (lane) + 1), \
                             (bfloat16x8_t)(b), (bfloat16x8_t)(a), 2 * (lane)))
#elif ISA_PASS == ISA_NEON
#define pairs_add_lane(sum, a, lane, b) \
    vf_add_lane(vf_add_lane(sum, (vf)((vi)(a) & HIGH_HALF), lane, (vf)((vi)(b) & HIGH_HALF)), (vf)((vi)(a) << 16), lane, \
                (vf)((vi)(b) << 16))
#endif
