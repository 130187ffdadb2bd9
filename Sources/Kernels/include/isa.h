// The instruction set that kernels run with: chosen once, at first use, from the processor or `SWITCHBACK_ISA`.
#ifndef SB_ISA_H
#define SB_ISA_H

typedef enum { SB_ISA_BASELINE = 0, SB_ISA_AVX2 = 1, SB_ISA_AVX512 = 2 } sb_isa_level;

/// The level in use.
sb_isa_level sb_isa(void);
/// "baseline", "avx2" or "avx512".
const char *sb_isa_name(void);
/// 0 if SWITCHBACK_ISA is unset or was honoured; 1 if it named no known level; 2 if this processor lacks it.
int sb_isa_request_problem(void);

#endif
