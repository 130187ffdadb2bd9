#ifndef ISA_PASS
#include "batch_normalization.h"

#include "pieces.h"
#include "workspace.h"

// A piece of rows is read a block at a time. A block lies in the first-level cache, so that it may be read twice.
enum { BLOCK_ELEMENTS = 4096, MAX_PIECES = 64 };

static intptr_t block_rows(intptr_t channels) {
    const intptr_t rows = BLOCK_ELEMENTS / channels;
    return rows < 8 ? 8 : rows > 256 ? 256 : rows;
}

typedef struct {
    sb_pieces pieces;
    intptr_t channels;
    const float *x;
    double *mean, *squares;   // [pieces, channels]: mean of the piece, sum of squared deviations from it
} statistics_job;

typedef struct {
    sb_pieces pieces;
    intptr_t channels;
    const float *x, *scale, *shift, *residual;
    int activation;
    float *y;
} apply_job;

typedef struct {
    sb_pieces pieces;
    intptr_t channels;
    const float *gy, *x, *mean;
    double *sum, *dot;   // [pieces, channels]: Σ gy, Σ gy·(x - mean)
} gradient_sums_job;

typedef struct {
    sb_pieces pieces;
    intptr_t channels;
    const float *gy, *x, *mean;
    const float *scale, *slope, *offset;   // gx = gy·scale + (x - mean)·slope + offset
    float *gx;
} gradient_job;
#endif

#define SOURCE "batch_normalization.c"
#include "per_isa.h"
#ifdef ISA_PASS
#include "vector.h"
#include "lanes.h"
#include "vector_math.h"

#undef COLUMNS
#undef EACH

// Column sums are taken over this many columns at once, so that an addition need not wait for the one before it.
#define COLUMNS (4 * LANES)
#define EACH(v, vectors) _Pragma("clang loop unroll(full)") for (int v = 0; v < (vectors); ++v)

// How many columns to sum next when `left` are left: all of COLUMNS, or a vector or a part of one.
static inline intptr_t KERNEL(column_count)(intptr_t left) {
    return left >= COLUMNS ? COLUMNS : left < LANES ? left : LANES;
}

// Of a block: for each column a centre near its mean, Σ (x - centre) and Σ (x - centre)².
typedef struct {
    float centre[COLUMNS], rest[COLUMNS], square[COLUMNS];
} KERNEL(block_moments);

static inline __attribute__((always_inline)) void KERNEL(sum_moments)(const int vectors, intptr_t count, intptr_t rows,
                                                                      intptr_t channels, const float *x,
                                                                      KERNEL(block_moments) *result) {
    vf centre[4] = {{0}}, rest[4] = {{0}}, square[4] = {{0}};
    for (intptr_t row = 0; row < rows; ++row)
        EACH(v, vectors) centre[v] += vf_load_or(x + row * channels + v * LANES, count, 0);
    EACH(v, vectors) centre[v] /= (float)rows;
    for (intptr_t row = 0; row < rows; ++row)
        EACH(v, vectors) {
            const vf d = vf_load_or(x + row * channels + v * LANES, count, 0) - centre[v];
            rest[v] += d;
            square[v] += d * d;
        }
    EACH(v, vectors) {
        vf_store(result->centre + v * LANES, centre[v]);
        vf_store(result->rest + v * LANES, rest[v]);
        vf_store(result->square + v * LANES, square[v]);
    }
}

// Adds a block of `rows` rows to the mean and squared deviations of the `seen` rows before it (Chan, Golub, LeVeque:
// "Updating formulae and a pairwise algorithm for computing sample variances", 1979).
static void KERNEL(statistics_block)(intptr_t rows, intptr_t channels, const float *x, intptr_t seen, double *mean,
                                     double *squares) {
    const double share = (double)rows / (seen + rows), cross = share * seen;
    KERNEL(block_moments) block;
    for (intptr_t c = 0, count; c < channels; c += count) {
        count = KERNEL(column_count)(channels - c);
        if (count == COLUMNS) KERNEL(sum_moments)(4, LANES, rows, channels, x + c, &block);
        else KERNEL(sum_moments)(1, count, rows, channels, x + c, &block);
        for (intptr_t i = 0; i < count; ++i) {
            const double correction = block.rest[i] / (double)rows, block_mean = block.centre[i] + correction;
            const double distance = block_mean - mean[c + i];
            squares[c + i] += block.square[i] - correction * block.rest[i] + distance * distance * cross;
            mean[c + i] += distance * share;
        }
    }
}

