#ifndef ISA_PASS
#include "loss.h"

#include "foundation/pieces.h"

typedef struct {
    sb_pieces pieces;
    intptr_t classes;
    const float *logits;
    const int64_t *target;
    const float *class_weight;
    int64_t ignore_index;
    float smoothing;     // the share of the target that is spread over all classes
    float weight_sum;    // Σ class_weight
    float *row_loss, *row_weight;
    float *row_log_sum;  // written by the forward function, read by the backward one
    const float *row_scale;
    float *glogits;
} cross_entropy_job;
#endif

#define SOURCE "normalization/loss.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/vector_math.h"

static void KERNEL(cross_entropy_row)(const cross_entropy_job *job, intptr_t row) {
    const intptr_t classes = job->classes;
    const float *x = job->logits + row * classes, *weight = job->class_weight;
    vf highest_lanes = vf_set(-INFINITY), exponentials = {0}, spread = {0};
    FOR_LANES(c, count, classes)
        highest_lanes = vf_max(vf_load_or(x + c, count, -INFINITY), highest_lanes);
    const float highest = vf_highest(highest_lanes);
    FOR_LANES(c, count, classes) exponentials += v_exp(vf_load_or(x + c, count, -INFINITY) - highest);
    if (job->smoothing != 0)
        FOR_LANES(c, count, classes) {
            const vf value = vf_load_or(x + c, count, highest) - highest;
            spread += weight ? value * vf_load_or(weight + c, count, 0) : value;
        }
    const float log_sum = logf(vf_sum(exponentials));   // relative to the highest logit, which keeps it accurate
    job->row_log_sum[row] = highest + log_sum;
    if (job->target[row] == job->ignore_index) {
        job->row_loss[row] = job->row_weight[row] = 0;
        return;
    }
    const int64_t target = job->target[row];
    const float target_weight = weight ? weight[target] : 1;
    job->row_weight[row] = target_weight;
    job->row_loss[row] = (1 - job->smoothing) * target_weight * (log_sum - (x[target] - highest));
    if (job->smoothing != 0)
        job->row_loss[row] += job->smoothing / classes * (log_sum * job->weight_sum - vf_sum(spread));
}

static void KERNEL(cross_entropy_rows)(void *context, intptr_t piece) {
    const cross_entropy_job *job = context;
    const intptr_t end = sb_piece_end(job->pieces, piece);
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row) KERNEL(cross_entropy_row)(job, row);
}

// Of the target's weight, (1 - smoothing) pulls at the target's logit and the rest at all logits by their weights.
static void KERNEL(cross_entropy_row_backward)(const cross_entropy_job *job, intptr_t row) {
    const intptr_t classes = job->classes;
    const float *x = job->logits + row * classes, *weight = job->class_weight;
    float *gx = job->glogits + row * classes;
    const int64_t target = job->target[row];
    if (target == job->ignore_index) {
        memset(gx, 0, classes * sizeof *gx);
        return;
    }
    const float scale = job->row_scale[row], spread = scale * job->smoothing / classes;
    const float pull = scale * (1 - job->smoothing) * (weight ? weight[target] : 1);
    const float push = pull + spread * job->weight_sum, log_sum = job->row_log_sum[row];
    FOR_LANES(c, count, classes) {
        vf g = v_exp(vf_load_or(x + c, count, 0) - log_sum) * push;
        if (spread != 0) g -= spread * (weight ? vf_load_or(weight + c, count, 0) : vf_set(1));
        vf_store_some(gx + c, g, count);
    }
    gx[target] -= pull;
}

static void KERNEL(cross_entropy_rows_backward)(void *context, intptr_t piece) {
    const cross_entropy_job *job = context;
    const intptr_t end = sb_piece_end(job->pieces, piece);
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row)
        KERNEL(cross_entropy_row_backward)(job, row);
}

static void KERNEL(cross_entropy)(cross_entropy_job *job) {
    sb_parallel(job->pieces.count, job->glogits ? KERNEL(cross_entropy_rows_backward) : KERNEL(cross_entropy_rows),
                job);
}

#else

static float sum_of_weights(intptr_t classes, const float *weight) {
    if (!weight) return classes;
    double sum = 0;
    for (intptr_t c = 0; c < classes; ++c) sum += weight[c];
    return sum;
}

void sb_cross_entropy(intptr_t rows, intptr_t classes, const float *logits, const int64_t *target,
                      const float *class_weight, int64_t ignore_index, float label_smoothing, float *row_loss,
                      float *row_weight, float *row_log_sum) {
    cross_entropy_job job = {
        .pieces = sb_cut_rows(rows, classes), .classes = classes, .logits = logits, .target = target,
        .class_weight = class_weight, .ignore_index = ignore_index, .smoothing = label_smoothing,
        .weight_sum = sum_of_weights(classes, class_weight), .row_loss = row_loss, .row_weight = row_weight,
        .row_log_sum = row_log_sum,
    };
    DISPATCH(cross_entropy, &job);
}

void sb_cross_entropy_backward(intptr_t rows, intptr_t classes, const float *logits, const int64_t *target,
                               const float *class_weight, int64_t ignore_index, float label_smoothing,
                               const float *row_log_sum, const float *row_scale, float *glogits) {
    if (classes == 0) return;
    cross_entropy_job job = {
        .pieces = sb_cut_rows(rows, classes), .classes = classes, .logits = logits, .target = target,
        .class_weight = class_weight, .ignore_index = ignore_index, .smoothing = label_smoothing,
        .weight_sum = sum_of_weights(classes, class_weight), .row_log_sum = (float *)row_log_sum,
        .row_scale = row_scale, .glogits = glogits,
    };
    DISPATCH(cross_entropy, &job);
}

#endif
