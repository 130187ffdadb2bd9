// Mathematical functions of vectors, overloaded on the vector type, so that an operation is written once for all types
// it makes sense for. Include inside an ISA pass, after vector.h.
//
//     vf   float32, by polynomials: at most 2 units in the last place off, right at infinities, NaN and denormals
//     vd   float64, by the C library, lane by lane
//     vl   int64

#undef vl
#undef vw
#define vl KERNEL(vl)
#define vw KERNEL(vw)
typedef int64_t vl __attribute__((vector_size(VECTOR_BYTES)));
typedef double vw __attribute__((vector_size(2 * VECTOR_BYTES)));   // as many doubles as vf has floats

#ifndef SB_VECTOR_MATH_H
#define SB_VECTOR_MATH_H
#define OVERLOAD static inline __attribute__((overloadable, always_inline, unused))
#define OVERLOAD_LONG static __attribute__((overloadable, noinline, unused))

// Lane by lane through scalar functions.
#define MAP_LANES(name, function32, function64) \
    OVERLOAD_LONG vf name(vf x) { \
        for (int i = 0; i < LANES; ++i) x[i] = (float)function32(x[i]); \
        return x; \
    } \
    MAP_LANES_OF_DOUBLE(name, function64)
#define MAP_LANES_OF_DOUBLE(name, function64) \
    OVERLOAD_LONG vd name(vd x) { \
        for (int i = 0; i < LANES64; ++i) x[i] = function64(x[i]); \
        return x; \
    }
#define MAP_PAIRS(name, function32, function64) \
    OVERLOAD_LONG vf name(vf x, vf y) { \
        for (int i = 0; i < LANES; ++i) x[i] = (float)function32(x[i], y[i]); \
        return x; \
    } \
    OVERLOAD_LONG vd name(vd x, vd y) { \
        for (int i = 0; i < LANES64; ++i) x[i] = function64(x[i], y[i]); \
        return x; \
    }
#define MAP_INTEGER_PAIRS(name, function) \
    OVERLOAD_LONG vl name(vl x, vl y) { \
        for (int i = 0; i < LANES64; ++i) x[i] = function(x[i], y[i]); \
        return x; \
    }

#endif

// The passes for arm64 have vectors of one type, and share these functions.
#if ISA_PASS != ISA_NEON_DOT

/// Lane by lane: mask ? a : b, where a mask lane is all ones or all zeros, as comparisons give.
OVERLOAD vf v_select(vi mask, vf a, vf b) { return (vf)(((vi)a & mask) | ((vi)b & ~mask)); }
OVERLOAD vd v_select(vl mask, vd a, vd b) { return (vd)(((vl)a & mask) | ((vl)b & ~mask)); }
OVERLOAD vl v_select(vl mask, vl a, vl b) { return (a & mask) | (b & ~mask); }

OVERLOAD vf v_abs(vf x) { return __builtin_elementwise_abs(x); }
OVERLOAD vd v_abs(vd x) { return __builtin_elementwise_abs(x); }
OVERLOAD vl v_abs(vl x) { return v_select(x < 0, -x, x); }

// Roundings. Integers are whole already.
OVERLOAD vf v_floor(vf x) { return __builtin_elementwise_floor(x); }
OVERLOAD vd v_floor(vd x) { return __builtin_elementwise_floor(x); }
OVERLOAD vl v_floor(vl x) { return x; }
OVERLOAD vf v_ceil(vf x) { return __builtin_elementwise_ceil(x); }
OVERLOAD vd v_ceil(vd x) { return __builtin_elementwise_ceil(x); }
OVERLOAD vl v_ceil(vl x) { return x; }
OVERLOAD vf v_trunc(vf x) { return __builtin_elementwise_trunc(x); }
OVERLOAD vd v_trunc(vd x) { return __builtin_elementwise_trunc(x); }
OVERLOAD vl v_trunc(vl x) { return x; }
OVERLOAD vf v_round(vf x) { return __builtin_elementwise_roundeven(x); }
OVERLOAD vd v_round(vd x) { return __builtin_elementwise_roundeven(x); }
OVERLOAD vl v_round(vl x) { return x; }

