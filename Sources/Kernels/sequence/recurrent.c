// The product of each step ends in the cell: gates and states are computed while the sums are still in registers.
#ifndef ISA_PASS
#include "recurrent.h"

#include <stdbool.h>

#include "foundation/pieces.h"
#include "foundation/workspace.h"

typedef struct {
    intptr_t steps, batch, hidden;
    int gate_count;                     // 4 in an LSTM, 3 in a GRU
    bool reverse;
    float *gates, *h, *c, *candidate;   // as in the header; c in an LSTM only, candidate in a GRU only
    const float *gy, *gh_n;             // backward only, from here
    float *ggates, *ghidden;            // ghidden is ggates in an LSTM
    float *carry;                       // [B, H]: what reaches a state around the product with the weights
    float *gh0;
    const float *weight, *bias;         // of the hidden state; the bias is NULL in a backward pass
    float *packed;                      // the weights, in panels
    intptr_t step;                      // the step being computed; backward, -1 or `steps` for the initial state
    sb_pieces rows;
} recurrence;

// Rows of a batch that a piece takes through one panel of weights.
enum { ROW_GROUP = 24 };

static inline float *state_before(const recurrence *job, float *states) {
    return states + (job->step + job->reverse) * job->batch * job->hidden;
}

static inline float *state_after(const recurrence *job, float *states) {
    return states + (job->step + !job->reverse) * job->batch * job->hidden;
}

static inline float *gates_of(const recurrence *job, float *gates, intptr_t step, intptr_t row) {
    return gates + (step * job->batch + row) * job->gate_count * job->hidden;
}
#endif

#define SOURCE "sequence/recurrent.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "matmul/tile_product.h"
#include "foundation/vector_math.h"

#undef CELL_ROWS
#undef PANEL
#undef ROW_CASES

// Rows of a tile; four vectors wide, it just fits the registers.
#if ISA_PASS == ISA_AVX512
#define CELL_ROWS 6
#elif VECTOR_REGISTERS == 32
#define CELL_ROWS 4   // and a vector of each row's elements
#else
#define CELL_ROWS 2
#endif
// Vectors of hidden units in a backward tile.
#define PANEL 4

// ---- LSTM

static void KERNEL(lstm_cell)(const recurrence *job, intptr_t row, intptr_t unit, intptr_t count, const vf *hidden) {
    const intptr_t size = job->hidden, at = row * size + unit;
    float *gates = gates_of(job, job->gates, job->step, row) + unit;
    const vf i = v_sigmoid(vf_load_or(gates, count, 0) + hidden[0]);
    const vf f = v_sigmoid(vf_load_or(gates + size, count, 0) + hidden[1]);
    const vf g = v_tanh(vf_load_or(gates + 2 * size, count, 0) + hidden[2]);
    const vf o = v_sigmoid(vf_load_or(gates + 3 * size, count, 0) + hidden[3]);
    const vf c = f * vf_load_or(state_before(job, job->c) + at, count, 0) + i * g;
    vf_store_some(gates, i, count);
    vf_store_some(gates + size, f, count);
    vf_store_some(gates + 2 * size, g, count);
    vf_store_some(gates + 3 * size, o, count);
    vf_store_some(state_after(job, job->c) + at, c, count);
    vf_store_some(state_after(job, job->h) + at, o * v_tanh(c), count);
}

// gh is the gradient of h after the step; job->carry holds that of c, and then that of c before the step.
static void KERNEL(lstm_cell_backward)(const recurrence *job, intptr_t row, intptr_t unit, intptr_t count, vf gh) {
    const intptr_t size = job->hidden, at = row * size + unit;
    const float *gates = gates_of(job, job->gates, job->step, row) + unit;
    float *ggates = gates_of(job, job->ggates, job->step, row) + unit;
    const vf i = vf_load_or(gates, count, 0), f = vf_load_or(gates + size, count, 0);
    const vf g = vf_load_or(gates + 2 * size, count, 0), o = vf_load_or(gates + 3 * size, count, 0);
    const vf c = v_tanh(vf_load_or(state_after(job, job->c) + at, count, 0));
    const vf before = vf_load_or(state_before(job, job->c) + at, count, 0);
    const vf gc = vf_load_or(job->carry + at, count, 0) + gh * o * (1 - c * c);
    vf_store_some(ggates, gc * g * i * (1 - i), count);
    vf_store_some(ggates + size, gc * before * f * (1 - f), count);
    vf_store_some(ggates + 2 * size, gc * i * (1 - g * g), count);
    vf_store_some(ggates + 3 * size, gh * c * o * (1 - o), count);
    vf_store_some(job->carry + at, gc * f, count);
}

