// Winograd's minimal filtering (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", section 4.2): a tile
// of outputs costs fewer multiplications for each pair of channels than it has products of inputs and taps.
//
//     y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A          d: inputs, g: 3×3 filter, y: outputs
//
//     f4    F(4×4, 3×3): 36 multiplications in place of 144
//     f2    F(2×2, 3×3): 16 in place of 36, for maps of few pixels
//     s2    stride 2, 4×4 outputs: 81 in place of 144. Even inputs meet two taps, which is F(4, 2) with 5 points; odd
//           inputs meet one, and are their own points, with one filter for all of them
//     s2i   the gradient toward the input of such a convolution with padding 1, 8×8 inputs: 81 in place of 144
//
// Each function below is one of the matrices, or its transpose, applied to one row or column of vectors; all lanes
// (channels) at once. Include inside an ISA pass, after vector.h.

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

// MARK: F(4, 3)
//
// The polynomials are evaluated at 0, ±√½, ±√2 and ∞; with these points rounding errors are several times smaller than
// with 0, ±1, ±2 and ∞.

// The values of a polynomial at the six points, from its even and odd parts at ±√½ and ±√2.
#define STORE_POINTS(zero, even_a, odd_a, even_b, odd_b, infinity) \
    do { \
        OUT(0) = zero; \
        OUT(1) = even_a + odd_a; \
        OUT(2) = even_a - odd_a; \
        OUT(3) = even_b + odd_b; \
        OUT(4) = even_b - odd_b; \
        OUT(5) = infinity; \
    } while (0)

/// Bᵀ: 6 inputs to 6 points.
WINOGRAD_LINE(f4_input_line) {
    const vf even_a = IN(4) - 2.0f * IN(2), odd_a = POINT_A * (IN(3) - 2.0f * IN(1));
    const vf even_b = IN(4) - 0.5f * IN(2), odd_b = POINT_B * (IN(3) - 0.5f * IN(1));
    const vf zero = IN(0) - 2.5f * IN(2) + IN(4), infinity = IN(1) - 2.5f * IN(3) + IN(5);
    STORE_POINTS(zero, even_a, odd_a, even_b, odd_b, infinity);
}

/// G: 3 filter taps to 6 points.
WINOGRAD_LINE(f4_filter_line) {
    const vf even_a = (IN(0) + 0.5f * IN(2)) * (-2.0f / 3), odd_a = IN(1) * (POINT_A * -2.0f / 3);
    const vf even_b = (IN(0) + 2.0f * IN(2)) * (1.0f / 6), odd_b = IN(1) * (POINT_B / 6);
    const vf zero = IN(0), infinity = IN(2);
    STORE_POINTS(zero, even_a, odd_a, even_b, odd_b, infinity);
}

/// Aᵀ: 6 points to 4 outputs.
WINOGRAD_LINE(f4_output_line) {
    const vf sum_a = IN(1) + IN(2), difference_a = IN(1) - IN(2);
    const vf sum_b = IN(3) + IN(4), difference_b = IN(3) - IN(4);
    const vf first = IN(0) + sum_a + sum_b, last = IN(5) + CUBE_A * difference_a + CUBE_B * difference_b;
    OUT(0) = first;
    OUT(1) = POINT_A * difference_a + POINT_B * difference_b;
    OUT(2) = 0.5f * sum_a + 2.0f * sum_b;
    OUT(3) = last;
}

/// A: 4 output gradients to 6 points.
WINOGRAD_LINE(f4_output_gradient_line) {
    const vf even_a = IN(0) + 0.5f * IN(2), odd_a = POINT_A * IN(1) + CUBE_A * IN(3);
    const vf even_b = IN(0) + 2.0f * IN(2), odd_b = POINT_B * IN(1) + CUBE_B * IN(3);
    const vf zero = IN(0), infinity = IN(3);
    STORE_POINTS(zero, even_a, odd_a, even_b, odd_b, infinity);
}

/// Gᵀ: 6 points to the gradients of 3 filter taps.
WINOGRAD_LINE(f4_filter_gradient_line) {
    const vf sum_a = (IN(1) + IN(2)) * (-2.0f / 3), difference_a = (IN(1) - IN(2)) * (POINT_A * -2.0f / 3);
    const vf sum_b = (IN(3) + IN(4)) * (1.0f / 6), difference_b = (IN(3) - IN(4)) * (POINT_B / 6);
    const vf first = IN(0) + sum_a + sum_b, last = IN(5) + 0.5f * sum_a + 2.0f * sum_b;
    OUT(0) = first;
    OUT(1) = difference_a + difference_b;
    OUT(2) = last;
}

#undef STORE_POINTS

// MARK: F(2, 3), at 0, ±1 and ∞

/// Bᵀ: 4 inputs to 4 points.
WINOGRAD_LINE(f2_input_line) {
    const vf zero = IN(0) - IN(2), infinity = IN(3) - IN(1), even = IN(2), odd = IN(1);
    OUT(0) = zero;
    OUT(1) = even + odd;
    OUT(2) = even - odd;
    OUT(3) = infinity;
}

