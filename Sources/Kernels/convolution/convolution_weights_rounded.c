// The gradient toward the filters as the product of output gradients and patches, both rounded to bfloat16.
#ifndef ISA_PASS
#define AVX512_ALSO ",avx512bf16"
#define ROUNDED
#include "patch_gradient_job.h"
#include "foundation/convert.h"
#include "foundation/denormals.h"
#include "foundation/workspace.h"
#endif

#define SOURCE "convolution/convolution_weights_rounded.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "patch_gradient.h"
#else

void sb_correlate_patches_rounded(correlate_job *job) { DISPATCH_ROUNDED(correlate, job); }

#endif
