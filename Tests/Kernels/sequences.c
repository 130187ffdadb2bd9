// Attention, rotary positions, recurrent layers and CTC. Gradients are compared with differences of the references.
#include "checks.h"

// MARK: Attention

enum { B = 2, HEADS = 4, KEY_HEADS = 2, T = 37, S = 41, D = 24, E = 20 };

static double attention_reference(const double *q, const double *k, const double *v, bool causal, double scale, const float *gy,
                                  double *y) {
    double total = 0;
    for (int b = 0; b < B; ++b)
        for (int h = 0; h < HEADS; ++h)
            for (int t = 0; t < T; ++t) {
                const int shared = b * KEY_HEADS + h / (HEADS / KEY_HEADS), row = (b * HEADS + h) * T + t;
                const int keys = causal && t + 1 < S ? t + 1 : S;
                double weights[S], sum = 0, out[E] = {0};
                for (int s = 0; s < keys; ++s) {
                    double score = 0;
                    for (int d = 0; d < D; ++d) score += q[row * D + d] * k[(shared * S + s) * D + d];
                    sum += weights[s] = exp(scale * score);
                }
                for (int s = 0; s < keys; ++s)
                    for (int e = 0; e < E; ++e) out[e] += weights[s] / sum * v[(shared * S + s) * E + e];
                for (int e = 0; e < E; ++e) {
                    total += gy[row * E + e] * out[e];
                    if (y) y[row * E + e] = out[e];
                }
            }
    return total;
}

typedef struct {
    double *values;
    const float *gradient;
    int count;
} operand;

// Whether some elements of the gradients agree with central differences.
static bool differences_agree(operand *operands, bool causal, double scale, const float *gy, double tolerance) {
    const double step = 1e-4;
    for (int i = 0; i < 3; ++i)
        for (int at = 5; at < operands[i].count; at += operands[i].count / 7) {
            double *value = operands[i].values + at, sums[2];
            for (int side = 0; side < 2; ++side) {
                *value += side ? -2 * step : step;
                sums[side] = attention_reference(operands[0].values, operands[1].values, operands[2].values, causal, scale,
                                                 gy, NULL);
            }
            *value += step;
            if (fabs((sums[0] - sums[1]) / (2 * step) - operands[i].gradient[at]) > tolerance) return false;
        }
    return true;
}

static void check_attention_of(bool causal) {
    enum { Q = B * HEADS * T * D, K = B * KEY_HEADS * S * D, V = B * KEY_HEADS * S * E, Y = B * HEADS * T * E };
    const float *q = numbers(Q), *k = numbers(K), *v = numbers(V), *gy = numbers(Y), scale = 0.5f;
    float *y = memory(Y * 4), *sums = memory(B * HEADS * T * 4), *gq = memory(Q * 4), *gk = memory(K * 4), *gv = memory(V * 4);
    operand operands[] = {{doubles_of(q, Q), gq, Q}, {doubles_of(k, K), gk, K}, {doubles_of(v, V), gv, V}};
    double *expected = zeros(Y);
    attention_reference(operands[0].values, operands[1].values, operands[2].values, causal, scale, gy, expected);
    const sb_array aq = FLOATS(q, B, HEADS, T, D), ak = FLOATS(k, B, KEY_HEADS, S, D), av = FLOATS(v, B, KEY_HEADS, S, E);
    const sb_array ay = FLOATS(y, B, HEADS, T, E), agy = FLOATS(gy, B, HEADS, T, E), agq = FLOATS(gq, B, HEADS, T, D);
    const sb_array agk = FLOATS(gk, B, KEY_HEADS, S, D), agv = FLOATS(gv, B, KEY_HEADS, S, E);
    CHECK("attention", y, Y, expected, 1e-6, sb_attention(&aq, &ak, &av, NULL, causal, scale, &ay, sums));
    double *key_gradient = zeros(K);
    sb_attention_backward(&agy, &aq, &ak, &av, NULL, causal, scale, &ay, sums, &agq, &agk, &agv);
    for (int i = 0; i < K; ++i) key_gradient[i] = gk[i];
    CHECK("gradient of attention", gk, K, key_gradient, 0,
          sb_attention_backward(&agy, &aq, &ak, &av, NULL, causal, scale, &ay, sums, &agq, &agk, &agv));
    expect("gradients of attention", differences_agree(operands, causal, scale, gy, 2e-5));
    CHECK("attention, rounded", y, Y, expected, 0.02, sb_attention_rounded(&aq, &ak, &av, NULL, causal, scale, &ay, sums));
    sb_attention_rounded_backward(&agy, &aq, &ak, &av, NULL, causal, scale, &ay, sums, &agq, &agk, &agv);
    expect("gradients of attention, rounded", differences_agree(operands, causal, scale, gy, 0.05));
}

