// Winograd's algorithm with transforms in float32, and products of what they give rounded to bfloat16.
#ifndef ISA_PASS
#define AVX512_ALSO ",avx512bf16"
#define ROUNDED
#include "winograd_job.h"
#include "matmul/matmul_core.h"
#include "foundation/convert.h"
#include "foundation/denormals.h"
#include "foundation/workspace.h"
#endif

#define SOURCE "convolution/convolution_winograd_rounded.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "winograd_schemes.h"
#else

void sb_run_winograd_rounded(winograd_job *job, sb_winograd_scheme scheme, bool few) {
    RUN_SCHEME(DISPATCH_ROUNDED, scheme, few, job);
}

#endif
