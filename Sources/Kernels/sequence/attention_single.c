// Attention of a single query in each head, as in decoding: there is nothing to share between queries, so features are
// lanes, and each key and each value is read once.
#ifndef ISA_PASS
#include "attention.h"
#include "attention_single.h"

typedef struct {
    const sb_array *q, *k, *v, *mask, *y;
    float *log_sum_exp;
    intptr_t keys;   // that are seen
    float scale;
} single_job;

static inline float *vector_at(const sb_array *array, intptr_t batch, intptr_t head, intptr_t position) {
    return (float *)array->data + batch * array->strides[0] + head * array->strides[1] + position * array->strides[2];
}
#endif

#define SOURCE "sequence/attention_single.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/vector_math.h"

static float KERNEL(dot)(const float *a, const float *b, intptr_t n) {
    vf sum = {0};
    FOR_LANES(i, count, n) sum += vf_load_or(a + i, count, 0) * vf_load_or(b + i, count, 0);
    return vf_sum(sum);
}

// Turns scores into weights that sum to 1; returns log Σ exp. If no key is seen, all weights are 0.
static float KERNEL(softmax_weights)(float *scores, intptr_t n) {
    vf highest_lanes = vf_set(-INFINITY), sum = {0};
    FOR_LANES(i, count, n) highest_lanes = vf_max(vf_load_or(scores + i, count, -INFINITY), highest_lanes);
    const float highest = vf_highest(highest_lanes), reference = highest == -INFINITY ? 0 : highest;
    FOR_LANES(i, count, n) {
        const vf weight = v_exp(vf_load_or(scores + i, count, -INFINITY) - reference);
        sum += weight;
        vf_store_some(scores + i, weight, count);
    }
    const float total = vf_sum(sum), factor = total == 0 ? 0 : 1 / total;
    FOR_LANES(i, count, n) vf_store_some(scores + i, vf_load_or(scores + i, count, 0) * factor, count);
    return highest + logf(total);
}

// A piece is one head.
static void KERNEL(single_piece)(void *context, intptr_t piece) {
    const single_job *job = context;
    const intptr_t heads = job->q->shape[1], batch = piece / heads, head = piece % heads;
    const intptr_t key_head = head / (heads / job->k->shape[1]), d = job->q->shape[3], e = job->v->shape[3];
    const float *q = vector_at(job->q, batch, head, 0);
    float *scores = sb_scratch(sizeof(float) * (size_t)(job->keys + 1)), *y = vector_at(job->y, batch, head, 0);
    for (intptr_t key = 0; key < job->keys; ++key)
        scores[key] = KERNEL(dot)(q, vector_at(job->k, batch, key_head, key), d) * job->scale;
    if (job->mask) {
        const float *mask = vector_at(job->mask, batch, head, 0);
        for (intptr_t key = 0; key < job->keys; ++key) scores[key] += mask[key * job->mask->strides[3]];
    }
    job->log_sum_exp[piece] = KERNEL(softmax_weights)(scores, job->keys);
    FOR_LANES(i, count, e) {
        vf sum = {0};
        for (intptr_t key = 0; key < job->keys; ++key)
            sum += scores[key] * vf_load_or(vector_at(job->v, batch, key_head, key) + i, count, 0);
        vf_store_some(y + i, sum, count);
    }
}

static void KERNEL(attention_single)(single_job *job) {
    sb_parallel(job->q->shape[0] * job->q->shape[1], KERNEL(single_piece), job);
}

#else

void sb_attention_single(const sb_array *q, const sb_array *k, const sb_array *v, const sb_array *mask, int causal,
                         float scale, const sb_array *y, float *log_sum_exp) {
    single_job job = {q, k, v, mask, y, log_sum_exp, causal && k->shape[2] > 1 ? 1 : k->shape[2], scale};
    DISPATCH(attention_single, &job);
}

#endif
