// In a panel the rows of the matrix are lanes: four bytes of x meet four bytes of each of the 16 rows, and sums need no
// movement across lanes.
#ifndef ISA_PASS
#include "quantized.h"

#include "foundation/convert.h"
#include "isa.h"
#include "foundation/pieces.h"
#include "foundation/workspace.h"

enum { GROUP = SB_QUANTIZED_GROUP, PANEL = SB_QUANTIZED_ROWS, PRODUCT_WORK = 64 * 1024 };

// A group of x, rounded: x ≈ scale · numbers. `sum` is that of the numbers: it makes up for what the matrix's numbers are
// stored too high by.
typedef struct {
    int8_t numbers[GROUP];
    float scale;
    int32_t sum;
} rounded_group;

typedef struct {
    intptr_t m;
    const float *x;
    const sb_quantized *matrix;
    const float *bias;
    float *y;
    rounded_group *rounded;   // [m, k / GROUP]
    sb_pieces rows, panels;
} linear_job;
#endif

#define SOURCE "matmul/quantized_linear.c"
#define AVX512_ALSO ",avx512vnni"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/byte_products.h"
#include "foundation/lanes.h"

#define INLINE static inline __attribute__((always_inline))

// MARK: Rounding x

// Whole numbers from -127 to 127. A group with something infinite or NaN gets the scale NaN, and so does what it meets.
static void KERNEL(round_x)(const float *x, rounded_group *group) {
    float highest = 0, nothing = 0;
    for (int i = 0; i < GROUP; ++i) {
        const float size = fabsf(x[i]);
        highest = size > highest ? size : highest;
        nothing += x[i] * 0;
    }
    *group = (rounded_group){.scale = highest / 127 + nothing};
    if (nothing != 0 || highest < 0x1p-100f) return;
    const float inverse = 127 / highest, shift = 12582912;   // 1.5 · 2^23: beyond it floats have no fraction
    for (int i = 0; i < GROUP; ++i) group->numbers[i] = (int8_t)((x[i] * inverse + shift) - shift);
    for (int i = 0; i < GROUP; ++i) group->sum += group->numbers[i];
}

static void KERNEL(round_rows)(void *context, intptr_t piece) {
    const linear_job *job = context;
    const intptr_t k = job->matrix->k, groups = k / GROUP;
    for (intptr_t row = sb_piece_begin(job->rows, piece); row < sb_piece_end(job->rows, piece); ++row)
        for (intptr_t group = 0; group < groups; ++group)
            KERNEL(round_x)(job->x + row * k + group * GROUP, job->rounded + row * groups + group);
}

// MARK: Products

// The lanes of a panel's 16 rows.
#define PARTS (PANEL / LANES)
#define TILE (ISA_PASS == ISA_AVX512 ? 8 : 4)

INLINE int32_t KERNEL(four)(const int8_t *x) {
    int32_t bytes;
    memcpy(&bytes, x, sizeof bytes);
    return bytes;
}

