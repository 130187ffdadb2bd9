// Rounding matrices to groups of few bits, and back.
#ifndef ISA_PASS
#include "quantized.h"

#include "foundation/convert.h"
#include "foundation/pieces.h"

enum { GROUP = SB_QUANTIZED_GROUP, PANEL = SB_QUANTIZED_ROWS, CANDIDATES = 16 };

typedef struct {
    const float *w;
    intptr_t w_row, w_col;
    const sb_quantized *matrix;
    const int64_t *rows;   // sb_quantized_rows only
    float *y;
    sb_pieces pieces;
} quantize_job;

static inline intptr_t blocks_of(const sb_quantized *matrix) { return matrix->bits; }   // of 64 bytes, in a group

// The byte that holds element i of a group of row `row` of a panel, and whether it is the byte's high half.
static inline intptr_t place_of(int bits, intptr_t row, intptr_t i, int *high) {
    *high = bits == 4 && i >= GROUP / 2;
    const intptr_t element = *high ? i - GROUP / 2 : i;
    return element / 4 * 4 * PANEL + row * 4 + element % 4;
}

// To the nearest whole number, halves to the even one, for |x| < 2^22.
static inline float nearest(float x) {
    const float shift = 12582912;   // 1.5 · 2^23: beyond it floats have no fraction
    return (x + shift) - shift;
}
#endif

#define SOURCE "matmul/quantized.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS

// q = the nearest whole numbers to w / scale within the bounds; returns Σ (w - scale · q)².
static inline __attribute__((always_inline)) float KERNEL(round_group)(const float *w, float scale, float lowest,
                                                                       float highest, float *q) {
    const float inverse = scale == 0 ? 0 : 1 / scale;
    float error[GROUP];
    for (int i = 0; i < GROUP; ++i) {
        const float value = nearest(w[i] * inverse);
        q[i] = value < lowest ? lowest : value > highest ? highest : value;
        error[i] = (w[i] - scale * q[i]) * (w[i] - scale * q[i]);
    }
    for (int half = GROUP / 2; half; half /= 2)
        for (int i = 0; i < half; ++i) error[i] += error[i + half];
    return error[0];
}

// Chooses a group's scale and whole numbers. A group with something infinite or NaN gets the scale NaN.
static float KERNEL(fit_group)(const float *w, int bits, float *q) {
    float extreme = 0, nothing = 0;
    for (int i = 0; i < GROUP; ++i) {
        nothing += w[i] * 0;
        if (fabsf(w[i]) > fabsf(extreme)) extreme = w[i];
    }
    memset(q, 0, GROUP * sizeof *q);
    if (nothing != 0 || extreme == 0) return nothing;
    if (bits == 8) {
        const float scale = float_of_bfloat(bfloat_of_float(extreme / 127));
        KERNEL(round_group)(w, scale, -127, 127, q);
        return scale;
    }
    // The lowest number, -8, has no opposite: it is the extreme's, whatever the sign.
    float best = 0, least = INFINITY, trial[GROUP];
    for (int i = 0; i < CANDIDATES; ++i) {
        const float scale = float_of_bfloat(bfloat_of_float(extreme / (-6.5f - 0.15f * (float)i)));
        const float error = KERNEL(round_group)(w, scale, -8, 7, trial);
        if (!(error < least)) continue;
        least = error, best = scale;
        memcpy(q, trial, sizeof trial);
    }
    return best;
}

static void KERNEL(quantize_group)(const quantize_job *job, intptr_t panel, intptr_t group, uint8_t *numbers,
                                   uint16_t *scales) {
    const sb_quantized *matrix = job->matrix;
    const int offset = matrix->bits == 4 ? 8 : 128;
    memset(numbers, 0, (size_t)(64 * blocks_of(matrix)));
    for (intptr_t row = 0; row < PANEL; ++row) {
        float w[GROUP] = {0}, q[GROUP];
        const intptr_t place = panel * PANEL + row;
        if (place < matrix->n)
            for (intptr_t i = 0; i < GROUP; ++i) w[i] = job->w[place * job->w_row + (group * GROUP + i) * job->w_col];
        scales[row] = bfloat_of_float(KERNEL(fit_group)(w, matrix->bits, q));
        for (intptr_t i = 0; i < GROUP; ++i) {
            int high;
            uint8_t *byte = numbers + place_of(matrix->bits, row, i, &high);
            *byte |= (uint8_t)(((int)q[i] + offset) << (high ? 4 : 0));
        }
    }
}

static void KERNEL(quantize_piece)(void *context, intptr_t panel) {
    const quantize_job *job = context;
    const sb_quantized *matrix = job->matrix;
    const intptr_t groups = matrix->k / GROUP, bytes = 64 * blocks_of(matrix);
    for (intptr_t group = 0; group < groups; ++group) {
        const intptr_t place = panel * groups + group;
        KERNEL(quantize_group)(job, panel, group, matrix->numbers + place * bytes, matrix->scales + place * PANEL);
    }
}

static void KERNEL(quantize)(intptr_t panels, quantize_job *job) { sb_parallel(panels, KERNEL(quantize_piece), job); }

static void KERNEL(expand_row)(const sb_quantized *matrix, intptr_t row, float *y) {
    const intptr_t groups = matrix->k / GROUP, bytes = 64 * blocks_of(matrix);
    for (intptr_t group = 0; group < groups; ++group, y += GROUP) {
        const intptr_t place = row / PANEL * groups + group;
        const uint8_t *numbers = matrix->numbers + place * bytes;
        const float scale = float_of_bfloat(matrix->scales[place * PANEL + row % PANEL]);
        for (intptr_t i = 0; i < GROUP; ++i) {
            int high;
            const int byte = numbers[place_of(matrix->bits, row % PANEL, i, &high)];
            y[i] = scale * (float)(matrix->bits == 8 ? byte - 128 : (high ? byte >> 4 : byte & 15) - 8);
        }
    }
}

static void KERNEL(expand_piece)(void *context, intptr_t piece) {
    const quantize_job *job = context;
    for (intptr_t i = sb_piece_begin(job->pieces, piece); i < sb_piece_end(job->pieces, piece); ++i)
        KERNEL(expand_row)(job->matrix, job->rows[i], job->y + i * job->matrix->k);
}

static void KERNEL(expand)(quantize_job *job) { sb_parallel(job->pieces.count, KERNEL(expand_piece), job); }

#else

static intptr_t panels_of(intptr_t n) { return (n + PANEL - 1) / PANEL; }

intptr_t sb_quantized_bytes(intptr_t n, intptr_t k, int bits) { return panels_of(n) * PANEL * k * bits / 8; }

intptr_t sb_quantized_scales(intptr_t n, intptr_t k) { return panels_of(n) * PANEL * k / GROUP; }

void sb_quantize(const float *w, intptr_t w_row, intptr_t w_col, const sb_quantized *matrix) {
    quantize_job job = {.w = w, .w_row = w_row, .w_col = w_col, .matrix = matrix};
    DISPATCH(quantize, panels_of(matrix->n), &job);
}

void sb_quantized_rows(const sb_quantized *matrix, intptr_t count, const int64_t *rows, float *y) {
    quantize_job job = {.matrix = matrix, .rows = rows, .y = y, .pieces = sb_cut_rows(count, matrix->k)};
    DISPATCH(expand, &job);
}

#endif