OVERLOAD vf v_sqrt(vf x) { return __builtin_elementwise_sqrt(x); }
OVERLOAD vd v_sqrt(vd x) { return __builtin_elementwise_sqrt(x); }
OVERLOAD vf v_copysign(vf x, vf sign) { return __builtin_elementwise_copysign(x, sign); }
OVERLOAD vd v_copysign(vd x, vd sign) { return __builtin_elementwise_copysign(x, sign); }

// The larger and the smaller; a NaN in either wins.
OVERLOAD vf v_max(vf a, vf b) { return v_select(a != a, a, v_select(a > b, a, b)); }
OVERLOAD vd v_max(vd a, vd b) { return v_select(a != a, a, v_select(a > b, a, b)); }
OVERLOAD vl v_max(vl a, vl b) { return v_select(a > b, a, b); }
OVERLOAD vf v_min(vf a, vf b) { return v_select(a != a, a, v_select(a < b, a, b)); }
OVERLOAD vd v_min(vd a, vd b) { return v_select(a != a, a, v_select(a < b, a, b)); }
OVERLOAD vl v_min(vl a, vl b) { return v_select(a < b, a, b); }

/// x held between bounds; NaN stays NaN.
OVERLOAD vf v_clamp(vf x, vf low, vf high) {
#if ISA_PASS >= ISA_NEON
    return vminq_f32(vmaxq_f32(x, low), high);   // which keep NaN
#else
    x = v_select(x < low, low, x);
    return v_select(x > high, high, x);
#endif
}
OVERLOAD vd v_clamp(vd x, vd low, vd high) {
    x = v_select(x < low, low, x);
    return v_select(x > high, high, x);
}
OVERLOAD vl v_clamp(vl x, vl low, vl high) { return v_min(v_max(x, low), high); }

/// The whole number nearest to |x factor| < 2^22: adding 1.5 * 2^23 leaves no bits for a fraction.
OVERLOAD vf v_nearest(vf x, float factor) { return (x * factor + 0x1.8p23f) - 0x1.8p23f; }

/// 2^n for -126 <= n <= 127.
OVERLOAD vf v_power_of_two(vi n) { return (vf)((n + 127) << 23); }

/// 2^n y for whole -160 <= n <= 130, rounded once.
OVERLOAD vf v_scale(vf y, vf n) {
#if ISA_PASS == ISA_AVX512
    return _mm512_scalef_ps(y, n);
#else
    const vi exponent = __builtin_convertvector(n, vi), half = exponent >> 1;
    return y * v_power_of_two(half) * v_power_of_two(exponent - half);   // 2^n itself may be too large or too small
#endif
}

// e^x = 2^n e^r with |r| <= log(2) / 2. log(2) is taken in two parts, the first of so few bits that n times it is exact.
OVERLOAD vf v_exp_reduce(vf x, vf *n) {
    *n = v_nearest(x, 1.44269504f);
    return x - *n * 0.693359375f + *n * 2.12194440e-4f;
}

/// (e^r - 1 - r) / r^2 for |r| <= log(2) / 2 (coefficients from Cephes).
OVERLOAD vf v_exp_polynomial(vf r) {
    vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    return p * r + 5.0000001201e-1f;
}

OVERLOAD vf v_hold(vf x, float low, float high) { return v_clamp(x, low - (vf){0}, high - (vf){0}); }

