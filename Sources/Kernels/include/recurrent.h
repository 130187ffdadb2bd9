// One layer and one direction of an LSTM or GRU, over a whole sequence: T steps, B sequences, H hidden units.
//
// The caller multiplies the input of all steps by the input weights in one product, [T, B, gates·H]; these functions
// do what has to happen step by step. The backward functions give the gradients of the gates before their
// activation, from which the caller has the gradients of input, weights and biases, again in one product each.
//
// States are kept for all steps with the initial state beside them, [T + 1, B, H]: forward, step t turns state t into
// state t + 1; in `reverse`, state t + 1 into state t. So the states that the steps read are T of them in a row, and
// so are those they write: the output.
#ifndef SB_RECURRENT_H
#define SB_RECURRENT_H

#include <stdint.h>

/// gates, [T, B, 4·H] in the order i, f, g, o: in, the input's part with its bias; out, the activations.
/// weight_hh is [4·H, H]; hidden_bias, [4·H], and the initial states h0 and c0, [B, H], may be NULL (zeros).
/// h and c, [T + 1, B, H], receive all states.
void sb_lstm_forward(intptr_t t, intptr_t b, intptr_t h_size, int reverse, float *gates, const float *weight_hh,
                     const float *hidden_bias, const float *h0, const float *c0, float *h, float *c);

/// gy, [T, B, H], is the gradient of the output, gh_n and gc_n, [B, H], of the last states; each may be NULL (zeros).
/// gates and c are what the forward function left. ggates, [T, B, 4·H], may be gates. gh0 and gc0 may be NULL.
void sb_lstm_backward(intptr_t t, intptr_t b, intptr_t h_size, int reverse, const float *gy, const float *gh_n,
                      const float *gc_n, const float *gates, const float *weight_hh, const float *c, float *ggates,
                      float *gh0, float *gc0);

/// gates, [T, B, 3·H] in the order r, z, n: in, the input's part with its bias; out, the activations.
/// candidate, [T, B, H], receives the hidden part of n before r multiplies it, which the backward function needs.
/// h' = (1 - z)·n + z·h,  n = tanh(input part + r·(hidden part + its bias))
void sb_gru_forward(intptr_t t, intptr_t b, intptr_t h_size, int reverse, float *gates, const float *weight_hh,
                    const float *hidden_bias, const float *h0, float *h, float *candidate);

/// ggates, [T, B, 3·H], is the gradient of the input's part; ghidden, the same shape, of the hidden part: they differ
/// in n. h, gates and candidate are what the forward function left. gy, gh_n and gh0 may be NULL.
void sb_gru_backward(intptr_t t, intptr_t b, intptr_t h_size, int reverse, const float *gy, const float *gh_n,
                     const float *gates, const float *weight_hh, const float *h, const float *candidate,
                     float *ggates, float *ghidden, float *gh0);

#endif