// ---- GRU

static void KERNEL(gru_cell)(const recurrence *job, intptr_t row, intptr_t unit, intptr_t count, const vf *hidden) {
    const intptr_t size = job->hidden, at = row * size + unit;
    float *gates = gates_of(job, job->gates, job->step, row) + unit;
    const vf r = v_sigmoid(vf_load_or(gates, count, 0) + hidden[0]);
    const vf z = v_sigmoid(vf_load_or(gates + size, count, 0) + hidden[1]);
    const vf n = v_tanh(vf_load_or(gates + 2 * size, count, 0) + r * hidden[2]);
    const vf before = vf_load_or(state_before(job, job->h) + at, count, 0);
    vf_store_some(gates, r, count);
    vf_store_some(gates + size, z, count);
    vf_store_some(gates + 2 * size, n, count);
    vf_store_some(job->candidate + job->step * job->batch * size + at, hidden[2], count);
    vf_store_some(state_after(job, job->h) + at, n + z * (before - n), count);
}

// gh is what comes through the weights and the output; job->carry holds what comes directly, h' = … + z·h.
static void KERNEL(gru_cell_backward)(const recurrence *job, intptr_t row, intptr_t unit, intptr_t count, vf gh) {
    const intptr_t size = job->hidden, at = row * size + unit;
    const float *gates = gates_of(job, job->gates, job->step, row) + unit;
    float *ggates = gates_of(job, job->ggates, job->step, row) + unit;
    float *ghidden = gates_of(job, job->ghidden, job->step, row) + unit;
    const vf r = vf_load_or(gates, count, 0), z = vf_load_or(gates + size, count, 0);
    const vf n = vf_load_or(gates + 2 * size, count, 0);
    const vf candidate = vf_load_or(job->candidate + job->step * job->batch * size + at, count, 0);
    const vf before = vf_load_or(state_before(job, job->h) + at, count, 0);
    gh += vf_load_or(job->carry + at, count, 0);
    const vf gn = gh * (1 - z) * (1 - n * n);
    const vf gr = gn * candidate * r * (1 - r), gz = gh * (before - n) * z * (1 - z);
    vf_store_some(ggates, gr, count);
    vf_store_some(ggates + size, gz, count);
    vf_store_some(ggates + 2 * size, gn, count);
    vf_store_some(ghidden, gr, count);
    vf_store_some(ghidden + size, gz, count);
    vf_store_some(ghidden + 2 * size, gn * r, count);
    vf_store_some(job->carry + at, gh * z, count);
}

// ---- one step forward

// A panel for each vector of units: [H + 1, gates, LANES], where the last row is the bias.
static void KERNEL(pack_forward)(void *context, intptr_t panel) {
    const recurrence *job = context;
    const intptr_t size = job->hidden, width = job->gate_count * LANES, first = panel * LANES;
    const intptr_t count = size - first < LANES ? size - first : LANES;
    float *packed = job->packed + panel * (size + 1) * width;
    memset(packed, 0, (size + 1) * width * sizeof *packed);
    for (intptr_t gate = 0; gate < job->gate_count; ++gate)
        for (intptr_t lane = 0; lane < count; ++lane) {
            float *to = packed + gate * LANES + lane;
            const intptr_t row = gate * size + first + lane;
            for (intptr_t k = 0; k < size; ++k) to[k * width] = job->weight[row * size + k];
            if (job->bias) to[size * width] = job->bias[row];
        }
}

static inline __attribute__((always_inline)) void KERNEL(tile_forward)(const recurrence *job, const int rows,
                                                                       const int gates, intptr_t row, intptr_t unit) {
    const intptr_t size = job->hidden, count = size - unit;
    const float *panel = job->packed + unit / LANES * (size + 1) * gates * LANES;
    vf sum[CELL_ROWS * 4], done[CELL_ROWS * 4];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows * gates; ++i) sum[i] = vf_load(panel + (size * gates + i % gates) * LANES);
    tile_sum(rows, gates, size, state_before(job, job->h) + row * size, size, 1, panel, gates * LANES, sum);
    memcpy(done, sum, sizeof done);
    for (int i = 0; i < rows; ++i)
        (gates == 4 ? KERNEL(lstm_cell) : KERNEL(gru_cell))(job, row + i, unit, count, done + i * gates);
}

