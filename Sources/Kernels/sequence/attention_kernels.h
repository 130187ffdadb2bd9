// The kernels of attention, inside an ISA pass; with ROUNDED the operands of their products are rounded to bfloat16.
//
// Within a piece, queries are lanes: scores, weights and outputs are held transposed, [keys, queries] and
// [features, queries]. So maxima and sums over the keys need no movement across lanes, and keys and values are read
// where they lie, element by element.
#include "foundation/vector.h"
#include "foundation/lanes.h"
#ifdef ROUNDED
#include "matmul/rounded_product.h"
#else
#include "matmul/tile_product.h"
#endif
#include "foundation/vector_math.h"

#undef query_lanes
#undef whole_vectors
#define query_lanes KERNEL(query_lanes)
#define whole_vectors KERNEL(whole_vectors)

// What a block of queries works with. Rows of `width` floats, one for each query, unless noted.
typedef struct {
    query_block block;
    intptr_t vectors, width;
    int32_t position[QUERY_VECTORS * LANES];   // of each query in its head
    intptr_t first_position, last_position;    // the lowest and highest of them
    float *q, *scores;                         // [D], scaled; [KEY_BLOCK]
    float *highest, *sum, *out;                // forward: running maximum and sum of the softmax; [E]
    float *gy, *gscores, *gq;                  // backward: [E]; [KEY_BLOCK]; [D]
    float *log_sum, *dot;                      // backward: log Σ exp; Σ gy·y
    float *q_rows, *gy_rows;                   // backward: [width, D], scaled, and [width, E], in whole vectors
} query_lanes;

static intptr_t whole_vectors(intptr_t count) { return (count + LANES - 1) / LANES * LANES; }

// to[feature, query] = factor · the queries' rows; lanes without a query become 0.
static void KERNEL(load_transposed)(const attention_job *job, const query_lanes *lanes, const sb_array *from,
                                    intptr_t features, float factor, float *to) {
    memset(to, 0, features * lanes->width * sizeof *to);
    for (intptr_t i = 0; i < lanes->block.count; ++i) {
        const float *row = query_row(job, from, &lanes->block, i);
        for (intptr_t f = 0; f < features; ++f) to[f * lanes->width + i] = row[f] * factor;
    }
}

static void KERNEL(load_rows)(const attention_job *job, const query_lanes *lanes, const sb_array *from,
                              intptr_t features, float factor, float *to) {
    const intptr_t width = whole_vectors(features);
    memset(to, 0, lanes->block.count * width * sizeof *to);
    for (intptr_t i = 0; i < lanes->block.count; ++i) {
        const float *row = query_row(job, from, &lanes->block, i);
        FOR_LANES(f, count, features) vf_store(to + i * width + f, vf_load_or(row + f, count, 0) * factor);
    }
}

static void KERNEL(place)(const attention_job *job, query_lanes *lanes, query_block block) {
    lanes->block = block;
    lanes->vectors = (block.count + LANES - 1) / LANES;
    lanes->width = lanes->vectors * LANES;
    lanes->first_position = INTPTR_MAX;
    lanes->last_position = 0;
    for (intptr_t i = 0; i < lanes->width; ++i) {
        const intptr_t position = position_of(job, &block, i < block.count ? i : block.count - 1);
        lanes->position[i] = (int32_t)position;
        if (position < lanes->first_position) lanes->first_position = position;
        if (position > lanes->last_position) lanes->last_position = position;
    }
    KERNEL(load_transposed)(job, lanes, job->q, job->d, job->scale, lanes->q);
}

// How many keys the block's queries see.
static intptr_t KERNEL(visible_keys)(const attention_job *job, const query_lanes *lanes) {
    return job->causal && lanes->last_position + 1 < job->keys ? lanes->last_position + 1 : job->keys;
}

static void KERNEL(add_mask)(const attention_job *job, const query_lanes *lanes, intptr_t first, intptr_t count) {
    const intptr_t step = job->mask->strides[3];
    for (intptr_t i = 0; i < lanes->block.count; ++i) {
        const float *mask = query_row(job, job->mask, &lanes->block, i) + first * step;
        for (intptr_t key = 0; key < count; ++key) lanes->scores[key * lanes->width + i] += mask[key * step];
    }
}

static void KERNEL(hide_future)(const query_lanes *lanes, intptr_t first, intptr_t count) {
    for (intptr_t key = 0; key < count; ++key)
        for (intptr_t i = 0; i < lanes->width; i += LANES) {
            float *score = lanes->scores + key * lanes->width + i;
            vi position;
            memcpy(&position, lanes->position + i, sizeof position);
            vf_store(score, vf_select(position < (int32_t)(first + key), vf_set(-INFINITY), vf_load(score)));
        }
}

// scores[key, query] for the keys first ..< first + count.
static void KERNEL(score)(const attention_job *job, const query_lanes *lanes, intptr_t first, intptr_t count) {
    const float *keys = row_of(job->k, lanes->block.batch, lanes->block.key_head, first);
    product(count, lanes->vectors, job->d, keys, job->k->strides[2], 1, lanes->q, lanes->width, lanes->scores,
            lanes->width, false);
    if (job->mask) KERNEL(add_mask)(job, lanes, first, count);
    if (job->causal && first + count - 1 > lanes->first_position) KERNEL(hide_future)(lanes, first, count);
}