// dots[r] = the products of a group of each of `rows` rows of x with the 16 rows of a panel, as whole numbers.
#if ISA_PASS == ISA_AVX512
INLINE void KERNEL(dots)(const int rows, const int bits, const uint8_t *w, const rounded_group *const *x, vi (*dots)[PARTS]) {
    vi sums[TILE];
    for (int r = 0; r < rows; ++r) sums[r] = x[r]->sum * (bits == 4 ? -8 : -128) - (vi){0};
#pragma clang loop unroll(full)
    for (int block = 0; block < bits; ++block, w += 64) {
        const __m512i bytes = _mm512_loadu_si512(w), mask = _mm512_set1_epi8(15);
        const vi low = (vi)(bits == 4 ? _mm512_and_si512(bytes, mask) : bytes);
        const vi high = (vi)_mm512_and_si512(_mm512_srli_epi16(bytes, 4), mask);
        for (int r = 0; r < rows; ++r) {
            sums[r] = byte_products(sums[r], low, KERNEL(four)(x[r]->numbers + 4 * block) - (vi){0});
            if (bits == 4)
                sums[r] = byte_products(sums[r], high, KERNEL(four)(x[r]->numbers + GROUP / 2 + 4 * block) - (vi){0});
        }
    }
    for (int r = 0; r < rows; ++r) dots[r][0] = sums[r];
}
#elif ISA_PASS == ISA_AVX2
// 4 bits: sums of 16 products of at most 15 · 127 fit into 16 bits.
INLINE void KERNEL(dots4)(const int rows, const int part, const uint8_t *w, const rounded_group *const *x,
                          vi (*dots)[PARTS]) {
    __m256i sums[TILE] = {0};
    const __m256i mask = _mm256_set1_epi8(15);
#pragma clang loop unroll(full)
    for (int block = 0; block < 4; ++block) {
        const __m256i bytes = _mm256_loadu_si256((const void *)(w + 64 * block + 32 * part));
        const __m256i low = _mm256_and_si256(bytes, mask), high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask);
        for (int r = 0; r < rows; ++r) {
            const __m256i first = _mm256_set1_epi32(KERNEL(four)(x[r]->numbers + 4 * block));
            const __m256i second = _mm256_set1_epi32(KERNEL(four)(x[r]->numbers + GROUP / 2 + 4 * block));
            sums[r] = _mm256_add_epi16(sums[r], _mm256_maddubs_epi16(low, first));
            sums[r] = _mm256_add_epi16(sums[r], _mm256_maddubs_epi16(high, second));
        }
    }
    for (int r = 0; r < rows; ++r)
        dots[r][part] = (vi)_mm256_add_epi32(_mm256_madd_epi16(sums[r], _mm256_set1_epi16(1)),
                                             _mm256_set1_epi32(-8 * x[r]->sum));
}