static void KERNEL(tile_forward_rows)(const recurrence *job, intptr_t rows, intptr_t row, intptr_t unit) {
    switch (rows * 8 + job->gate_count) {
#define ROW_CASES(r) \
    case r * 8 + 4: KERNEL(tile_forward)(job, r, 4, row, unit); break; \
    case r * 8 + 3: KERNEL(tile_forward)(job, r, 3, row, unit); break;
        ROW_CASES(1) ROW_CASES(2)
#if CELL_ROWS > 2
        ROW_CASES(3) ROW_CASES(4)
#endif
#if CELL_ROWS > 4
        ROW_CASES(5) ROW_CASES(6)
#endif
#undef ROW_CASES
    }
}

static void KERNEL(step_forward)(void *context, intptr_t piece) {
    const recurrence *job = context;
    const intptr_t group = piece % job->rows.count, unit = piece / job->rows.count * LANES;
    const intptr_t end = sb_piece_end(job->rows, group);
    for (intptr_t row = sb_piece_begin(job->rows, group); row < end; row += CELL_ROWS)
        KERNEL(tile_forward_rows)(job, end - row < CELL_ROWS ? end - row : CELL_ROWS, row, unit);
}

static void KERNEL(forward)(recurrence *job) {
    const intptr_t vectors = (job->hidden + LANES - 1) / LANES;
    const size_t bytes = vectors * (job->hidden + 1) * job->gate_count * LANES * sizeof(float);
    job->packed = sb_workspace(bytes);
    sb_parallel(vectors, KERNEL(pack_forward), job);
    for (intptr_t i = 0; i < job->steps; ++i) {
        job->step = job->reverse ? job->steps - 1 - i : i;
        sb_parallel(vectors * job->rows.count, KERNEL(step_forward), job);
    }
    sb_free(job->packed, bytes);
}

// ---- one step backward

// A panel for each PANEL vectors of units: [gates·H, PANEL, LANES].
static void KERNEL(pack_backward)(void *context, intptr_t panel) {
    const recurrence *job = context;
    const intptr_t size = job->hidden, depth = job->gate_count * size, width = PANEL * LANES, first = panel * width;
    float *packed = job->packed + panel * depth * width;
    for (intptr_t k = 0; k < depth; ++k, packed += width)
        for (intptr_t v = 0; v < width; v += LANES) {
            const intptr_t count = size - first - v;
            const float *from = job->weight + k * size + first + v;
            vf_store(packed + v, count > 0 ? vf_load_or(from, count, 0) : (vf){0});
        }
}

// The gradient that reaches the state after the step `job->step`, for `rows` rows and a panel of units: through the
// gates of the step that read it, or, at the end of the sequence, from outside.
static inline __attribute__((always_inline)) void KERNEL(tile_backward)(const recurrence *job, const int rows,
                                                                        intptr_t row, intptr_t unit) {
    const intptr_t size = job->hidden, depth = job->gate_count * size, reader = job->step + (job->reverse ? -1 : 1);
    vf sum[CELL_ROWS * PANEL] = {{0}}, done[CELL_ROWS * PANEL];
    if (reader >= 0 && reader < job->steps)
        tile_sum(rows, PANEL, depth, gates_of(job, job->ghidden, reader, row), depth, 1,
                 job->packed + unit * depth, PANEL * LANES, sum);
    memcpy(done, sum, sizeof done);
    for (int i = 0; i < rows * PANEL; ++i) {
        const intptr_t r = row + i / PANEL, u = unit + i % PANEL * LANES, count = size - u;
        if (count <= 0) continue;
        vf gh = done[i];
        if ((reader < 0 || reader >= job->steps) && job->gh_n) gh = vf_load_or(job->gh_n + r * size + u, count, 0);
        if (job->step < 0 || job->step >= job->steps) {
            if (job->gate_count == 3) gh += vf_load_or(job->carry + r * size + u, count, 0);
            vf_store_some(job->gh0 + r * size + u, gh, count);
            continue;
        }
        if (job->gy) gh += vf_load_or(job->gy + (job->step * job->batch + r) * size + u, count, 0);
        (job->gate_count == 4 ? KERNEL(lstm_cell_backward) : KERNEL(gru_cell_backward))(job, r, u, count, gh);
    }
}

static void KERNEL(step_backward)(void *context, intptr_t piece) {
    const recurrence *job = context;
    const intptr_t group = piece % job->rows.count, unit = piece / job->rows.count * PANEL * LANES;
    const intptr_t end = sb_piece_end(job->rows, group);
    for (intptr_t row = sb_piece_begin(job->rows, group); row < end; row += CELL_ROWS)
        switch (end - row) {
        case 1: KERNEL(tile_backward)(job, 1, row, unit); break;
#if CELL_ROWS > 2
        case 2: KERNEL(tile_backward)(job, 2, row, unit); break;
        case 3: KERNEL(tile_backward)(job, 3, row, unit); break;
#endif
#if CELL_ROWS > 4
        case 4: KERNEL(tile_backward)(job, 4, row, unit); break;
        case 5: KERNEL(tile_backward)(job, 5, row, unit); break;
#endif
        default: KERNEL(tile_backward)(job, CELL_ROWS, row, unit);
        }
}