static void check_rotary(void) {
    enum { ROWS = 3 * 19, HALF = 14, COUNT = ROWS * 2 * HALF };
    const float *x = numbers(COUNT), *cosines = numbers(19 * HALF), *sines = numbers(19 * HALF);
    float *y = memory(COUNT * sizeof *y);
    double *expected = zeros(COUNT);
    for (int row = 0; row < ROWS; ++row)
        for (int i = 0; i < HALF; ++i) {
            const double c = cosines[row % 19 * HALF + i], s = sines[row % 19 * HALF + i];
            const double a = x[row * 2 * HALF + i], b = x[row * 2 * HALF + HALF + i];
            expected[row * 2 * HALF + i] = a * c - b * s;
            expected[row * 2 * HALF + HALF + i] = b * c + a * s;
        }
    const sb_array from = FLOATS(x, 1, 3, 19, 2 * HALF), to = FLOATS(y, 1, 3, 19, 2 * HALF);
    CHECK("rotary positions", y, COUNT, expected, 3e-7, sb_rotary(&from, cosines, sines, 0, &to));
}

void check_attention(void) {
    check_attention_of(false);
    check_attention_of(true);
    check_rotary();
}

// MARK: Recurrence

enum { STEPS = 5, BATCH = 27, HIDDEN = 22, STATES = BATCH * HIDDEN };

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

// Row `gate` of the weights times a state, with its bias.
static double hidden_part(const float *weight, const float *bias, int gate, int unit, const double *h) {
    double sum = bias[gate * HIDDEN + unit];
    for (int i = 0; i < HIDDEN; ++i) sum += (double)weight[(gate * HIDDEN + unit) * HIDDEN + i] * h[i];
    return sum;
}

static void lstm_reference(const float *gates, const float *weight, const float *bias, double *h) {
    double *c = zeros((STEPS + 1) * STATES);
    for (int t = 0; t < STEPS; ++t)
        for (int at = 0; at < STATES; ++at) {
            const int row = at / HIDDEN, unit = at % HIDDEN;
            double part[4];
            for (int gate = 0; gate < 4; ++gate)
                part[gate] = gates[((t * BATCH + row) * 4 + gate) * HIDDEN + unit] +
                             hidden_part(weight, bias, gate, unit, h + t * STATES + row * HIDDEN);
            c[(t + 1) * STATES + at] = sigmoid(part[1]) * c[t * STATES + at] + sigmoid(part[0]) * tanh(part[2]);
            h[(t + 1) * STATES + at] = sigmoid(part[3]) * tanh(c[(t + 1) * STATES + at]);
        }
}

static void gru_reference(const float *gates, const float *weight, const float *bias, double *h) {
    for (int t = 0; t < STEPS; ++t)
        for (int at = 0; at < STATES; ++at) {
            const int row = at / HIDDEN, unit = at % HIDDEN;
            const double *before = h + t * STATES + row * HIDDEN;
            const float *input = gates + (t * BATCH + row) * 3 * HIDDEN + unit;
            const double r = sigmoid(input[0] + hidden_part(weight, bias, 0, unit, before));
            const double z = sigmoid(input[HIDDEN] + hidden_part(weight, bias, 1, unit, before));
            const double n = tanh(input[2 * HIDDEN] + r * hidden_part(weight, bias, 2, unit, before));
            h[(t + 1) * STATES + at] = (1 - z) * n + z * before[unit];
        }
}

typedef void recurrence_reference(const float *gates, const float *weight, const float *bias, double *h);

// The gradient of Σ gy · h for one element of the input's part, by a difference.
static double difference(recurrence_reference *reference, float *gates, int at, const float *weight, const float *bias,
                         const float *gy) {
    double sums[2] = {0}, *h = zeros((STEPS + 1) * STATES);
    const float value = gates[at];
    for (int side = 0; side < 2; ++side) {
        gates[at] = value + (side ? -0x1p-7f : 0x1p-7f);
        reference(gates, weight, bias, h);
        for (int i = 0; i < STEPS * STATES; ++i) sums[side] += gy[i] * h[STATES + i];
    }
    gates[at] = value;
    free(h);
    return (sums[0] - sums[1]) / 0x1p-6;
}

