// Numbers in bytes, and what a convolution of bytes does to its sums. Include inside an ISA pass, after vector.h and lanes.h, in a
// file that forbids contraction: products and sums are rounded one by one, so that every instruction set gives the same bits.

#undef vb
#undef vi_load_bytes
#undef vi_store_bytes
#undef v_numbers
#undef v_bytes
#undef v_logistic_product
#undef v_finish
#undef v_finish_for
#undef v_store_finished

#define vb KERNEL(vb)
typedef uint8_t vb __attribute__((vector_size(LANES)));

/// The first `count` bytes as whole numbers, zeros after them; any count above LANES is as good as LANES.
#define vi_load_bytes KERNEL(vi_load_bytes)
static inline __attribute__((always_inline)) vi vi_load_bytes(const uint8_t *p, intptr_t count) {
    vb bytes = {0};
    if (__builtin_expect(count >= LANES, 1)) memcpy(&bytes, p, sizeof bytes);
#if ISA_PASS == ISA_AVX512
    else bytes = (vb)_mm_maskz_loadu_epi8((__mmask16)((1u << count) - 1), p);
#else
    else memcpy(&bytes, p, (size_t)count);
#endif
    return __builtin_convertvector(bytes, vi);
}

#define vi_store_bytes KERNEL(vi_store_bytes)
static inline __attribute__((always_inline)) void vi_store_bytes(uint8_t *p, vi v, intptr_t count) {
    const vb bytes = __builtin_convertvector(v, vb);
    if (__builtin_expect(count >= LANES, 1)) memcpy(p, &bytes, sizeof bytes);
#if ISA_PASS == ISA_AVX512
    else _mm_mask_storeu_epi8(p, (__mmask16)((1u << count) - 1), (__m128i)bytes);
#else
    else memcpy(p, &bytes, (size_t)count);
#endif
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

/// x · sigmoid(x) to about 2^-18, from additions, multiplications and one division. 2^f, |f| <= 1/2, by the polynomial of
/// degree 4 whose greatest relative error is least.
#define v_logistic_product KERNEL(v_logistic_product)
static inline __attribute__((always_inline)) vf v_logistic_product(vf x) {
    vf t = x * -1.44269504f;
    t = vf_select(t > -126, t, vf_set(-126));
    t = vf_select(t < 126, t, vf_set(126));
    const vf shifted = t + 0x1.8p23f, f = t - (shifted - 0x1.8p23f);
    vf power = f * 9.5701e-3f + 5.591786e-2f;
    power = power * f + 2.4024744e-1f;
    power = power * f + 6.931218e-1f;
    power = power * f + 9.999993e-1f;
    return x / ((vf)((vi)power + ((vi)shifted << 23)) + 1);
}

/// What finishes the sums of a vector of outputs: see sb_int8_epilogue. It is read once for many pixels, as any byte that is
/// stored might change what a pointer leads to.
#define v_finish KERNEL(v_finish)
typedef struct {
    vf scale, bias;
    vf low, high;                // bounds
    bool is_bounded, residual_last;
    sb_int8_map residual, y;     // from the first of the outputs on
    const float *floats;
    float *float_y;
    intptr_t float_pixel, float_y_pixel;
    intptr_t count;              // of the outputs
    float inverse;               // 1 / scale of the result
} v_finish;

/// For `count` outputs from `channel` on.
#define v_finish_for KERNEL(v_finish_for)
static inline __attribute__((always_inline)) v_finish v_finish_for(const sb_int8_epilogue *epilogue, const sb_int8_result *y,
                                                                   intptr_t channel, intptr_t count) {
    v_finish finish = {.scale = vf_load_or(epilogue->scale + channel, count, 0),
                       .bias = vf_load_or(epilogue->bias + channel, count, 0),
                       .low = vf_set(epilogue->low), .high = vf_set(epilogue->high),
                       .is_bounded = epilogue->low != -INFINITY || epilogue->high != INFINITY,
                       .residual_last = epilogue->residual_last, .residual = epilogue->residual, .y = y->map,
                       .float_pixel = epilogue->float_pixel, .float_y_pixel = y->float_pixel, .count = count};
    if (epilogue->residual.data) finish.residual.data += channel;
    else if (epilogue->floats) finish.floats = epilogue->floats + channel;
    if (y->floats) {
        finish.float_y = y->floats + channel;
    } else {
        finish.y.data += channel;
        finish.inverse = 1 / y->map.scale;
    }
    return finish;
}

/// Stores the outputs of a pixel, of which these are the sums; `activation` is a constant after inlining.
#define v_store_finished KERNEL(v_store_finished)
static inline __attribute__((always_inline)) void v_store_finished(const sb_activation activation, const v_finish *f, vf sum,
                                                                   intptr_t pixel) {
    const sb_int8_map *r = &f->residual;
    const bool has_residual = r->data || f->floats;
    vf residual = {0};
    if (r->data) residual = v_numbers(vi_load_bytes(r->data + pixel * r->pixel, f->count), r->scale, r->zero);
    else if (f->floats) residual = vf_load_or(f->floats + pixel * f->float_pixel, f->count, 0);
    vf value = sum * f->scale + f->bias;
    if (has_residual && !f->residual_last) value = value + residual;
    switch (activation) {
        case SB_ACT_NONE: break;
        case SB_ACT_RELU: value = vf_select(value < 0, (vf){0}, value); break;
        case SB_ACT_SILU: value = v_logistic_product(value); break;
    }
    if (has_residual && f->residual_last) value = value + residual;
    if (f->is_bounded) {
        value = vf_select(value < f->low, f->low, value);
        value = vf_select(value > f->high, f->high, value);
    }
    if (f->float_y) vf_store_some(f->float_y + pixel * f->float_y_pixel, value, f->count);
    else vi_store_bytes(f->y.data + pixel * f->y.pixel, v_bytes(value, f->inverse, f->y.zero), f->count);
}

/// Runs a statement with `ACTIVATION` as a constant, that of the epilogue.
#undef WITH_ACTIVATION
#define WITH_ACTIVATION(activation, ...)                                                 \
    switch (activation) {                                                                \
        case SB_ACT_NONE: { enum { ACTIVATION = SB_ACT_NONE }; __VA_ARGS__; break; }     \
        case SB_ACT_RELU: { enum { ACTIVATION = SB_ACT_RELU }; __VA_ARGS__; break; }     \
        case SB_ACT_SILU: { enum { ACTIVATION = SB_ACT_SILU }; __VA_ARGS__; break; }     \
    }