// Turns a block of scores into weights relative to the highest score so far, and rescales what was summed before.
static void KERNEL(weigh)(const attention_job *job, const query_lanes *lanes, intptr_t count) {
    const intptr_t width = lanes->width;
    for (intptr_t i = 0; i < width; i += LANES) {
        const vf before = vf_load(lanes->highest + i);
        vf highest = before, sum = {0};
        for (intptr_t key = 0; key < count; ++key) highest = vf_max(vf_load(lanes->scores + key * width + i), highest);
        const vf reference = vf_select(highest == -INFINITY, (vf){0}, highest);   // no key yet: avoid ∞ - ∞
        for (intptr_t key = 0; key < count; ++key) {
            float *score = lanes->scores + key * width + i;
            const vf weight = v_exp(vf_load(score) - reference);
            sum += weight;
            vf_store(score, weight);
        }
        const vf keep = v_exp(before - reference);
        vf_store(lanes->highest + i, highest);
        vf_store(lanes->sum + i, vf_load(lanes->sum + i) * keep + sum);
        for (intptr_t f = 0; f < job->e; ++f) {
            float *out = lanes->out + f * width + i;
            vf_store(out, vf_load(out) * keep);
        }
    }
}

static void KERNEL(finish)(const attention_job *job, const query_lanes *lanes) {
    for (intptr_t i = 0; i < lanes->block.count; ++i) {
        const float sum = lanes->sum[i], factor = sum == 0 ? 0 : 1 / sum;
        float *y = query_row(job, job->y, &lanes->block, i);
        for (intptr_t f = 0; f < job->e; ++f) y[f] = lanes->out[f * lanes->width + i] * factor;
        job->log_sum_exp[log_sum_index(job, &lanes->block, i)] = lanes->highest[i] + logf(sum);
    }
}

static query_block KERNEL(block_at)(const attention_job *job, intptr_t batch, intptr_t head, intptr_t index) {
    const intptr_t rows = job->group * job->queries, first = index * QUERY_VECTORS * LANES, left = rows - first;
    return (query_block){batch, head, first, left < QUERY_VECTORS * LANES ? left : QUERY_VECTORS * LANES};
}

static void KERNEL(attention_piece)(void *context, intptr_t piece) {
    const attention_job *job = context;
    const intptr_t head = piece / job->blocks, key_heads = job->k->shape[1], most = QUERY_VECTORS * LANES;
    float *memory = sb_scratch((job->d + job->e + KEY_BLOCK + 2) * most * sizeof(float));
    query_lanes lanes = {.q = memory, .out = memory + job->d * most};
    lanes.scores = lanes.out + job->e * most;
    lanes.highest = lanes.scores + KEY_BLOCK * most;
    lanes.sum = lanes.highest + most;
    KERNEL(place)(job, &lanes, KERNEL(block_at)(job, head / key_heads, head % key_heads, piece % job->blocks));
    memset(lanes.out, 0, job->e * most * sizeof(float));
    for (intptr_t i = 0; i < most; ++i) lanes.highest[i] = -INFINITY, lanes.sum[i] = 0;

    const intptr_t visible = KERNEL(visible_keys)(job, &lanes);
    for (intptr_t first = 0; first < visible; first += KEY_BLOCK) {
        const intptr_t count = visible - first < KEY_BLOCK ? visible - first : KEY_BLOCK;
        KERNEL(score)(job, &lanes, first, count);
        KERNEL(weigh)(job, &lanes, count);
        const float *values = row_of(job->v, lanes.block.batch, lanes.block.key_head, first);
        product(job->e, lanes.vectors, count, values, 1, job->v->strides[2], lanes.scores, lanes.width, lanes.out,
                lanes.width, true);
    }
    KERNEL(finish)(job, &lanes);
}

static void KERNEL(attention)(attention_job *job) {
    const intptr_t most = QUERY_VECTORS * LANES;
    job->blocks = (job->group * job->queries + most - 1) / most;
    sb_parallel(job->k->shape[0] * job->k->shape[1] * job->blocks, KERNEL(attention_piece), job);
}

static void KERNEL(place_backward)(const attention_job *job, query_lanes *lanes, query_block block) {
    KERNEL(place)(job, lanes, block);
    KERNEL(load_transposed)(job, lanes, job->gy, job->e, 1, lanes->gy);
    KERNEL(load_rows)(job, lanes, job->q, job->d, job->scale, lanes->q_rows);
    KERNEL(load_rows)(job, lanes, job->gy, job->e, 1, lanes->gy_rows);
    memset(lanes->gq, 0, job->d * lanes->width * sizeof(float));
    for (intptr_t i = 0; i < lanes->width; ++i) lanes->log_sum[i] = INFINITY, lanes->dot[i] = 0;   // weights of 0
    for (intptr_t i = 0; i < block.count; ++i) {
        const float *gy = query_row(job, job->gy, &block, i), *y = query_row(job, job->y, &block, i);
        const float log_sum = job->log_sum_exp[log_sum_index(job, &block, i)];
        if (log_sum != -INFINITY) lanes->log_sum[i] = log_sum;
        for (intptr_t f = 0; f < job->e; ++f) lanes->dot[i] += gy[f] * y[f];
    }
}