// The probability that some alignment gives the labels: Graves et al., "Connectionist Temporal Classification", 2006,
// section 4.1, in probabilities.
static double alignment_probability(intptr_t steps, intptr_t step, intptr_t labels, const float *log_probs,
                                    const int64_t *label) {
    double before[64] = {1}, after[64];   // of prefixes with blanks between: 0 is none yet
    for (intptr_t t = 0; t < steps; ++t) {
        for (intptr_t s = 0; s < 2 * labels + 2; ++s) {
            after[s] = 0;
            if (s == 0) continue;
            const bool blank = s % 2;
            const int64_t own = blank ? 0 : label[s / 2 - 1];
            after[s] = t ? before[s] + (s > 1 ? before[s - 1] : 0) : s < 3;
            if (t && !blank && s > 3 && label[s / 2 - 2] != own) after[s] += before[s - 2];
            after[s] *= exp(log_probs[t * step + own]);
        }
        memcpy(before, after, sizeof before);
    }
    return before[2 * labels + 1] + before[2 * labels];
}

static void check_ctc(void) {
    enum { STEPS_OF_CTC = 21, SEQUENCES = 9, CLASSES = 7, LABELS = 6 };
    float *log_probs = numbers(STEPS_OF_CTC * SEQUENCES * CLASSES), loss[SEQUENCES];
    float *alpha = memory(SEQUENCES * STEPS_OF_CTC * (2 * LABELS + 1) * 4);
    const int64_t *labels = integers(SEQUENCES * LABELS, 1, CLASSES);
    int64_t steps[SEQUENCES], lengths[SEQUENCES];
    double expected[SEQUENCES];
    for (int row = 0; row < STEPS_OF_CTC * SEQUENCES; ++row) {
        double sum = 0;
        for (int i = 0; i < CLASSES; ++i) sum += exp(log_probs[row * CLASSES + i]);
        for (int i = 0; i < CLASSES; ++i) log_probs[row * CLASSES + i] -= (float)log(sum);
    }
    for (int n = 0; n < SEQUENCES; ++n) {
        steps[n] = STEPS_OF_CTC - n % 4;
        lengths[n] = LABELS - n % 3;
        expected[n] = -log(alignment_probability(steps[n], SEQUENCES * CLASSES, lengths[n], log_probs + n * CLASSES,
                                                 labels + n * LABELS));
    }
    CHECK("CTC", loss, SEQUENCES, expected, 1e-6,
          sb_ctc_loss(STEPS_OF_CTC, SEQUENCES, CLASSES, LABELS, log_probs, labels, steps, lengths, 0, loss, alpha));
}

void check_recurrence(void) {
    check_ctc();
    enum { H = (STEPS + 1) * STATES };
    for (int count = 3; count <= 4; ++count) {
        const intptr_t gate_count = STEPS * STATES * count;
        const float *input = numbers(gate_count), *weight = numbers(count * HIDDEN * HIDDEN), *bias = numbers(count * HIDDEN);
        const float *gy = numbers(STEPS * STATES);
        const size_t bytes = (size_t)gate_count * 4;
        float *gates = memory(bytes), *h = memory(H * 4), *c = memory(H * 4), *gradient = memory(bytes), *other = memory(bytes);
        double *expected = zeros(H);
        recurrence_reference *reference = count == 4 ? lstm_reference : gru_reference;
        reference(input, weight, bias, expected);
        if (count == 4)
            CHECK("LSTM", h, H, expected, 1e-6, memcpy(gates, input, bytes);
                  sb_lstm_forward(STEPS, BATCH, HIDDEN, 0, gates, weight, bias, NULL, NULL, h, c));
        else
            CHECK("GRU", h, H, expected, 1e-6, memcpy(gates, input, bytes);
                  sb_gru_forward(STEPS, BATCH, HIDDEN, 0, gates, weight, bias, NULL, h, c));
        if (count == 4)
            sb_lstm_backward(STEPS, BATCH, HIDDEN, 0, gy, NULL, NULL, gates, weight, c, gradient, NULL, NULL);
        else sb_gru_backward(STEPS, BATCH, HIDDEN, 0, gy, NULL, gates, weight, h, c, gradient, other, NULL);
        memcpy(other, input, bytes);
        bool holds = true;
        for (int at = 3; at < gate_count; at += (int)gate_count / 9)
            holds &= fabs(difference(reference, other, at, weight, bias, gy) - gradient[at]) < 2e-4;
        expect(count == 4 ? "gradient of LSTM" : "gradient of GRU", holds);
    }
}
