// What the kernels of the gradient toward the filters share, in float32 or with rounded products.
#ifndef SB_PATCH_GRADIENT_JOB_H
#define SB_PATCH_GRADIENT_JOB_H

#include "convolution_core.h"
#include "convolution_patches.h"
#include "matmul/matmul_core.h"
#include "foundation/pieces.h"

// A piece is a block of the patches' columns and a chunk of the outputs; the chunks' sums are added up at the end.
typedef struct {
    const sb_convolution *convolution;
    sb_pieces columns, chunks;
    float *sums;   // [chunks][output channels][patch size]
} correlate_job;

enum { CORRELATE_COLUMNS = 576, CORRELATE_CHUNKS = 8, CORRELATE_OUTPUTS = 256, ROUNDED_PATCHES = 16 };

/// Adds up the sums with products that read bfloat16, and stores them.
void sb_correlate_patches_rounded(correlate_job *job);

#endif
