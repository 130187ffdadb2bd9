// Random numbers by counting: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011), keyed by the seed.
//
// Element i, in logical order, depends on the seed, the offset and i alone: neither on threads, nor on memory order.
// Which word feeds which element, and how bits become a number, is specified in RandomKernels.swift.
#ifndef SB_RANDOM_H
#define SB_RANDOM_H

#include "array.h"

/// Uniform in [low, high): multiples of 2^-24 of the range, or of 2^-53 for float64. Floating-point types.
void sb_random_uniform(uint64_t seed, uint64_t offset, double low, double high, const sb_array *y);
/// Normally distributed (Box and Muller, 1958). Floating-point types.
void sb_random_normal(uint64_t seed, uint64_t offset, double mean, double std, const sb_array *y);
/// Integers in low ..< high, for every element type (floating-point ones hold whole numbers).
void sb_random_integers(uint64_t seed, uint64_t offset, int64_t low, int64_t high, const sb_array *y);

#endif