// 8 bits: sums of 2 products of at most 127 · 127 do, and the sign is moved from w to x, because one must have none.
INLINE void KERNEL(dots8)(const int rows, const int part, const uint8_t *w, const rounded_group *const *x,
                          vi (*dots)[PARTS]) {
    __m256i sums[TILE] = {0};
#pragma clang loop unroll(full)
    for (int block = 0; block < 8; ++block) {
        const __m256i bytes = _mm256_loadu_si256((const void *)(w + 64 * block + 32 * part));
        const __m256i number = _mm256_xor_si256(bytes, _mm256_set1_epi8(-128)), size = _mm256_abs_epi8(number);
        for (int r = 0; r < rows; ++r) {
            const __m256i four = _mm256_set1_epi32(KERNEL(four)(x[r]->numbers + 4 * block));
            const __m256i pairs = _mm256_maddubs_epi16(size, _mm256_sign_epi8(four, number));
            sums[r] = _mm256_add_epi32(sums[r], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
        }
    }
    for (int r = 0; r < rows; ++r) dots[r][part] = (vi)sums[r];
}

INLINE void KERNEL(dots)(const int rows, const int bits, const uint8_t *w, const rounded_group *const *x, vi (*dots)[PARTS]) {
    for (int part = 0; part < PARTS; ++part)
        if (bits == 4) KERNEL(dots4)(rows, part, w, x, dots);
        else KERNEL(dots8)(rows, part, w, x, dots);
}
#elif ISA_PASS == ISA_NEON_DOT
// Part by part, as the sums of all parts would not fit into the registers beside those of earlier groups.
INLINE void KERNEL(dots)(const int rows, const int bits, const uint8_t *w, const rounded_group *const *x, vi (*dots)[PARTS]) {
#pragma clang loop unroll(full)
    for (int part = 0; part < PARTS; ++part) {
        for (int r = 0; r < rows; ++r) dots[r][part] = vdupq_n_s32(x[r]->sum * (bits == 4 ? -8 : -128));
#define BLOCK_OF(lane, block, start) \
    { \
        const uint8x16_t bytes = vld1q_u8(w + 64 * (block) + 16 * part); \
        const uint8x16_t low = bits == 4 ? bytes & 15 : bytes, high = bytes >> 4; \
        for (int r = 0; r < rows; ++r) { \
            dots[r][part] = vusdotq_laneq_s32(dots[r][part], low, vld1q_s8(x[r]->numbers + start), lane); \
            if (bits == 4) dots[r][part] = vusdotq_laneq_s32(dots[r][part], high, vld1q_s8(x[r]->numbers + GROUP / 2), lane); \
        } \
    }
        BLOCK_OF(0, 0, 0) BLOCK_OF(1, 1, 0) BLOCK_OF(2, 2, 0) BLOCK_OF(3, 3, 0)
        if (bits == 4) continue;
        BLOCK_OF(0, 4, 16) BLOCK_OF(1, 5, 16) BLOCK_OF(2, 6, 16) BLOCK_OF(3, 7, 16)
#undef BLOCK_OF
    }
}
#elif ISA_PASS == ISA_NEON
// Four bytes of x, four times.
INLINE int8x16_t KERNEL(fours)(const int8_t *x) { return (int8x16_t)vdupq_n_s32(KERNEL(four)(x)); }

// 4 bits: sums of 8 products of at most 15 · 127 fit into 16 bits.
INLINE vi KERNEL(dots4)(const uint8_t *w, const rounded_group *x) {
    int16x8_t first = {0}, last = {0};
#pragma clang loop unroll(full)
    for (int block = 0; block < 4; ++block, w += 64) {
        const uint8x16_t bytes = vld1q_u8(w);
        const int8x16_t low = (int8x16_t)(bytes & 15), high = (int8x16_t)(bytes >> 4);
        const int8x16_t x_low = KERNEL(fours)(x->numbers + 4 * block), x_high = KERNEL(fours)(x->numbers + GROUP / 2 + 4 * block);
        first = vmlal_s8(vmlal_s8(first, vget_low_s8(low), vget_low_s8(x_low)), vget_low_s8(high), vget_low_s8(x_high));
        last = vmlal_high_s8(vmlal_high_s8(last, low, x_low), high, x_high);
    }
    return vpaddq_s32(vpaddlq_s16(first), vpaddlq_s16(last)) - 8 * x->sum;
}

// 8 bits: sums of 2 products of at most 128 · 127 do.
INLINE vi KERNEL(dots8)(const uint8_t *w, const rounded_group *x) {
    int32x4_t first = {0}, last = {0};
#pragma clang loop unroll(full)
    for (int block = 0; block < 8; block += 2, w += 128) {
        const int8x16_t a = (int8x16_t)(vld1q_u8(w) ^ 128), b = (int8x16_t)(vld1q_u8(w + 64) ^ 128);
        const int8x16_t x_a = KERNEL(fours)(x->numbers + 4 * block), x_b = KERNEL(fours)(x->numbers + 4 * block + 4);
        first = vpadalq_s16(first, vmlal_s8(vmull_s8(vget_low_s8(a), vget_low_s8(x_a)), vget_low_s8(b), vget_low_s8(x_b)));
        last = vpadalq_s16(last, vmlal_high_s8(vmull_high_s8(a, x_a), b, x_b));
    }
    return vpaddq_s32(first, last);
}

INLINE void KERNEL(dots)(const int rows, const int bits, const uint8_t *w, const rounded_group *const *x, vi (*dots)[PARTS]) {
    for (int part = 0; part < PARTS; ++part)
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; ++r)
            dots[r][part] = bits == 4 ? KERNEL(dots4)(w + 16 * part, x[r]) : KERNEL(dots8)(w + 16 * part, x[r]);
}
#else
INLINE void KERNEL(dots)(const int rows, const int bits, const uint8_t *w, const rounded_group *const *x, vi (*dots)[PARTS]) {
    for (int r = 0; r < rows; ++r) {
        int32_t sums[PANEL];
        for (int row = 0; row < PANEL; ++row) sums[row] = x[r]->sum * (bits == 4 ? -8 : -128);
        for (int block = 0; block < bits; ++block)
            for (int row = 0; row < PANEL; ++row)
                for (int i = 0; i < 4; ++i) {
                    const int byte = w[64 * block + 4 * row + i], first = x[r]->numbers[4 * block + i];
                    if (bits == 8) sums[row] += byte * first;
                    else sums[row] += (byte & 15) * first + (byte >> 4) * x[r]->numbers[GROUP / 2 + 4 * block + i];
                }
        memcpy(dots[r], sums, sizeof sums);
    }
}
#endif