#if ISA_PASS == ISA_AVX512
// e^x = 2^(n/16) e^r with |r| <= log(2) / 32: a third less to compute, as the sixteen fractions of powers fill a register.
OVERLOAD vf v_exp(vf x) {
    const vf fractions = {1,            0x1.0b5586p0f, 0x1.172b84p0f, 0x1.2387a6p0f, 0x1.306fe0p0f, 0x1.3dea64p0f,
                          0x1.4bfdaep0f, 0x1.5ab07ep0f, 0x1.6a09e6p0f, 0x1.7a1148p0f, 0x1.8ace54p0f, 0x1.9c4918p0f,
                          0x1.ae89fap0f, 0x1.c199bep0f, 0x1.d5818ep0f, 0x1.ea4afap0f};
    x = v_hold(x, -104, 89);
    const vf steps = x * 23.0831207f + 0x1.8p23f;   // n in the lowest bits, as in v_nearest
    const vf n = steps - 0x1.8p23f, r = x - n * 0.0433349609375f + n * 1.32621525e-5f;
    const vf fraction = _mm512_permutexvar_ps((__m512i)steps, fractions);
    const vf growth = r * r * (r * 0.16666667f + 0.5f) + r;
    return _mm512_scalef_ps(fraction * growth + fraction, n * 0.0625f);   // which rounds the exponent down
}
#else
OVERLOAD vf v_exp(vf x) {
    vf n;
    const vf r = v_exp_reduce(v_hold(x, -104, 89), &n);
    return v_scale(v_exp_polynomial(r) * (r * r) + r + 1, n);
}
#endif

OVERLOAD vf v_sigmoid(vf x) { return 1 / (1 + v_exp(-x)); }

OVERLOAD vf v_exp2(vf x) {
    x = v_hold(x, -151, 129);
    const vf n = v_nearest(x, 1), r = (x - n) * 0.693147181f;
    return v_scale(v_exp_polynomial(r) * (r * r) + r + 1, n);
}

OVERLOAD vf v_expm1(vf x) {
    vf n;
    const vf r = v_exp_reduce(v_hold(x, -60, 89), &n);
    const vf e = v_exp_polynomial(r) * (r * r) + r;
    const vf half = v_scale((vf){0} + 0.5f, n);   // 2^n (e + 1) - 1 by halves, which do not overflow early
    return v_select(x == 0, x, 2 * (half * e + (half - 0.5f)));
}

// log(x) = e log(2) + log(1 + f) with 1 + f between the square roots of 1/2 and 2. Returns log(1 + f).
OVERLOAD vf v_log_reduce(vf x, vf *e) {
    const vi tiny = x < 0x1p-126f;
    const vi bits = (vi)v_select(tiny, x * 0x1p23f, x);
    const vi exponent = (bits - 0x3f3504f3) >> 23;
    *e = __builtin_convertvector(exponent - (tiny & 23), vf);
    const vf f = (vf)(bits - (exponent << 23)) - 1, square = f * f;
    vf p = f * 7.0376836292e-2f - 1.1514610310e-1f;   // coefficients from Cephes
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    return f + (p * f * square - 0.5f * square);
}

/// The logarithm of 0, of negative numbers, infinity and NaN; elsewhere y.
OVERLOAD vf v_log_extremes(vf x, vf y) {
    const vf zero = {0};
    y = v_select(x > 0, y, v_select(x == 0, zero - INFINITY, zero + NAN));
    return v_select(x == INFINITY, x, y);
}

OVERLOAD vf v_log(vf x) {
    vf e;
    const vf y = v_log_reduce(x, &e);
    return v_log_extremes(x, e * 0.693359375f + (y - e * 2.12194440e-4f));
}

OVERLOAD vf v_log2(vf x) {
    vf e;
    const vf y = v_log_reduce(x, &e);
    return v_log_extremes(x, e + y * 1.44269504f);
}

OVERLOAD vf v_log10(vf x) {
    vf e;
    const vf y = v_log_reduce(x, &e);
    return v_log_extremes(x, e * 0.3010253906f + (e * 4.6050389811e-6f + y * 0.4342944819f));
}

/// log(u) for u = 1 + x as rounded, plus what the rounding cut off, to first order.
OVERLOAD vf v_log1p(vf x) {
    const vf u = 1 + x, zero = {0};
    const vf cut = v_select((u > 0) & (u < INFINITY), (x - (u - 1)) / u, zero);
    return v_select(x == 0, x, v_log(u) + cut);
}