/// G: 3 filter taps to 4 points.
WINOGRAD_LINE(f2_filter_line) {
    const vf even = 0.5f * (IN(0) + IN(2)), odd = 0.5f * IN(1), zero = IN(0), infinity = IN(2);
    OUT(0) = zero;
    OUT(1) = even + odd;
    OUT(2) = even - odd;
    OUT(3) = infinity;
}

/// Aᵀ: 4 points to 2 outputs.
WINOGRAD_LINE(f2_output_line) {
    const vf first = IN(0) + IN(1) + IN(2), second = IN(1) - IN(2) + IN(3);
    OUT(0) = first;
    OUT(1) = second;
}

// MARK: Stride 2, by F(4, 2) at ±½, ±1 and ∞

/// Bᵀ of F(4, 2): 5 inputs to 5 points.
static inline __attribute__((always_inline)) void KERNEL(two_taps_input)(const vf in[5], vf *out, int out_step) {
    const vf even_a = 0.5f * (in[2] - in[0]), odd_a = in[3] - in[1];
    const vf even_b = in[2] - 0.25f * in[0], odd_b = in[3] - 0.25f * in[1];
    OUT(0) = even_a + odd_a;
    OUT(1) = even_a - odd_a;
    OUT(2) = even_b + odd_b;
    OUT(3) = even_b - odd_b;
    OUT(4) = in[4] - 1.25f * in[2] + 0.25f * in[0];
}

/// G: the two taps to 5 points, and the tap between them.
static inline __attribute__((always_inline)) void KERNEL(two_taps_filter)(vf first, vf second, vf alone, vf *out,
                                                                          int out_step) {
    OUT(0) = (-4.0f / 3) * first + (-2.0f / 3) * second;
    OUT(1) = (-4.0f / 3) * first - (-2.0f / 3) * second;
    OUT(2) = (2.0f / 3) * (first + second);
    OUT(3) = (2.0f / 3) * (first - second);
    OUT(4) = second;
    OUT(5) = alone;
}

/// Aᵀ: 5 points to 4 outputs.
static inline __attribute__((always_inline)) void KERNEL(two_taps_output)(const vf *in, int step, vf y[4]) {
    const vf sum_a = IN(0) + IN(1), difference_a = IN(0) - IN(1);
    const vf sum_b = IN(2) + IN(3), difference_b = IN(2) - IN(3);
    y[0] = sum_a + sum_b;
    y[1] = 0.5f * difference_a + difference_b;
    y[2] = 0.25f * sum_a + sum_b;
    y[3] = 0.125f * difference_a + difference_b + IN(4);
}

/// 9 inputs to 9 points.
WINOGRAD_LINE(s2_input_line) {
    const vf even[5] = {IN(0), IN(2), IN(4), IN(6), IN(8)}, odd[4] = {IN(1), IN(3), IN(5), IN(7)};
    KERNEL(two_taps_input)(even, out, out_step);
    for (int i = 0; i < 4; ++i) OUT(5 + i) = odd[i];
}

/// 3 filter taps to the filters of 5 points, and that of the others.
WINOGRAD_LINE(s2_filter_line) { KERNEL(two_taps_filter)(IN(0), IN(2), IN(1), out, out_step); }

/// 9 points to 4 outputs.
WINOGRAD_LINE(s2_output_line) {
    vf y[4];
    KERNEL(two_taps_output)(in, step, y);
    const vf alone[4] = {IN(5), IN(6), IN(7), IN(8)};
    for (int i = 0; i < 4; ++i) OUT(i) = y[i] + alone[i];
}

/// 5 output gradients to 9 points.
WINOGRAD_LINE(s2i_input_line) {
    const vf gradients[5] = {IN(0), IN(1), IN(2), IN(3), IN(4)};
    KERNEL(two_taps_input)(gradients, out, out_step);
    for (int i = 0; i < 4; ++i) OUT(5 + i) = gradients[i];
}

WINOGRAD_LINE(s2i_filter_line) { KERNEL(two_taps_filter)(IN(2), IN(0), IN(1), out, out_step); }

/// 9 points to 8 input gradients: every other one meets the two taps.
WINOGRAD_LINE(s2i_output_line) {
    vf y[4];
    KERNEL(two_taps_output)(in, step, y);
    const vf alone[4] = {IN(5), IN(6), IN(7), IN(8)};
    for (int i = 0; i < 4; ++i) {
        OUT(2 * i) = alone[i];
        OUT(2 * i + 1) = y[i];
    }
}

#undef IN
#undef OUT

/// Applies a line function to all columns and then to all rows: from × from vectors become to × to. Inside, `LOAD`
/// yields element (i, j) and `STORE` takes element (i, j) as `value`: only what lies between the two passes needs room.
#define WINOGRAD_TRANSFORM(line, from, to, LOAD, STORE) \
    do { \
        vf between[(from) * (to)], values[9]; \
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
