// The instruction set that kernels run with: chosen once, at first use, from the processor or `SWITCHBACK_ISA`.
#ifndef SB_ISA_H
#define SB_ISA_H

/// x86-64 has the first three, and arm64 the last two. NEON_DOT is NEON with products of bytes and of bfloat16.
typedef enum {
    SB_ISA_BASELINE = 0,
    SB_ISA_AVX2 = 1,
    SB_ISA_AVX512 = 2,
    SB_ISA_NEON = 3,
    SB_ISA_NEON_DOT = 4,
} sb_isa_level;

/// The level in use.
sb_isa_level sb_isa(void);
/// "baseline", "avx2", "avx512", "neon" or "neon-dot".
const char *sb_isa_name(void);
/// The levels that processors of this kind may have, as a sentence lists them: "avx512, avx2 or baseline".
const char *sb_isa_choices(void);
/// 0 if SWITCHBACK_ISA is unset or was honoured; 1 if it named no known level; 2 if this processor lacks it.
int sb_isa_request_problem(void);

#endif