static void KERNEL(statistics_piece)(void *context, intptr_t piece) {
    const statistics_job *job = context;
    const intptr_t begin = sb_piece_begin(job->pieces, piece), end = sb_piece_end(job->pieces, piece);
    const intptr_t channels = job->channels, step = block_rows(channels);
    double *mean = job->mean + piece * channels, *squares = job->squares + piece * channels;
    memset(mean, 0, channels * sizeof *mean);
    memset(squares, 0, channels * sizeof *squares);
    for (intptr_t row = begin; row < end; row += step)
        KERNEL(statistics_block)(end - row < step ? end - row : step, channels, job->x + row * channels, row - begin,
                                 mean, squares);
}

static void KERNEL(statistics)(statistics_job *job) {
    sb_parallel(job->pieces.count, KERNEL(statistics_piece), job);
}

static void KERNEL(apply_piece)(void *context, intptr_t piece) {
    const apply_job *job = context;
    piece = sb_backwards(job->pieces, piece);
    const intptr_t end = sb_piece_end(job->pieces, piece), channels = job->channels;
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row) {
        const float *x = job->x + row * channels, *residual = job->residual ? job->residual + row * channels : NULL;
        float *y = job->y + row * channels;
        FOR_LANES(c, count, channels) {
            vf value = vf_load_or(x + c, count, 0) * vf_load_or(job->scale + c, count, 0) +
                       vf_load_or(job->shift + c, count, 0);
            if (residual) value += vf_load_or(residual + c, count, 0);
            if (job->activation == 1) value = vf_select(value < 0, (vf){0}, value);
            if (job->activation == 2) value *= v_sigmoid(value);
            vf_store_some(y + c, value, count);
        }
    }
}

static void KERNEL(apply)(apply_job *job) { sb_parallel(job->pieces.count, KERNEL(apply_piece), job); }

// Adds a block's Σ gy and Σ gy·(x - mean) to the piece's.
static inline __attribute__((always_inline)) void KERNEL(sum_gradients)(const int vectors, intptr_t count,
                                                                        intptr_t rows, intptr_t channels,
                                                                        const float *gy, const float *x,
                                                                        const float *mean, double *sums,
                                                                        double *dots) {
    vf centre[4], sum[4] = {{0}}, dot[4] = {{0}};
    float lanes[2][COLUMNS];
    EACH(v, vectors) centre[v] = vf_load_or(mean + v * LANES, count, 0);
    for (intptr_t row = 0; row < rows; ++row)
        EACH(v, vectors) {
            const vf g = vf_load_or(gy + row * channels + v * LANES, count, 0);
            sum[v] += g;
            dot[v] += g * (vf_load_or(x + row * channels + v * LANES, count, 0) - centre[v]);
        }
    EACH(v, vectors) {
        vf_store(lanes[0] + v * LANES, sum[v]);
        vf_store(lanes[1] + v * LANES, dot[v]);
    }
    for (intptr_t i = 0; i < (vectors > 1 ? COLUMNS : count); ++i) {
        sums[i] += lanes[0][i];
        dots[i] += lanes[1][i];
    }
}

static void KERNEL(gradient_sums_piece)(void *context, intptr_t piece) {
    const gradient_sums_job *job = context;
    const intptr_t begin = sb_piece_begin(job->pieces, piece), end = sb_piece_end(job->pieces, piece);
    const intptr_t channels = job->channels, step = block_rows(channels);
    double *sums = job->sum + piece * channels, *dots = job->dot + piece * channels;
    memset(sums, 0, channels * sizeof *sums);
    memset(dots, 0, channels * sizeof *dots);
    for (intptr_t block = begin; block < end; block += step) {
        const intptr_t rows = end - block < step ? end - block : step;
        const float *gy = job->gy + block * channels, *x = job->x + block * channels, *mean = job->mean;
        for (intptr_t c = 0, count; c < channels; c += count) {
            count = KERNEL(column_count)(channels - c);
            if (count == COLUMNS)
                KERNEL(sum_gradients)(4, LANES, rows, channels, gy + c, x + c, mean + c, sums + c, dots + c);
            else KERNEL(sum_gradients)(1, count, rows, channels, gy + c, x + c, mean + c, sums + c, dots + c);
        }
    }
}

static void KERNEL(gradient_sums)(gradient_sums_job *job) {
    sb_parallel(job->pieces.count, KERNEL(gradient_sums_piece), job);
}

