#ifndef ISA_PASS
#include "ceilings.h"

enum {
    CHAINS = 16,       // independent sums: more than latency times units, fewer than registers
    BLOCK = 1 << 16,   // floats in a piece of memory
};

typedef struct {
    intptr_t n, rounds;
    const float *x, *y;
    float *z, *sums;
} ceiling_job;
#endif

#define SOURCE "foundation/ceilings.c"
#include "per_isa.h"
#ifdef ISA_PASS
#include "vector.h"

// Stores that do not read the line first, where the instruction set has them.
#undef STREAM
#if ISA_PASS == ISA_AVX512
#define STREAM(p, v) _mm512_stream_ps(p, (__m512)(v))
#elif ISA_PASS == ISA_AVX2
#define STREAM(p, v) _mm256_stream_ps(p, (__m256)(v))
#else
#define STREAM(p, v) vf_store(p, v)
#endif

static void KERNEL(multiply_add)(void *context, intptr_t piece) {
    const ceiling_job *job = context;
    const vf factor = vf_set(0.999f), term = vf_set(1e-6f);
    vf sums[CHAINS];
    for (int c = 0; c < CHAINS; ++c) sums[c] = vf_set((float)c);
    for (intptr_t i = 0; i < job->rounds; ++i) {
#pragma clang loop unroll(full)
        for (int c = 0; c < CHAINS; ++c) sums[c] = sums[c] * factor + term;
    }
    vf sum = sums[0];
    for (int c = 1; c < CHAINS; ++c) sum += sums[c];
    job->sums[piece] = vf_sum(sum);
}

static inline void KERNEL(block)(const ceiling_job *job, intptr_t piece, intptr_t *first, intptr_t *end) {
    *first = piece * BLOCK;
    *end = *first + BLOCK < job->n ? *first + BLOCK : job->n;
}

static void KERNEL(read)(void *context, intptr_t piece) {
    const ceiling_job *job = context;
    intptr_t first, end;
    KERNEL(block)(job, piece, &first, &end);
    vf sums[4] = {{0}};
    for (intptr_t i = first; i + 4 * LANES <= end; i += 4 * LANES)
        for (int c = 0; c < 4; ++c) sums[c] += vf_load(job->x + i + c * LANES);
    job->sums[piece] = vf_sum(sums[0] + sums[1] + sums[2] + sums[3]);
}

static void KERNEL(copy)(void *context, intptr_t piece) {
    const ceiling_job *job = context;
    intptr_t first, end;
    KERNEL(block)(job, piece, &first, &end);
    for (intptr_t i = first; i + LANES <= end; i += LANES) STREAM(job->z + i, vf_load(job->x + i));
}

static void KERNEL(triad)(void *context, intptr_t piece) {
    const ceiling_job *job = context;
    intptr_t first, end;
    KERNEL(block)(job, piece, &first, &end);
    for (intptr_t i = first; i + LANES <= end; i += LANES)
        STREAM(job->z + i, vf_load(job->x + i) + vf_load(job->y + i) * 3.0f);
}

static void KERNEL(ceiling_multiply_add)(intptr_t pieces, ceiling_job *job, double *operations) {
    sb_parallel(pieces, KERNEL(multiply_add), job);
    *operations = 2.0 * CHAINS * LANES * (double)job->rounds * (double)pieces;
}

static void KERNEL(ceiling_read)(intptr_t pieces, ceiling_job *job) { sb_parallel(pieces, KERNEL(read), job); }
static void KERNEL(ceiling_copy)(intptr_t pieces, ceiling_job *job) { sb_parallel(pieces, KERNEL(copy), job); }
static void KERNEL(ceiling_triad)(intptr_t pieces, ceiling_job *job) { sb_parallel(pieces, KERNEL(triad), job); }

#else

static intptr_t block_count(intptr_t n) { return (n + BLOCK - 1) / BLOCK; }

static float total(intptr_t count, const float *sums) {
    float sum = 0;
    for (intptr_t i = 0; i < count; ++i) sum += sums[i];
    return sum;
}

double sb_ceiling_multiply_add(intptr_t pieces, intptr_t rounds, float *sink) {
    double operations = 0;
    ceiling_job job = {.rounds = rounds, .sums = sb_scratch((size_t)pieces * sizeof(float))};
    DISPATCH(ceiling_multiply_add, pieces, &job, &operations);
    *sink = total(pieces, job.sums);
    return operations;
}

void sb_ceiling_read(intptr_t n, const float *x, float *sink) {
    ceiling_job job = {.n = n, .x = x, .sums = sb_scratch((size_t)block_count(n) * sizeof(float))};
    DISPATCH(ceiling_read, block_count(n), &job);
    *sink = total(block_count(n), job.sums);
}

void sb_ceiling_copy(intptr_t n, const float *x, float *y) {
    ceiling_job job = {.n = n, .x = x, .z = y};
    DISPATCH(ceiling_copy, block_count(n), &job);
}

void sb_ceiling_triad(intptr_t n, const float *x, const float *y, float *z) {
    ceiling_job job = {.n = n, .x = x, .y = y, .z = z};
    DISPATCH(ceiling_triad, block_count(n), &job);
}

#endif
