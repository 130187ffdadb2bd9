// The activations that kernels apply to their results before they store them: Swift's `FusedActivation`.
#ifndef SB_ACTIVATION_H
#define SB_ACTIVATION_H

/// Whoever treats them differently switches over all of them, without a default: a new one then does not compile until it
/// has been thought of everywhere.
typedef enum {
    SB_ACT_NONE,
    SB_ACT_RELU,   // max(x, 0)
    SB_ACT_SILU,   // x · sigmoid(x)
} sb_activation;

#endif
