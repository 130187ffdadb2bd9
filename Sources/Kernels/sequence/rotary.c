#ifndef ISA_PASS
#include "rotary.h"

#include "foundation/pieces.h"

typedef struct {
    sb_pieces pieces;   // of the rows, which are counted through B, H and T
    const sb_array *x, *y;
    const float *cosines, *sines;
    float sign;
} rotary_job;
#endif

#define SOURCE "sequence/rotary.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"

static void KERNEL(rotary_rows)(void *context, intptr_t piece) {
    const rotary_job *job = context;
    const sb_array *x = job->x, *y = job->y;
    const intptr_t heads = x->shape[1], length = x->shape[2], half = x->shape[3] / 2;
    const intptr_t end = sb_piece_end(job->pieces, piece);
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row) {
        const intptr_t t = row % length, head = row / length % heads, batch = row / length / heads;
        const float *from = (const float *)x->data + batch * x->strides[0] + head * x->strides[1] + t * x->strides[2];
        float *to = (float *)y->data + batch * y->strides[0] + head * y->strides[1] + t * y->strides[2];
        const float *cosines = job->cosines + t * half, *sines = job->sines + t * half;
        FOR_LANES(i, count, half) {
            const vf a = vf_load_or(from + i, count, 0), b = vf_load_or(from + half + i, count, 0);
            const vf c = vf_load_or(cosines + i, count, 0), s = vf_load_or(sines + i, count, 0) * job->sign;
            vf_store_some(to + i, a * c - b * s, count);
            vf_store_some(to + half + i, b * c + a * s, count);
        }
    }
}

static void KERNEL(rotary)(rotary_job *job) { sb_parallel(job->pieces.count, KERNEL(rotary_rows), job); }

#else

void sb_rotary(const sb_array *x, const float *cosines, const float *sines, int backwards, const sb_array *y) {
    const intptr_t rows = x->shape[0] * x->shape[1] * x->shape[2];
    rotary_job job = {sb_cut_rows(rows, x->shape[3]), x, y, cosines, sines, backwards ? -1 : 1};
    DISPATCH(rotary, &job);
}

#endif
