#include "ctc.h"

#include <math.h>
#include <stdbool.h>

#include "threads.h"

// The states of an alignment are the labels with blanks before, between and after them: 2·S + 1 of them.
typedef struct {
    intptr_t steps, batch, classes, states;   // states of the longest target: the row length of log_alpha
    const float *log_probs;
    const int64_t *targets, *input_lengths, *target_lengths;
    int64_t blank;
    bool zero_infinity;
    float *loss, *log_alpha;
    const float *gloss;
    float *gradient;
} ctc_job;

static inline float log_add(float a, float b) {
    const float high = a > b ? a : b, low = a > b ? b : a;
    return high == -INFINITY && low == high ? high : high + log1pf(expf(low - high));   // NaN stays
}

static inline int64_t label_at(const ctc_job *job, intptr_t sequence, intptr_t state) {
    return state % 2 ? job->targets[sequence * (job->states / 2) + state / 2] : job->blank;
}

// Whether an alignment may go from `state` - 2 to `state`: past a blank, between different labels.
static inline bool may_skip_to(const ctc_job *job, intptr_t sequence, intptr_t state) {
    return state >= 2 && state % 2 && label_at(job, sequence, state) != label_at(job, sequence, state - 2);
}

static inline const float *log_probs_at(const ctc_job *job, intptr_t sequence, intptr_t step) {
    return job->log_probs + (step * job->batch + sequence) * job->classes;
}

static inline float *log_alpha_at(const ctc_job *job, intptr_t sequence, intptr_t step) {
    return job->log_alpha + (sequence * job->steps + step) * job->states;
}

// log_alpha[step, state]: the log-probability of all ways to be in `state` at `step`.
static void forward_sequence(void *context, intptr_t sequence) {
    const ctc_job *job = context;
    const intptr_t steps = job->input_lengths[sequence], last = 2 * job->target_lengths[sequence];
    if (steps == 0) {
        job->loss[sequence] = last == 0 ? 0 : INFINITY;
        return;
    }
    for (intptr_t step = 0; step < steps; ++step) {
        const float *log_probs = log_probs_at(job, sequence, step);
        const float *before = step ? log_alpha_at(job, sequence, step - 1) : NULL;
        float *alpha = log_alpha_at(job, sequence, step);
        for (intptr_t state = 0; state <= last; ++state) {
            float sum = before ? before[state] : state < 2 ? 0 : -INFINITY;
            if (before && state >= 1) sum = log_add(sum, before[state - 1]);
            if (before && may_skip_to(job, sequence, state)) sum = log_add(sum, before[state - 2]);
            alpha[state] = sum + log_probs[label_at(job, sequence, state)];
        }
    }
    const float *end = log_alpha_at(job, sequence, steps - 1);
    job->loss[sequence] = -(last ? log_add(end[last], end[last - 1]) : end[last]);
}

// One step of the way back: beta[state], the log-probability of all that can follow when in `state` at this step,
// from its values one step later, in place. In ascending order, because a state follows from states not below it.
static void step_back(const ctc_job *job, intptr_t sequence, intptr_t last, const float *log_probs, float *beta) {
    for (intptr_t state = 0; state <= last; ++state) {
        float sum = beta[state];
        if (state + 1 <= last) sum = log_add(sum, beta[state + 1]);
        if (state + 2 <= last && may_skip_to(job, sequence, state + 2)) sum = log_add(sum, beta[state + 2]);
        beta[state] = sum + log_probs[label_at(job, sequence, state)];
    }
}

static void backward_sequence(void *context, intptr_t sequence) {
    const ctc_job *job = context;
    const intptr_t steps = job->input_lengths[sequence], last = 2 * job->target_lengths[sequence];
    const float loss = job->loss[sequence], scale = job->gloss[sequence];
    const bool silent = job->zero_infinity && loss == INFINITY;
    float *beta = sb_scratch((last + 1) * sizeof(float));
    for (intptr_t step = job->steps - 1; step >= 0; --step) {
        float *gradient = job->gradient + (step * job->batch + sequence) * job->classes;
        const bool unused = silent || step >= steps;
        for (intptr_t class = 0; class < job->classes; ++class) gradient[class] = unused ? 0 : -INFINITY;
        if (unused) continue;

        const float *log_probs = log_probs_at(job, sequence, step), *alpha = log_alpha_at(job, sequence, step);
        if (step == steps - 1)
            for (intptr_t state = 0; state <= last; ++state)
                beta[state] = state + 1 >= last ? log_probs[label_at(job, sequence, state)] : -INFINITY;
        else step_back(job, sequence, last, log_probs, beta);
        for (intptr_t state = 0; state <= last; ++state) {
            float *sum = gradient + label_at(job, sequence, state);
            *sum = log_add(*sum, alpha[state] + beta[state]);
        }
        for (intptr_t class = 0; class < job->classes; ++class)
            gradient[class] = (expf(log_probs[class]) - expf(gradient[class] + loss - log_probs[class])) * scale;
    }
}

void sb_ctc_loss(intptr_t t, intptr_t n, intptr_t c, intptr_t s, const float *log_probs, const int64_t *targets,
                 const int64_t *input_lengths, const int64_t *target_lengths, int64_t blank, float *loss,
                 float *log_alpha) {
    ctc_job job = {.steps = t, .batch = n, .classes = c, .states = 2 * s + 1, .log_probs = log_probs,
                   .targets = targets, .input_lengths = input_lengths, .target_lengths = target_lengths,
                   .blank = blank, .loss = loss, .log_alpha = log_alpha};
    sb_parallel(n, forward_sequence, &job);
}

void sb_ctc_loss_backward(intptr_t t, intptr_t n, intptr_t c, intptr_t s, const float *log_probs,
                          const int64_t *targets, const int64_t *input_lengths, const int64_t *target_lengths,
                          int64_t blank, int zero_infinity, const float *loss, const float *log_alpha,
                          const float *gloss, float *glog_probs) {
    ctc_job job = {.steps = t, .batch = n, .classes = c, .states = 2 * s + 1, .log_probs = log_probs,
                   .targets = targets, .input_lengths = input_lengths, .target_lengths = target_lengths,
                   .blank = blank, .zero_infinity = zero_infinity, .loss = (float *)loss,
                   .log_alpha = (float *)log_alpha, .gloss = gloss, .gradient = glog_probs};
    sb_parallel(n, backward_sequence, &job);
}
