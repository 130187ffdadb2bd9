// Attention whose products read bfloat16.
#ifndef ISA_PASS
#define AVX512_ALSO ",avx512bf16"
#define ROUNDED
#include "attention_job.h"
#include "matmul.h"
#include "foundation/convert.h"
#include "foundation/denormals.h"
#endif

#define SOURCE "sequence/attention_rounded.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "attention_kernels.h"
#else

void sb_attention_rounded(const sb_array *q, const sb_array *k, const sb_array *v, const sb_array *mask, int causal,
                          float scale, const sb_array *y, float *log_sum_exp) {
    attention_job job = job_of(q, k, v, mask, causal, scale, y, log_sum_exp);
    DISPATCH_ROUNDED(attention, &job);
}

void sb_attention_rounded_backward(const sb_array *gy, const sb_array *q, const sb_array *k, const sb_array *v,
                                   const sb_array *mask, int causal, float scale, const sb_array *y,
                                   const float *log_sum_exp, const sb_array *gq, const sb_array *gk,
                                   const sb_array *gv) {
    attention_job job = job_of(q, k, v, mask, causal, scale, y, (float *)log_sum_exp);
    job.gy = gy, job.gq = gq, job.gk = gk, job.gv = gv;
    DISPATCH_ROUNDED(attention_backward, &job);
}

#endif