/// log(1 + e^x) = max(x, 0) + log(1 + e) with e = e^-|x|. log(1 + e) = 2 artanh(s) with s = e / (2 + e) <= 1/3, and of that
/// 2 s = e - e s. At most 2.4 units in the last place off.
OVERLOAD vf v_softplus(vf x) {
    const vf zero = {0}, e = v_exp(-v_abs(x)), s = e / (2 + e), square = s * s;
    vf p = square * 0.140891671f + 0.139803022f;
    p = p * square + 0.200124547f;
    p = p * square + 0.333331585f;
    return v_max(x, zero) + (s * (2 * square * p - e) + e);
}

OVERLOAD vf v_tanh(vf x) {
    const vf e = v_expm1(2 * v_hold(v_abs(x), 0, 10));
    return v_copysign(e / (e + 2), x);
}

// 1 - erf(t) = e^p(t) for t >= 0.92 and erf(x) / x - 1 = q(x^2) below (minimax polynomials by Norbert Juffa).
OVERLOAD vf v_erfc_exponent(vf t) {
    vf p = t * -1.72853470e-5f + 3.83197126e-4f;
    p = p * t - 3.88396438e-3f;
    p = p * t + 2.42546219e-2f;
    p = p * t - 1.06777877e-1f;
    p = p * t - 6.34846687e-1f;
    p = p * t - 1.28717512e-1f;
    return p * t - t;
}

OVERLOAD vf v_erf_near_zero(vf x) {
    const vf s = x * x;
    vf q = s * -5.96761703e-4f + 4.99119423e-3f;
    q = q * s - 2.67681349e-2f;
    q = q * s + 1.12819925e-1f;
    q = q * s - 3.76125336e-1f;
    q = q * s + 1.28379166e-1f;
    return q * x + x;
}

OVERLOAD vf v_erf(vf x) {
    const vf t = v_abs(x), far = 1 - v_exp(v_erfc_exponent(v_hold(t, 0, 4)));
    return v_select(t > 0.921875f, v_copysign(far, x), v_erf_near_zero(x));
}

/// The normal distribution's integral from -infinity to x, exact far below 0 as well, and bell = e^(-x^2 / 2). Beyond
/// |x| there is bell u p(u), with u = 1 / (1 + 0.23 |x|) (p fitted to relative error 6e-8).
OVERLOAD vf v_normal_integral(vf x, vf *bell) {
    *bell = v_exp(-0.5f * x * x);
    const vf u = 1 / (1 + 0.23f * v_abs(x));
    vf p = u * -0.0754238740f + 0.275451839f;
    p = p * u - 0.246722117f;
    p = p * u + 0.264785200f;
    p = p * u - 0.00688452600f;
    p = p * u + 0.108046755f;
    p = p * u + 0.0888168663f;
    p = p * u + 0.0919298977f;
    const vf tail = p * u * *bell;
    return v_select(x < 0, tail, 1 - tail);
}

/// sin(x + quarter * pi / 2). Reduced in double precision, with pi / 2 in two parts.
OVERLOAD vf v_sin_shifted(vf x, int quarter) {
    const vw wide = __builtin_convertvector(x, vw);
    const vw shifted = wide * 0.63661977236758134308 + 0x1.8p52;
    const vw n = shifted - 0x1.8p52;
    const vw reduced = wide - n * 1.57079632673412561417 - n * 6.07710050650619224932e-11;
    const vf r = __builtin_convertvector(reduced, vf), s = r * r;
    const vi quadrant = (vi)__builtin_convertvector(n, vi) + quarter;
    vf sine = s * -1.9515295891e-4f + 8.3321608736e-3f;   // coefficients from Cephes
    sine = (sine * s - 1.6666654611e-1f) * s * r + r;
    vf cosine = s * 2.443315711809948e-5f - 1.388731625493765e-3f;
    cosine = (cosine * s + 4.166664568298827e-2f) * s * s - 0.5f * s + 1;
    const vf y = v_select((quadrant & 1) == 0, sine, cosine);
    return (vf)((vi)y ^ ((quadrant & 2) << 30));
}

/// Whether the reduction above loses nothing: the multiples of pi / 2 are below 2^20.
OVERLOAD bool v_is_moderate(vf x) { return !__builtin_reduce_or((vi)(v_abs(x) > 1.6e6f)); }

