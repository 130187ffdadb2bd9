// The activations that kernels apply to their results. Include inside an ISA pass, after vector_math.h.

#undef v_activated
#define v_activated KERNEL(v_activated)
/// activation(x), where activation is one of sb_activation.
static inline __attribute__((always_inline)) vf v_activated(int activation, vf x) {
    if (activation == SB_ACT_RELU) return vf_select(x < 0, (vf){0}, x);
    if (activation == SB_ACT_SILU) return x * v_sigmoid(x);
    return x;
}
