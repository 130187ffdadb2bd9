// The kernels of the gradient toward the filters as a product with patches. Include inside an ISA pass, after
// patch_gradient_job.h; with ROUNDED the product reads bfloat16.

#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "matmul/matmul_core.h"
#include "convolution_patches.h"
#ifdef ROUNDED
#include "matmul/pair_words.h"
#endif

#ifdef ROUNDED

// Panels of columns `first` ..< `first` + `columns` of the patch matrix, for outputs `output` ..< `output` + `count`, in words of
// two outputs. A few patches at a time are copied to the room that rounding leaves, and rounded from there.
static sb_panels KERNEL(pack_patches)(const sb_convolution *c, intptr_t output, intptr_t count, intptr_t first,
                                      intptr_t columns, float *packed) {
    const intptr_t words = (count + 1) / 2, row = packed_size(1, columns);
    float *const rows = packed + words * row;
    for (intptr_t word = 0; word < words; ++word) {
        const intptr_t some = word % (ROUNDED_PATCHES / 2), rest = count - 2 * word;
        if (some == 0)
            copy_patches(c, output + 2 * word, rest < ROUNDED_PATCHES ? rest : ROUNDED_PATCHES, first, columns,
                         (patch_rows){rows, row, MATMUL_PANEL});
        const float *low = rows + 2 * some * row;
        for (intptr_t i = 0; i < columns; i += LANES) {
            const vu high = rest > 1 ? rounded_highs(vf_load(low + row + i)) : (vu){0};
            vf_store(packed + i / MATMUL_PANEL * MATMUL_PANEL * words + word * MATMUL_PANEL + i % MATMUL_PANEL,
                     (vf)(rounded_highs(vf_load(low + i)) >> 16 | high));
        }
    }
    return (sb_panels){packed, MATMUL_PANEL * words, MATMUL_PANEL};
}

// sums (+)= the product of `depth` pixels of the output gradients, transposed, with patches.
static void KERNEL(add_products_of)(const sb_convolution *c, intptr_t output, intptr_t depth, sb_panels patches,
                                    intptr_t columns, sb_result sums, bool add) {
    const sb_pair_matrix gradients = {c->out.data + output * c->out.pixel, true, 1, c->out.pixel, depth};
    const uint64_t mode = sb_flush_denormals();
    multiply(c->out.channels, columns, (depth + 1) / 2, left_pairs(&gradients), patches, sums,
             (sb_finish){.alpha = 1, .beta = add});
    sb_restore_denormals(mode);
}

#else

// Panels of columns `first` ..< `first` + `columns` of the patch matrix, for outputs `output` ..< `output` + `count`.
static sb_panels KERNEL(pack_patches)(const sb_convolution *c, intptr_t output, intptr_t count, intptr_t first,
                                      intptr_t columns, float *packed) {
    copy_patches(c, output, count, first, columns, (patch_rows){packed, MATMUL_PANEL, MATMUL_PANEL * count});
    return (sb_panels){packed, MATMUL_PANEL * count, MATMUL_PANEL};
}

static void KERNEL(add_products_of)(const sb_convolution *c, intptr_t output, intptr_t depth, sb_panels patches,
                                    intptr_t columns, sb_result sums, bool add) {
    const sb_matrix gradients = {c->out.data + output * c->out.pixel, 1, c->out.pixel};   // transposed
    multiply(c->out.channels, columns, depth, left_matrix(&gradients), patches, sums, (sb_finish){.alpha = 1, .beta = add});
}

#endif

static void KERNEL(correlate_piece)(void *context, intptr_t piece) {
    const correlate_job *job = context;
    const sb_convolution *c = job->convolution;
    const intptr_t chunk = piece / job->columns.count, block = piece % job->columns.count;
    const intptr_t column = sb_piece_begin(job->columns, block), columns = sb_piece_end(job->columns, block) - column;
    const intptr_t size = sb_patch_size(c), end = sb_piece_end(job->chunks, chunk);
    float *scratch = sb_scratch(sizeof(float) * (size_t)packed_size(MATMUL_DEPTH, columns));
    const sb_result sums = {job->sums + chunk * c->out.channels * size + column, size, NULL};
    const intptr_t begin = sb_piece_begin(job->chunks, chunk);
    for (intptr_t output = begin; output < end; output += MATMUL_DEPTH) {
        const intptr_t depth = end - output < MATMUL_DEPTH ? end - output : MATMUL_DEPTH;
        KERNEL(add_products_of)(c, output, depth, KERNEL(pack_patches)(c, output, depth, column, columns, scratch), columns,
                                sums, output > begin);
    }
}

static void KERNEL(correlate)(correlate_job *job) {
    sb_parallel(job->chunks.count * job->columns.count, KERNEL(correlate_piece), job);
    sb_store_filter_gradient(job->convolution, job->chunks.count, job->sums);
}