// `rows` rows of y from `row` on, 16 columns. The first two arguments are constants after inlining.
INLINE void KERNEL(product_tile)(const int rows, const int bits, const linear_job *job, intptr_t panel, intptr_t row) {
    const intptr_t groups = job->matrix->k / GROUP, n = job->matrix->n;
    const uint8_t *w = job->matrix->numbers + panel * groups * 64 * bits;
    const uint16_t *scales = job->matrix->scales + panel * groups * PANEL;
    const rounded_group *x[TILE];
    for (int r = 0; r < rows; ++r) x[r] = job->rounded + (row + r) * groups;
    vf sums[TILE][PARTS] = {{{0}}};
    for (intptr_t group = 0; group < groups; ++group, w += 64 * bits, scales += PANEL) {
        vi dots[TILE][PARTS];
        KERNEL(dots)(rows, bits, w, x, dots);
        for (int part = 0; part < PARTS; ++part) {
            const vf scale = vf_load_bfloats(scales + part * LANES, LANES);
            for (int r = 0; r < rows; ++r)
                sums[r][part] += __builtin_convertvector(dots[r][part], vf) * (scale * x[r]->scale);
        }
        for (int r = 0; r < rows; ++r) ++x[r];
    }
    for (int part = 0; part < PARTS; ++part) {
        const intptr_t column = panel * PANEL + part * LANES, count = n - column < LANES ? n - column : LANES;
        if (count <= 0) break;
        const vf bias = job->bias ? vf_load_or(job->bias + column, count, 0) : (vf){0};
        for (int r = 0; r < rows; ++r) vf_store_some(job->y + (row + r) * n + column, sums[r][part] + bias, count);
    }
}

INLINE void KERNEL(product_panel)(const int bits, const linear_job *job, intptr_t panel) {
    intptr_t row = 0;
    for (; row + TILE <= job->m; row += TILE) KERNEL(product_tile)(TILE, bits, job, panel, row);
    for (; row < job->m; ++row) KERNEL(product_tile)(1, bits, job, panel, row);
}

static void KERNEL(product_piece)(void *context, intptr_t piece) {
    const linear_job *job = context;
    for (intptr_t panel = sb_piece_begin(job->panels, piece); panel < sb_piece_end(job->panels, piece); ++panel)
        if (job->matrix->bits == 4) KERNEL(product_panel)(4, job, panel);
        else KERNEL(product_panel)(8, job, panel);
}

static void KERNEL(quantized_linear)(linear_job *job) {
    sb_parallel(job->rows.count, KERNEL(round_rows), job);
    sb_parallel(job->panels.count, KERNEL(product_piece), job);
}

#undef INLINE
#undef PARTS
#undef TILE

#else

void sb_quantized_linear(intptr_t m, const float *x, const sb_quantized *matrix, const float *bias, float *y) {
    const intptr_t groups = matrix->k / GROUP, panels = (matrix->n + PANEL - 1) / PANEL;
    if (m <= 0 || matrix->n <= 0) return;
    const size_t bytes = sizeof(rounded_group) * (size_t)(m * groups);
    linear_job job = {.m = m, .x = x, .matrix = matrix, .bias = bias, .y = y, .rounded = sb_workspace(bytes),
                      .rows = sb_cut_rows(m, matrix->k), .panels = sb_cut(panels, PANEL * matrix->k, PRODUCT_WORK, INTPTR_MAX)};
    DISPATCH_BYTES(quantized_linear, &job);
    sb_free(job.rounded, bytes);
}

#endif