MAP_LANES(v_sin_large, sinf, sin)
MAP_LANES(v_cos_large, cosf, cos)
OVERLOAD vf v_sin(vf x) { return v_is_moderate(x) ? v_select(x == 0, x, v_sin_shifted(x, 0)) : v_sin_large(x); }
OVERLOAD vf v_cos(vf x) { return v_is_moderate(x) ? v_sin_shifted(x, 1) : v_cos_large(x); }
OVERLOAD vd v_sin(vd x) { return v_sin_large(x); }
OVERLOAD vd v_cos(vd x) { return v_cos_large(x); }

MAP_LANES_OF_DOUBLE(v_exp, exp)
MAP_LANES_OF_DOUBLE(v_exp2, exp2)
MAP_LANES_OF_DOUBLE(v_expm1, expm1)
MAP_LANES_OF_DOUBLE(v_log, log)
MAP_LANES_OF_DOUBLE(v_log2, log2)
MAP_LANES_OF_DOUBLE(v_log10, log10)
MAP_LANES_OF_DOUBLE(v_log1p, log1p)
MAP_LANES_OF_DOUBLE(v_tanh, tanh)
MAP_LANES_OF_DOUBLE(v_erf, erf)
OVERLOAD vd v_softplus(vd x) {
    const vd zero = {0};
    return v_max(x, zero) + v_log1p(v_exp(-v_abs(x)));
}
/// tanh(log(1 + e^x)) = n / (n + 2) with n = e^x (e^x + 2).
OVERLOAD vf v_tanh_softplus(vf x) {
    const vf e = v_exp(v_hold(x, -INFINITY, 20)), n = e * (e + 2);
    return n / (n + 2);
}
OVERLOAD vd v_tanh_softplus(vd x) {
    const vd zero = {0}, e = v_exp(v_clamp(x, zero - INFINITY, zero + 40)), n = e * (e + 2);
    return n / (n + 2);
}

MAP_LANES(v_tan, tanf, tan)
MAP_LANES(v_asin, asinf, asin)
MAP_LANES(v_acos, acosf, acos)
MAP_LANES(v_atan, atanf, atan)
MAP_LANES(v_sinh, sinhf, sinh)
MAP_LANES(v_cosh, coshf, cosh)
MAP_LANES(v_asinh, asinhf, asinh)
MAP_LANES(v_acosh, acoshf, acosh)
MAP_LANES(v_atanh, atanhf, atanh)
MAP_LANES(v_erfc, erfcf, erfc)
MAP_LANES(v_erfinv, sb_erfinv, sb_erfinv)
MAP_LANES(v_digamma, sb_digamma, sb_digamma)
MAP_LANES(v_lgamma, sb_lgamma, sb_lgamma)

OVERLOAD vd v_normal_integral(vd x, vd *bell) {
    *bell = v_exp(-0.5 * x * x);
    return 0.5 * v_erfc(-0.70710678118654752440 * x);
}

MAP_PAIRS(v_pow, powf, pow)
MAP_PAIRS(v_fmod, fmodf, fmod)
MAP_PAIRS(v_remainder, sb_remainder, sb_remainder)
MAP_PAIRS(v_floor_divide, sb_floor_divide, sb_floor_divide)
MAP_PAIRS(v_atan2, atan2f, atan2)
MAP_PAIRS(v_hypot, hypotf, hypot)
MAP_PAIRS(v_log_add_exp, sb_log_add_exp, sb_log_add_exp)

OVERLOAD vf v_divide(vf a, vf b) { return a / b; }
OVERLOAD vd v_divide(vd a, vd b) { return a / b; }
MAP_INTEGER_PAIRS(v_divide, sb_divide)
MAP_INTEGER_PAIRS(v_pow, sb_integer_power)
MAP_INTEGER_PAIRS(v_fmod, sb_modulo)
MAP_INTEGER_PAIRS(v_remainder, sb_remainder_integer)
MAP_INTEGER_PAIRS(v_floor_divide, sb_floor_divide_integer)
MAP_INTEGER_PAIRS(v_shift_left, sb_shift_left)
MAP_INTEGER_PAIRS(v_shift_right, sb_shift_right)

#endif
