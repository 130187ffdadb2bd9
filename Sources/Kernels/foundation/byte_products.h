// Products of bytes: each 32-bit lane of `unsigned_bytes` holds four numbers from 0 to 255, each lane of `signed_bytes` four
// from -128 to 127, and the sum of the four products is added to the lane of `sum`. Include inside an ISA pass, after vector.h.
//
// That is the instruction `vpdpbusd`, on arm64 `usdot`, which round nothing and saturate nowhere; elsewhere the same integers come
// from multiplications of 16 bits. A sum of n products stays below 2^31 while n <= 66,311 (2^31 / (255 · 127)).

#ifndef DISPATCH_BYTES
// A file whose AVX-512 pass includes this names the extension in AVX512_ALSO, and the first such processors lack it.
#if defined(__x86_64__)
#define DISPATCH_BYTES(name, ...) \
    do { \
        if (sb_isa() == SB_ISA_AVX512 && !__builtin_cpu_supports("avx512vnni")) SB_PASTE(name, avx2)(__VA_ARGS__); \
        else DISPATCH(name, __VA_ARGS__); \
    } while (0)
#else
#define DISPATCH_BYTES(name, ...) DISPATCH(name, __VA_ARGS__)
#endif
#endif

#undef byte_products
#define byte_products KERNEL(byte_products)
static inline __attribute__((always_inline)) vi byte_products(vi sum, vi unsigned_bytes, vi signed_bytes) {
#if ISA_PASS == ISA_AVX512
    return (vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)unsigned_bytes, (__m512i)signed_bytes);
#elif defined(AVX_VNNI_PASS)
    return (vi)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)unsigned_bytes, (__m256i)signed_bytes);
#elif ISA_PASS == ISA_AVX2
    // `vpmaddubsw` would saturate: bytes are widened first, those at even places apart from those at odd ones.
    const __m256i a = (__m256i)unsigned_bytes, b = (__m256i)signed_bytes;
    const __m256i even = _mm256_madd_epi16(_mm256_and_si256(a, _mm256_set1_epi16(255)),
                                           _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8));
    const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(b, 8));
    return sum + (vi)_mm256_add_epi32(even, odd);
#elif ISA_PASS == ISA_NEON_DOT
    return (vi)vusdotq_s32((int32x4_t)sum, (uint8x16_t)unsigned_bytes, (int8x16_t)signed_bytes);
#else
    for (int byte = 0; byte < 4; ++byte)
        sum += (unsigned_bytes >> 8 * byte & 255) * (signed_bytes << (24 - 8 * byte) >> 24);
    return sum;
#endif
}
