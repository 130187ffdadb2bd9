// The gradient toward 3×3 filters by Winograd's algorithm with transforms in float32, and products of what they give rounded
// to bfloat16.
#ifndef ISA_PASS
#define AVX512_ALSO ",avx512bf16"
#define ROUNDED
#include "winograd_weights_job.h"
#include "foundation/convert.h"
#include "foundation/denormals.h"
#include "foundation/workspace.h"
#endif

#define SOURCE "convolution/convolution_winograd_weights_rounded.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "winograd_weights.h"
#else

void sb_run_winograd_weights_rounded(winograd_weights_job *job, bool many) {
    if (many) DISPATCH_ROUNDED(many_channels, job);
    else DISPATCH_ROUNDED(few_channels, job);
}

#endif
