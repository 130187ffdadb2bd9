// Conversions between element types, one element at a time, free of branches so that loops over them become vectors.
#ifndef SB_CONVERT_H
#define SB_CONVERT_H

#include <stdint.h>
#include <string.h>

#define CONVERSION static inline __attribute__((always_inline))

CONVERSION float float_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

CONVERSION uint32_t bits_of_float(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

CONVERSION float float_of_bfloat(uint16_t b) { return float_of_bits((uint32_t)b << 16); }

/// Rounds to nearest even; a NaN stays one.
CONVERSION uint16_t bfloat_of_float(float x) {
    const uint32_t bits = bits_of_float(x);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (uint16_t)(x != x ? 0x7fc0 : rounded);
}

/// A half's exponent and fraction, moved into a float's place, are 2^112 times too small; this is exact for
/// denormals too.
CONVERSION float float_of_half(uint16_t h) {
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16, magnitude = (uint32_t)(h & 0x7fff) << 13;
    const uint32_t finite = bits_of_float(float_of_bits(magnitude) * 0x1p112f);
    return float_of_bits(sign | (magnitude >= 0x7c00u << 13 ? magnitude | 0x7f800000 : finite));
}

/// Rounds to nearest even. Below the smallest normal half, adding one half puts the rounding at the right bit.
CONVERSION uint16_t half_of_float(float x) {
    const uint32_t bits = bits_of_float(x), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    const uint32_t normal = (magnitude - (112u << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13;
    const uint32_t denormal = bits_of_float(float_of_bits(magnitude) + 0.5f) - bits_of_float(0.5f);
    const uint32_t special = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
    const uint32_t finite = magnitude < 113u << 23 ? denormal : normal;
    return (uint16_t)(sign | (magnitude >= 143u << 23 ? special : finite));
}

#define is_not_zero(x) ((x) != 0)

/// Toward zero, stopping at the ends; NaN becomes 0. The upper bound is the next power of two, which a double can hold.
CONVERSION int64_t int64_of_double(double x) {
    return x != x ? 0 : x >= 0x1p63 ? INT64_MAX : x < -0x1p63 ? INT64_MIN : (int64_t)x;
}

CONVERSION int32_t int32_of_double(double x) {
    return x != x ? 0 : x >= 0x1p31 ? INT32_MAX : x < -0x1p31 ? INT32_MIN : (int32_t)x;
}

CONVERSION uint8_t uint8_of_double(double x) { return x >= 255 ? 255 : x > 0 ? (uint8_t)x : 0; }

#endif
