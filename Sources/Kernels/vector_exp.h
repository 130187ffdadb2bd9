// The exponential and what is made of it, a vector at a time. Include inside an ISA pass, after vector.h.

#undef vf_exp
#undef vf_sigmoid
#undef vf_tanh

/// e^x within 1 unit in the last place; infinities, NaN and the subnormal results come out as they should.
#define vf_exp KERNEL(vf_exp)
static inline __attribute__((always_inline)) vf vf_exp(vf x) {
    const float round_to_integer = 0x1.8p23f;   // adding it leaves x·log2(e), rounded, in the low bits
    x = vf_select(x < -104.0f, vf_set(-104.0f), x);
    x = vf_select(x > 89.0f, vf_set(89.0f), x);
    const vf shifted = x * 0x1.715476p0f + round_to_integer;
    const vf n = shifted - round_to_integer;
    const vi exponent = (vi)shifted - (vi)vf_set(round_to_integer);
    vf r = x - n * 0x1.62e4p-1f;                // ln 2 in two parts; the first has few enough bits to be exact
    r = r - n * 0x1.7f7d1cp-20f;
    vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    const vi half = exponent >> 1, rest = exponent - half;   // in two steps, so that subnormals are reached
    return p * (vf)((half + 127) << 23) * (vf)((rest + 127) << 23);
}

#define vf_sigmoid KERNEL(vf_sigmoid)
static inline __attribute__((always_inline)) vf vf_sigmoid(vf x) { return 1.0f / (1.0f + vf_exp(-x)); }

/// Near 0 an odd polynomial, elsewhere 1 - 2/(e^2|x| + 1) with the sign of x.
#define vf_tanh KERNEL(vf_tanh)
static inline __attribute__((always_inline)) vf vf_tanh(vf x) {
    const vi sign = (vi)x & INT32_MIN;
    const vf size = (vf)((vi)x ^ sign), square = x * x;
    const vf far = 1.0f - 2.0f / (vf_exp(size + size) + 1.0f);
    vf p = square * -5.70498872745e-3f + 2.06390887954e-2f;
    p = p * square - 5.37397155531e-2f;
    p = p * square + 1.33314422036e-1f;
    p = p * square - 3.33332819422e-1f;
    const vf near = x + x * square * p;
    return vf_select(size < 0.625f, near, (vf)((vi)far | sign));
}