static void KERNEL(gradient_piece)(void *context, intptr_t piece) {
    const gradient_job *job = context;
    piece = sb_backwards(job->pieces, piece);
    const intptr_t end = sb_piece_end(job->pieces, piece), channels = job->channels;
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row) {
        const float *gy = job->gy + row * channels, *x = job->x + row * channels;
        FOR_LANES(c, count, channels) {
            const vf d = vf_load_or(x + c, count, 0) - vf_load_or(job->mean + c, count, 0);
            const vf g = vf_load_or(gy + c, count, 0) * vf_load_or(job->scale + c, count, 0) +
                         (d * vf_load_or(job->slope + c, count, 0) + vf_load_or(job->offset + c, count, 0));
            vf_store_some(job->gx + row * channels + c, g, count);
        }
    }
}

static void KERNEL(gradient)(gradient_job *job) { sb_parallel(job->pieces.count, KERNEL(gradient_piece), job); }

#else

void sb_batch_norm_statistics(intptr_t rows, intptr_t channels, const float *x, float *mean, float *variance) {
    if (channels == 0) return;
    const sb_pieces pieces = sb_cut(rows, channels, 4 * BLOCK_ELEMENTS, MAX_PIECES);
    const intptr_t partial = pieces.count * channels;
    double *partials = sb_workspace(2 * partial * sizeof(double));
    statistics_job job = {.pieces = pieces, .channels = channels, .x = x, .mean = partials,
                          .squares = partials + partial};
    DISPATCH(statistics, &job);
    for (intptr_t c = 0; c < channels; ++c) {
        double centre = 0, squares = 0;
        for (intptr_t piece = 0; piece < pieces.count; ++piece) {
            const double seen = sb_piece_begin(pieces, piece), share = 1 - seen / sb_piece_end(pieces, piece);
            const double distance = job.mean[piece * channels + c] - centre;
            squares += job.squares[piece * channels + c] + distance * distance * share * seen;
            centre += distance * share;
        }
        mean[c] = rows ? centre : NAN;
        variance[c] = squares / rows;
    }
    sb_free(partials, 2 * partial * sizeof(double));
}

void sb_batch_norm_apply(intptr_t rows, intptr_t channels, const float *x, const float *scale, const float *shift,
                         const float *residual, int activation, float *y) {
    apply_job job = {.pieces = sb_cut_rows(rows, channels), .channels = channels, .x = x, .scale = scale,
                     .shift = shift, .residual = residual, .activation = activation, .y = y};
    DISPATCH(apply, &job);
}

void sb_batch_norm_backward(intptr_t rows, intptr_t channels, const float *gy, const float *x, const float *mean,
                            const float *rstd, const float *weight, float *gx, float *gweight, float *gbias) {
    if (channels == 0) return;
    const sb_pieces pieces = sb_cut(rows, channels, 4 * BLOCK_ELEMENTS, MAX_PIECES);
    const intptr_t partial = pieces.count * channels;
    const size_t bytes = 2 * partial * sizeof(double) + 3 * channels * sizeof(float);
    double *partials = sb_workspace(bytes);
    float *scale = (float *)(partials + 2 * partial), *slope = scale + channels, *offset = slope + channels;
    gradient_sums_job sums = {.pieces = pieces, .channels = channels, .gy = gy, .x = x, .mean = mean, .sum = partials,
                              .dot = partials + partial};
    DISPATCH(gradient_sums, &sums);
    for (intptr_t c = 0; c < channels; ++c) {
        double sum = 0, dot = 0;
        for (intptr_t piece = 0; piece < pieces.count; ++piece) {
            sum += sums.sum[piece * channels + c];
            dot += sums.dot[piece * channels + c];
        }
        if (gweight) gweight[c] = dot * rstd[c];
        if (gbias) gbias[c] = sum;
        const double factor = (double)rstd[c] * (weight ? weight[c] : 1);
        scale[c] = factor;
        slope[c] = -factor * rstd[c] * rstd[c] * dot / rows;
        offset[c] = -factor * sum / rows;
    }
    if (gx) {
        gradient_job job = {.pieces = sb_cut_rows(rows, channels), .channels = channels, .gy = gy, .x = x,
                            .mean = mean, .scale = scale, .slope = slope, .offset = offset, .gx = gx};
        DISPATCH(gradient, &job);
    }
    sb_free(partials, bytes);
}

#endif
