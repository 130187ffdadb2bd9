// Winograd's minimal filtering F(4×4, 3×3): a tile of 4×4 outputs costs 36 multiplications for each pair of channels
// instead of 144 (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", section 4.2).
//
//     y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A          d: 6×6 inputs, g: 3×3 filter, y: 4×4 outputs
//
// The polynomials are evaluated at 0, ±√½, ±√2 and ∞; with these points rounding errors are several times smaller than
// with 0, ±1, ±2 and ∞. Each function below is one of the matrices, or its transpose, applied to one row or column of
// vectors; all lanes (channels) at once. Include inside an ISA pass, after vector.h.

#undef WINOGRAD_LINE
#define WINOGRAD_LINE(name) \
    static inline __attribute__((always_inline)) void KERNEL(name)(const vf *in, int step, vf *out, int out_step)

#ifndef SB_WINOGRAD_POINTS
#define SB_WINOGRAD_POINTS
#define POINT_A 0.70710678118654752f
#define POINT_B 1.41421356237309505f
#define CUBE_A 0.35355339059327376f
#define CUBE_B 2.82842712474619010f
#endif

#define IN(i) in[(i) * step]
#define OUT(i) out[(i) * out_step]

/// Bᵀ: 6 inputs to 6 points.
WINOGRAD_LINE(input_line) {
    const vf even_a = IN(4) - 2.0f * IN(2), odd_a = POINT_A * (IN(3) - 2.0f * IN(1));
    const vf even_b = IN(4) - 0.5f * IN(2), odd_b = POINT_B * (IN(3) - 0.5f * IN(1));
    const vf zero = IN(0) - 2.5f * IN(2) + IN(4), infinity = IN(1) - 2.5f * IN(3) + IN(5);
    OUT(0) = zero;
    OUT(1) = even_a + odd_a;
    OUT(2) = even_a - odd_a;
    OUT(3) = even_b + odd_b;
    OUT(4) = even_b - odd_b;
    OUT(5) = infinity;
}

/// G: 3 filter taps to 6 points.
WINOGRAD_LINE(filter_line) {
    const vf even_a = (IN(0) + 0.5f * IN(2)) * (-2.0f / 3), odd_a = IN(1) * (POINT_A * -2.0f / 3);
    const vf even_b = (IN(0) + 2.0f * IN(2)) * (1.0f / 6), odd_b = IN(1) * (POINT_B / 6);
    const vf zero = IN(0), infinity = IN(2);
    OUT(0) = zero;
    OUT(1) = even_a + odd_a;
    OUT(2) = even_a - odd_a;
    OUT(3) = even_b + odd_b;
    OUT(4) = even_b - odd_b;
    OUT(5) = infinity;
}

/// Aᵀ: 6 points to 4 outputs.
WINOGRAD_LINE(output_line) {
    const vf sum_a = IN(1) + IN(2), difference_a = IN(1) - IN(2);
    const vf sum_b = IN(3) + IN(4), difference_b = IN(3) - IN(4);
    const vf first = IN(0) + sum_a + sum_b, last = IN(5) + CUBE_A * difference_a + CUBE_B * difference_b;
    OUT(0) = first;
    OUT(1) = POINT_A * difference_a + POINT_B * difference_b;
    OUT(2) = 0.5f * sum_a + 2.0f * sum_b;
    OUT(3) = last;
}

/// A: 4 output gradients to 6 points.
WINOGRAD_LINE(output_gradient_line) {
    const vf even_a = IN(0) + 0.5f * IN(2), odd_a = POINT_A * IN(1) + CUBE_A * IN(3);
    const vf even_b = IN(0) + 2.0f * IN(2), odd_b = POINT_B * IN(1) + CUBE_B * IN(3);
    const vf zero = IN(0), infinity = IN(3);
    OUT(0) = zero;
    OUT(1) = even_a + odd_a;
    OUT(2) = even_a - odd_a;
    OUT(3) = even_b + odd_b;
    OUT(4) = even_b - odd_b;
    OUT(5) = infinity;
}

/// Gᵀ: 6 points to the gradients of 3 filter taps.
WINOGRAD_LINE(filter_gradient_line) {
    const vf sum_a = (IN(1) + IN(2)) * (-2.0f / 3), difference_a = (IN(1) - IN(2)) * (POINT_A * -2.0f / 3);
    const vf sum_b = (IN(3) + IN(4)) * (1.0f / 6), difference_b = (IN(3) - IN(4)) * (POINT_B / 6);
    const vf first = IN(0) + sum_a + sum_b, last = IN(5) + 0.5f * sum_a + 2.0f * sum_b;
    OUT(0) = first;
    OUT(1) = difference_a + difference_b;
    OUT(2) = last;
}

#undef IN
#undef OUT

/// Applies a line function to all columns and then to all rows: from × from vectors become to × to. Inside, `LOAD`
/// yields element (i, j) and `STORE` takes element (i, j) as `value`: only what lies between the two passes needs room.
#define WINOGRAD_TRANSFORM(line, from, to, LOAD, STORE) \
    do { \
        vf between[6 * 6], values[6]; \
        _Pragma("clang loop unroll(full)") \
        for (int j = 0; j < (from); ++j) { \
            _Pragma("clang loop unroll(full)") \
            for (int i = 0; i < (from); ++i) values[i] = LOAD(i, j); \
            KERNEL(line)(values, 1, between + j, from); \
        } \
        _Pragma("clang loop unroll(full)") \
        for (int i = 0; i < (to); ++i) { \
            KERNEL(line)(between + i * (from), 1, values, 1); \
            _Pragma("clang loop unroll(full)") \
            for (int j = 0; j < (to); ++j) { STORE(i, j, values[j]); } \
        } \
    } while (0)
