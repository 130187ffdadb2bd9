// Squares of LANES × LANES elements, transposed in registers. Include inside an ISA pass, after vector.h and lanes.h.

#undef FIRST_HALVES
#undef SECOND_HALVES
#undef transpose_square
#undef gather_lines

#if LANES == 16
#define FIRST_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define SECOND_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif LANES == 8
#define FIRST_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define SECOND_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#else
#define FIRST_HALVES 0, 4, 1, 5
#define SECOND_HALVES 2, 6, 3, 7
#endif

/// In place: each round interleaves the first half of the rows with the second.
#define transpose_square KERNEL(transpose_square)
static inline __attribute__((always_inline)) void transpose_square(vf v[LANES]) {
    vf w[LANES];
    for (int round = 1; round < LANES; round *= 2) {
        for (int i = 0; i < LANES / 2; ++i) {
            w[2 * i] = __builtin_shufflevector(v[i], v[i + LANES / 2], FIRST_HALVES);
            w[2 * i + 1] = __builtin_shufflevector(v[i], v[i + LANES / 2], SECOND_HALVES);
        }
        memcpy(v, w, sizeof w);
    }
}

/// Element k of each of `lines` lines, which lie `line_stride` apart: lane l of to[k] is from[l · line_stride + k], for
/// k in 0 ..< count and at most LANES lines. Lanes of lines that are not there are 0, and so are elements that are not.
/// What lies `ahead` of each line is asked for: no processor guesses that many streams.
#define gather_lines KERNEL(gather_lines)
static inline __attribute__((always_inline)) void gather_lines(const float *from, intptr_t line_stride, intptr_t lines,
                                                               intptr_t count, intptr_t ahead, vf to[LANES]) {
    for (int l = 0; l < LANES; ++l) __builtin_prefetch(from + l * line_stride + ahead);
    if (lines >= LANES && count >= LANES)
        for (int l = 0; l < LANES; ++l) to[l] = vf_load(from + l * line_stride);
    else if (lines >= LANES)
        for (int l = 0; l < LANES; ++l) to[l] = vf_load_part(from + l * line_stride, count);
    else
        for (int l = 0; l < LANES; ++l) to[l] = l < lines ? vf_load_or(from + l * line_stride, count, 0) : (vf){0};
    transpose_square(to);
}
