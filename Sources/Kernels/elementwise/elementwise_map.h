// The walk behind every elementwise kernel: block by block, operands are brought into the type to compute with, a
// kernel runs over dense memory, and its results are brought back. Dense operands of that very type are used in place.
#ifndef SB_ELEMENTWISE_MAP_H
#define SB_ELEMENTWISE_MAP_H

#include "foundation/blocks.h"
#include "foundation/loop.h"

/// In place of a type to compute with: elements are moved as they are.
enum { MAP_UNCONVERTED = -1 };

typedef struct sb_map sb_map;

/// Fills `count` elements of y, a whole number of vectors. Operand k is dense where steps[k] is 1; where it is 0 the
/// operand repeats one element, of which a full vector is given.
typedef void (*sb_map_kernel)(
    const sb_map *map, const void *const *operands, const intptr_t *steps, void *y, intptr_t count);

struct sb_map {
    sb_loop loop;      // operand 0 is the result
    sb_map_kernel kernel;
    intptr_t short_run;  // innermost loops shorter than this are gathered into blocks
    int op;
    int compute;       // the type to compute with, or MAP_UNCONVERTED
    double p0, p1;
};

#endif

#ifdef ISA_PASS

#define run_map KERNEL(sb_run_map)

/// Runs a kernel over arrays of one shape, the result first; on the pool if they are long.
void run_map(
    int operands, const sb_array *const *arrays, int compute, sb_map_kernel kernel, int op, double p0, double p1);

#endif
