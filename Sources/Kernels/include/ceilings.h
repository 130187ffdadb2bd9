// What the processor reaches at best: loops to be timed, against which kernels are measured. On all threads of the pool.
#ifndef SB_CEILINGS_H
#define SB_CEILINGS_H

#include <stdint.h>

/// Multiplies and adds in registers, `rounds` times in each of `pieces` pieces of work. Returns how many floating-point
/// operations that were; `sink` gets a number that depends on all of them.
double sb_ceiling_multiply_add(intptr_t pieces, intptr_t rounds, float *sink);

/// Reads x, n floats; `sink` gets their sum.
void sb_ceiling_read(intptr_t n, const float *x, float *sink);
/// y = x, past the caches.
void sb_ceiling_copy(intptr_t n, const float *x, float *y);
/// z = x + 3·y, past the caches: the triad of McCalpin's STREAM.
void sb_ceiling_triad(intptr_t n, const float *x, const float *y, float *z);

#endif
