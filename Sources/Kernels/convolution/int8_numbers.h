// Numbers in bytes, and what a convolution of bytes does to its sums. Include inside an ISA pass, after vector.h and lanes.h, in a
// file that forbids contraction: products and sums are rounded one by one, so that every instruction set gives the same bits.

#undef vb
#undef vi_load_bytes
#undef vi_store_bytes
#undef v_numbers
#undef v_bytes
#undef v_logistic_product
#undef v_finished
#undef v_store_finished

#define vb KERNEL(vb)
typedef uint8_t vb __attribute__((vector_size(LANES)));

/// The first `count` bytes as whole numbers, zeros after them; any count above LANES is as good as LANES.
#define vi_load_bytes KERNEL(vi_load_bytes)
static inline __attribute__((always_inline)) vi vi_load_bytes(const uint8_t *p, intptr_t count) {
    vb bytes = {0};
    if (__builtin_expect(count >= LANES, 1)) memcpy(&bytes, p, sizeof bytes);
    else memcpy(&bytes, p, (size_t)count);
    return __builtin_convertvector(bytes, vi);
}

#define vi_store_bytes KERNEL(vi_store_bytes)
static inline __attribute__((always_inline)) void vi_store_bytes(uint8_t *p, vi v, intptr_t count) {
    const vb bytes = __builtin_convertvector(v, vb);
    if (__builtin_expect(count >= LANES, 1)) memcpy(p, &bytes, sizeof bytes);
    else memcpy(p, &bytes, (size_t)count);
}

/// The numbers that bytes stand for.
#define v_numbers KERNEL(v_numbers)
static inline __attribute__((always_inline)) vf v_numbers(vi bytes, float scale, int32_t zero) {
    return __builtin_convertvector(bytes - zero, vf) * scale;
}

/// The nearest bytes, to even between two, for 1 / scale; NaN is the lowest.
#define v_bytes KERNEL(v_bytes)
static inline __attribute__((always_inline)) vi v_bytes(vf x, float inverse, int32_t zero) {
    const vf low = vf_set((float)-zero), high = vf_set((float)(255 - zero));
    x = x * inverse;
    x = vf_select(x > low, x, low);
    x = vf_select(x < high, x, high);
    return (vi)(x + 0x1.8p23f) - (vi)vf_set(0x1.8p23f) + zero;   // beyond 2^23 floats have no fraction
}

/// x · sigmoid(x) to about 2^-18, from additions, multiplications and one division. 2^f by its Taylor polynomial, |f| <= 1/2.
#define v_logistic_product KERNEL(v_logistic_product)
static inline __attribute__((always_inline)) vf v_logistic_product(vf x) {
    vf t = x * -1.44269504f;
    t = vf_select(t > -126, t, vf_set(-126));
    t = vf_select(t < 126, t, vf_set(126));
    const vf shifted = t + 0x1.8p23f, f = t - (shifted - 0x1.8p23f);
    vf power = f * 1.3333558e-3f + 9.6181291e-3f;
    power = power * f + 5.5504109e-2f;
    power = power * f + 2.4022651e-1f;
    power = power * f + 6.9314718e-1f;
    power = power * f + 1;
    return x / ((vf)((vi)power + ((vi)shifted << 23)) + 1);
}

/// The number that is stored for a sum: see sb_int8_epilogue. `residual` is 0 where there is none.
#define v_finished KERNEL(v_finished)
static inline __attribute__((always_inline)) vf v_finished(const sb_int8_epilogue *epilogue, vf sum, vf scale, vf bias,
                                                           vf residual) {
    vf value = sum * scale + bias;
    if (!epilogue->residual_last) value = value + residual;
    switch (epilogue->activation) {
        case SB_ACT_NONE: break;
        case SB_ACT_RELU: value = vf_select(value < 0, (vf){0}, value); break;
        case SB_ACT_SILU: value = v_logistic_product(value); break;
    }
    if (epilogue->residual_last) value = value + residual;
    if (epilogue->low == -INFINITY && epilogue->high == INFINITY) return value;
    const vf low = vf_set(epilogue->low), high = vf_set(epilogue->high);
    value = vf_select(value < low, low, value);
    return vf_select(value > high, high, value);
}

/// Stores `count` channels of a pixel from `channel` on, of which these are the sums.
#define v_store_finished KERNEL(v_store_finished)
static inline __attribute__((always_inline)) void v_store_finished(const sb_int8_epilogue *epilogue, const sb_int8_result *y,
                                                                   float inverse, vf sum, intptr_t pixel, intptr_t channel,
                                                                   intptr_t count) {
    const sb_int8_map *r = &epilogue->residual;
    vf residual = {0};
    if (r->data) residual = v_numbers(vi_load_bytes(r->data + pixel * r->pixel + channel, count), r->scale, r->zero);
    else if (epilogue->floats) residual = vf_load_or(epilogue->floats + pixel * epilogue->float_pixel + channel, count, 0);
    const vf value = v_finished(epilogue, sum, vf_load_or(epilogue->scale + channel, count, 0),
                                vf_load_or(epilogue->bias + channel, count, 0), residual);
    if (y->floats) vf_store_some(y->floats + pixel * y->float_pixel + channel, value, count);
    else vi_store_bytes(y->map.data + pixel * y->map.pixel + channel, v_bytes(value, inverse, y->map.zero), count);
}
