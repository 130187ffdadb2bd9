// What attention computes, and how its queries are cut into blocks: for attention_kernels.h.
#ifndef SB_ATTENTION_JOB_H
#define SB_ATTENTION_JOB_H

#include "attention.h"

#include <stdbool.h>

#include "foundation/pieces.h"

// Queries in a block: QUERY_VECTORS vectors. Keys in a block: few enough that scores and their gradients stay cached; more
// of them where rounding the block's queries has to be made up for.
#ifdef ROUNDED
enum { QUERY_VECTORS = 4, KEY_BLOCK = 64 };
#else
enum { QUERY_VECTORS = 4, KEY_BLOCK = 32 };
#endif

typedef struct {
    const sb_array *q, *k, *v, *mask, *y;
    float *log_sum_exp;                    // written by the forward function, read by the backward one
    const sb_array *gy, *gq, *gk, *gv;     // backward only
    bool causal;
    float scale;
    intptr_t group;                        // query heads that share a head of keys
    intptr_t queries, keys, d, e;          // T, S, D, E
    intptr_t blocks;                       // blocks of queries for each head of keys
} attention_job;

static inline float *row_of(const sb_array *array, intptr_t batch, intptr_t head, intptr_t position) {
    return (float *)array->data + batch * array->strides[0] + head * array->strides[1] +
           position * array->strides[2];
}

// Query `row` of a key head's group counts through all queries of the first head, then the second, …
typedef struct {
    intptr_t batch, key_head, first, count;
} query_block;

static inline intptr_t head_of(const attention_job *job, const query_block *block, intptr_t i) {
    return block->key_head * job->group + (block->first + i) / job->queries;
}

static inline intptr_t position_of(const attention_job *job, const query_block *block, intptr_t i) {
    return (block->first + i) % job->queries;
}

static inline float *query_row(const attention_job *job, const sb_array *array, const query_block *block,
                               intptr_t i) {
    return row_of(array, block->batch, head_of(job, block, i), position_of(job, block, i));
}

static inline intptr_t log_sum_index(const attention_job *job, const query_block *block, intptr_t i) {
    const intptr_t heads = job->q->shape[1];
    return (block->batch * heads + head_of(job, block, i)) * job->queries + position_of(job, block, i);
}

static inline attention_job job_of(const sb_array *q, const sb_array *k, const sb_array *v, const sb_array *mask, int causal,
                            float scale, const sb_array *y, float *log_sum_exp) {
    return (attention_job){
        .q = q, .k = k, .v = v, .mask = mask, .y = y, .log_sum_exp = log_sum_exp, .causal = causal, .scale = scale,
        .group = k->shape[1] ? q->shape[1] / k->shape[1] : 0,
        .queries = q->shape[2], .keys = k->shape[2], .d = q->shape[3], .e = v->shape[3],
    };
}

#endif