static void KERNEL(weigh_backward)(const query_lanes *lanes, intptr_t count) {
    for (intptr_t i = 0; i < count * lanes->width; i += LANES)
        vf_store(lanes->scores + i, v_exp(vf_load(lanes->scores + i) - vf_load(lanes->log_sum + i % lanes->width)));
}

static void KERNEL(score_backward)(const query_lanes *lanes, intptr_t count) {
    for (intptr_t i = 0; i < count * lanes->width; i += LANES)
        vf_store(lanes->gscores + i, vf_load(lanes->scores + i) * (vf_load(lanes->gscores + i) -
                                                                   vf_load(lanes->dot + i % lanes->width)));
}

// gk and gv are rows of whole vectors, for all keys of the head.
static void KERNEL(keys_backward)(const attention_job *job, const query_lanes *lanes, intptr_t first, intptr_t count,
                                  float *gk, float *gv) {
    const intptr_t d = whole_vectors(job->d), e = whole_vectors(job->e), width = lanes->width;
    const intptr_t queries = lanes->block.count;
    const float *keys = row_of(job->k, lanes->block.batch, lanes->block.key_head, first);
    const float *values = row_of(job->v, lanes->block.batch, lanes->block.key_head, first);
    KERNEL(score)(job, lanes, first, count);
    KERNEL(weigh_backward)(lanes, count);
    product(count, e / LANES, queries, lanes->scores, width, 1, lanes->gy_rows, e, gv + first * e, e, true);
    product(count, lanes->vectors, job->e, values, job->v->strides[2], 1, lanes->gy, width, lanes->gscores, width,
            false);
    KERNEL(score_backward)(lanes, count);
    product(job->d, lanes->vectors, count, keys, 1, job->k->strides[2], lanes->gscores, width, lanes->gq, width, true);
    product(count, d / LANES, queries, lanes->gscores, width, 1, lanes->q_rows, d, gk + first * d, d, true);
}

static void KERNEL(store_rows)(const attention_job *job, const query_block *block, const sb_array *to,
                               intptr_t features, const float *from) {
    const intptr_t width = whole_vectors(features);
    for (intptr_t key = 0; key < job->keys; ++key)
        memcpy(row_of(to, block->batch, block->key_head, key), from + key * width, features * sizeof *from);
}

// A piece is one head of keys, with all queries that look at it: so the sums over queries have one owner and order.
static void KERNEL(attention_backward_piece)(void *context, intptr_t piece) {
    const attention_job *job = context;
    const intptr_t key_heads = job->k->shape[1], most = QUERY_VECTORS * LANES, keys = job->keys;
    const intptr_t d = whole_vectors(job->d), e = whole_vectors(job->e);
    float *memory = sb_scratch((keys * (d + e) + (3 * d + 2 * e + 2 * KEY_BLOCK + 2) * most) * sizeof(float));
    float *gk = memory, *gv = gk + keys * d;
    query_lanes lanes = {.q = gv + keys * e};
    lanes.gq = lanes.q + d * most;
    lanes.q_rows = lanes.gq + d * most;
    lanes.gy = lanes.q_rows + d * most;
    lanes.gy_rows = lanes.gy + e * most;
    lanes.scores = lanes.gy_rows + e * most;
    lanes.gscores = lanes.scores + KEY_BLOCK * most;
    lanes.log_sum = lanes.gscores + KEY_BLOCK * most;
    lanes.dot = lanes.log_sum + most;
    memset(memory, 0, keys * (d + e) * sizeof(float));

    query_block block = {piece / key_heads, piece % key_heads, 0, 0};
    for (intptr_t index = 0; index < job->blocks; ++index) {
        block = KERNEL(block_at)(job, block.batch, block.key_head, index);
        KERNEL(place_backward)(job, &lanes, block);
        const intptr_t visible = KERNEL(visible_keys)(job, &lanes);
        for (intptr_t first = 0; first < visible; first += KEY_BLOCK)
            KERNEL(keys_backward)(job, &lanes, first, visible - first < KEY_BLOCK ? visible - first : KEY_BLOCK,
                                  gk, gv);
        for (intptr_t i = 0; i < block.count; ++i) {
            float *gq = query_row(job, job->gq, &block, i);
            for (intptr_t f = 0; f < job->d; ++f) gq[f] = lanes.gq[f * lanes.width + i] * job->scale;
        }
    }
    KERNEL(store_rows)(job, &block, job->gk, job->d, gk);
    KERNEL(store_rows)(job, &block, job->gv, job->e, gv);
}

static void KERNEL(attention_backward)(attention_job *job) {
    const intptr_t most = QUERY_VECTORS * LANES;
    job->blocks = (job->group * job->queries + most - 1) / most;
    sb_parallel(job->k->shape[0] * job->k->shape[1], KERNEL(attention_backward_piece), job);
}
