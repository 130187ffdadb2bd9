#ifndef ISA_PASS
#include "batch_normalization.h"

#include "batch_normalization_blocks.h"
#include "foundation/pieces.h"
#include "foundation/workspace.h"

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
    sb_activation activation;
    float *y;
} apply_job;
#endif

#define SOURCE "normalization/batch_normalization.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/vector_math.h"
#include "foundation/vector_activation.h"
#include "batch_normalization_blocks.h"

// Of a block: for each column a center near its mean, Σ (x - center) and Σ (x - center)².
typedef struct {
    float center[COLUMNS], rest[COLUMNS], square[COLUMNS];
} KERNEL(block_moments);

static inline __attribute__((always_inline)) void KERNEL(sum_moments)(const int vectors, intptr_t count, intptr_t rows,
                                                                      intptr_t channels, const float *x,
                                                                      KERNEL(block_moments) *result) {
    vf center[4] = {{0}}, rest[4] = {{0}}, square[4] = {{0}};
    for (intptr_t row = 0; row < rows; ++row)
        EACH(v, vectors) center[v] += vf_load_or(x + row * channels + v * LANES, count, 0);
    EACH(v, vectors) center[v] /= (float)rows;
    for (intptr_t row = 0; row < rows; ++row)
        EACH(v, vectors) {
            const vf d = vf_load_or(x + row * channels + v * LANES, count, 0) - center[v];
            rest[v] += d;
            square[v] += d * d;
        }
    EACH(v, vectors) {
        vf_store(result->center + v * LANES, center[v]);
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
        count = column_count(channels - c);
        EACH_WIDTH(KERNEL(sum_moments), count, rows, channels, x + c, &block)
        for (intptr_t i = 0; i < count; ++i) {
            const double correction = block.rest[i] / (double)rows, block_mean = block.center[i] + correction;
            const double distance = block_mean - mean[c + i];
            squares[c + i] += block.square[i] - correction * block.rest[i] + distance * distance * cross;
            mean[c + i] += distance * share;
        }
    }
}

static void KERNEL(statistics_piece)(void *context, intptr_t piece) {
    const statistics_job *job = context;
    const intptr_t begin = sb_piece_begin(job->pieces, piece), end = sb_piece_end(job->pieces, piece);
    const intptr_t channels = job->channels, step = sb_norm_block_rows(channels);
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
            vf_store_some(y + c, v_activated(job->activation, value), count);
        }
    }
}

static void KERNEL(apply)(apply_job *job) { sb_parallel(job->pieces.count, KERNEL(apply_piece), job); }

#else

// Adds all pieces up in the first one's place, as statistics_block does.
static void merge_pieces(const statistics_job *job) {
    for (intptr_t piece = 1; piece < job->pieces.count; ++piece) {
        const double seen = sb_piece_begin(job->pieces, piece), share = 1 - seen / sb_piece_end(job->pieces, piece);
        const double *mean = job->mean + piece * job->channels, *squares = job->squares + piece * job->channels;
        for (intptr_t c = 0; c < job->channels; ++c) {
            const double distance = mean[c] - job->mean[c];
            job->squares[c] += squares[c] + distance * distance * share * seen;
            job->mean[c] += distance * share;
        }
    }
}

void sb_batch_norm_statistics(intptr_t rows, intptr_t channels, const float *x, float *mean, float *variance) {
    if (channels == 0) return;
    const sb_pieces pieces = sb_norm_pieces(rows, channels);
    const intptr_t partial = pieces.count * channels;
    double *partials = sb_workspace(2 * partial * sizeof(double));
    statistics_job job = {.pieces = pieces, .channels = channels, .x = x, .mean = partials,
                          .squares = partials + partial};
    DISPATCH(statistics, &job);
    merge_pieces(&job);
    for (intptr_t c = 0; c < channels; ++c) {
        mean[c] = rows ? job.mean[c] : NAN;
        variance[c] = rows ? job.squares[c] / rows : NAN;
    }
    sb_free(partials, 2 * partial * sizeof(double));
}

void sb_batch_norm_apply(intptr_t rows, intptr_t channels, const float *x, const float *scale, const float *shift,
                         const float *residual, sb_activation activation, float *y) {
    apply_job job = {.pieces = sb_cut_rows(rows, channels), .channels = channels, .x = x, .scale = scale,
                     .shift = shift, .residual = residual, .activation = activation, .y = y};
    DISPATCH(apply, &job);
}

#endif