static void KERNEL(backward)(recurrence *job) {
    const intptr_t width = PANEL * LANES, panels = (job->hidden + width - 1) / width;
    const size_t bytes = panels * width * job->gate_count * job->hidden * sizeof(float);
    job->packed = sb_workspace(bytes);
    sb_parallel(panels, KERNEL(pack_backward), job);
    for (intptr_t i = 0; i < job->steps + (job->gh0 != NULL); ++i) {
        job->step = job->reverse ? i : job->steps - 1 - i;
        sb_parallel(panels * job->rows.count, KERNEL(step_backward), job);
    }
    sb_free(job->packed, bytes);
}

#else

static recurrence recurrence_of(intptr_t t, intptr_t b, intptr_t h_size, int gate_count, int reverse,
                                const float *weight, const float *bias) {
    return (recurrence){.steps = t, .batch = b, .hidden = h_size, .gate_count = gate_count, .reverse = reverse,
                        .weight = weight, .bias = bias, .rows = sb_cut(b, 1, ROW_GROUP, INTPTR_MAX)};
}

// Copies [B, H], or zeros where there is nothing to copy.
static void set_state(const recurrence *job, const float *from, float *to) {
    const size_t bytes = job->batch * job->hidden * sizeof *to;
    if (from) memcpy(to, from, bytes);
    else memset(to, 0, bytes);
}

static float *initial_state(const recurrence *job, float *states) {
    return states + (job->reverse ? job->steps : 0) * job->batch * job->hidden;
}

void sb_lstm_forward(intptr_t t, intptr_t b, intptr_t h_size, int reverse, float *gates, const float *weight_hh,
                     const float *hidden_bias, const float *h0, const float *c0, float *h, float *c) {
    recurrence job = recurrence_of(t, b, h_size, 4, reverse, weight_hh, hidden_bias);
    job.gates = gates, job.h = h, job.c = c;
    set_state(&job, h0, initial_state(&job, h));
    set_state(&job, c0, initial_state(&job, c));
    DISPATCH(forward, &job);
}

void sb_gru_forward(intptr_t t, intptr_t b, intptr_t h_size, int reverse, float *gates, const float *weight_hh,
                    const float *hidden_bias, const float *h0, float *h, float *candidate) {
    recurrence job = recurrence_of(t, b, h_size, 3, reverse, weight_hh, hidden_bias);
    job.gates = gates, job.h = h, job.candidate = candidate;
    set_state(&job, h0, initial_state(&job, h));
    DISPATCH(forward, &job);
}

void sb_lstm_backward(intptr_t t, intptr_t b, intptr_t h_size, int reverse, const float *gy, const float *gh_n,
                      const float *gc_n, const float *gates, const float *weight_hh, const float *c, float *ggates,
                      float *gh0, float *gc0) {
    recurrence job = recurrence_of(t, b, h_size, 4, reverse, weight_hh, NULL);
    const size_t bytes = b * h_size * sizeof(float);
    job.gates = (float *)gates, job.c = (float *)c, job.gy = gy, job.gh_n = gh_n, job.gh0 = gh0;
    job.ggates = job.ghidden = ggates;
    job.carry = sb_workspace(bytes);
    set_state(&job, gc_n, job.carry);
    DISPATCH(backward, &job);
    if (gc0) set_state(&job, job.carry, gc0);
    sb_free(job.carry, bytes);
}

void sb_gru_backward(intptr_t t, intptr_t b, intptr_t h_size, int reverse, const float *gy, const float *gh_n,
                     const float *gates, const float *weight_hh, const float *h, const float *candidate,
                     float *ggates, float *ghidden, float *gh0) {
    recurrence job = recurrence_of(t, b, h_size, 3, reverse, weight_hh, NULL);
    const size_t bytes = b * h_size * sizeof(float);
    job.gates = (float *)gates, job.h = (float *)h, job.candidate = (float *)candidate;
    job.gy = gy, job.gh_n = gh_n, job.gh0 = gh0, job.ggates = ggates, job.ghidden = ghidden;
    job.carry = sb_workspace(bytes);
    set_state(&job, NULL, job.carry);
    DISPATCH(backward, &job);
    sb_free(job.carry, bytes);
}

#endif
