// Scalar functions that the C library lacks.
#ifndef SB_SPECIAL_FUNCTIONS_H
#define SB_SPECIAL_FUNCTIONS_H

#include <math.h>
#include <stdint.h>

static const double SB_PI = 3.14159265358979323846;

/// The inverse of erf: a single-precision start (Giles, "Approximating the erfinv function", 2010), then two of
/// Newton's steps in double. Close to 1, where erf is flat, they go by erfc.
static inline double sb_erfinv(double y) {
    static const double central[] = {2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
                                     -0.00125372503, -0.00417768164, 0.246640727, 1.50140941};
    static const double tail[] = {-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
                                  -0.0076224613, 0.00943887047, 1.00167406, 2.83297682};
    const double magnitude = fabs(y);
    if (!(magnitude < 1)) return magnitude == 1 ? copysign(INFINITY, y) : NAN;
    double w = -log((1 - magnitude) * (1 + magnitude));
    const double *coefficients = w < 5 ? central : tail;
    w = w < 5 ? w - 2.5 : sqrt(w) - 3;
    double x = coefficients[0];
    for (int i = 1; i < 9; ++i) x = x * w + coefficients[i];
    x *= magnitude;
    for (int step = 0; step < 2; ++step) {
        const double error = magnitude < 0.5 ? erf(x) - magnitude : (1 - magnitude) - erfc(x);
        x -= error * (sqrt(SB_PI) / 2) * exp(x * x);
    }
    return copysign(x, y);
}

/// The logarithmic derivative of the gamma function: reflected to the right, moved beyond 10 by its recurrence, then
/// the asymptotic series (Abramowitz and Stegun, 6.3.18). -inf or inf at 0, NaN at negative integers.
static inline double sb_digamma(double x) {
    if (x == 0) return copysign(INFINITY, -x);
    if (x < 0) {
        if (x == floor(x)) return NAN;
        return sb_digamma(1 - x) - SB_PI / tan(SB_PI * (x - nearbyint(x)));   // the tangent repeats
    }
    double shift = 0;
    for (; x < 10; x += 1) shift -= 1 / x;
    const double z = 1 / (x * x);
    const double tail =
        z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760))))));
    return shift + log(x) - 0.5 / x - tail;
}

/// The C library's lgamma without its global variable.
static inline double sb_lgamma(double x) {
    int sign;
    return lgamma_r(x, &sign);
}

/// x to the power n. A negative n gives 0, but for 1 and -1.
static inline int64_t sb_integer_power(int64_t x, int64_t n) {
    if (n < 0) return x == 1 ? 1 : x == -1 ? (n & 1 ? -1 : 1) : 0;
    uint64_t base = (uint64_t)x, result = 1;
    for (; n; n >>= 1, base *= base)
        if (n & 1) result *= base;
    return (int64_t)result;
}

// Integer divisions that never trap: by zero they give 0, and the lowest value divided by -1 wraps.

static inline int64_t sb_divide(int64_t a, int64_t b) {
    return b == 0 ? 0 : b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static inline int64_t sb_modulo(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }

static inline int64_t sb_remainder_integer(int64_t a, int64_t b) {
    const int64_t r = sb_modulo(a, b);
    return r && (r < 0) != (b < 0) ? r + b : r;
}

static inline int64_t sb_floor_divide_integer(int64_t a, int64_t b) {
    const int64_t r = sb_modulo(a, b);
    return sb_divide(a, b) - (r && (r < 0) != (b < 0));
}

/// A shift by 64 or more, or by less than 0, moves everything out.
static inline int64_t sb_shift_left(int64_t a, int64_t n) { return n < 0 || n > 63 ? 0 : (int64_t)((uint64_t)a << n); }
static inline int64_t sb_shift_right(int64_t a, int64_t n) { return a >> (n < 0 || n > 63 ? 63 : n); }

static inline double sb_remainder(double a, double b) {
    const double r = fmod(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

/// The floor of the exact quotient: dividing what fmod leaves over avoids rounding up across an integer.
static inline double sb_floor_divide(double a, double b) {
    if (b == 0) return a / b;
    const double r = fmod(a, b);
    double quotient = (a - r) / b;
    if (r != 0 && (r < 0) != (b < 0)) quotient -= 1;
    if (quotient == 0) return copysign(0, a / b);
    const double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1 : whole;
}

static inline double sb_log_add_exp(double a, double b) {
    if (a == b) return a + log(2);   // also for equal infinities
    const double high = a > b ? a : b, low = a > b ? b : a;
    return a != a || b != b ? NAN : high + log1p(exp(low - high));
}


#endif
