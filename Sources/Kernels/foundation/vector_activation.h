// The activations that kernels apply to their results. Include inside an ISA pass, after vector_math.h.

#include "activation.h"

#undef v_activated
#define v_activated KERNEL(v_activated)
static inline __attribute__((always_inline)) vf v_activated(sb_activation activation, vf x) {
    switch (activation) {
        case SB_ACT_NONE: return x;
        case SB_ACT_RELU: return vf_select(x < 0, (vf){0}, x);
        case SB_ACT_SILU: return x * v_sigmoid(x);
    }
}

#undef activation_floor
#define activation_floor KERNEL(activation_floor)
/// Whether the activation is max(x, floor) for some floor, which it then gives.
static inline __attribute__((always_inline)) int activation_floor(sb_activation activation, float *floor) {
    *floor = activation == SB_ACT_RELU ? 0 : -INFINITY;
    switch (activation) {
        case SB_ACT_NONE:
        case SB_ACT_RELU: return 1;
        case SB_ACT_SILU: return 0;
    }
}
