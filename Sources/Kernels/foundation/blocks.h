// Blocks: short contiguous runs of elements in a type to compute with. Include before per_isa.h and again inside a pass.
//
// float32, float16 and bfloat16 compute as float, float64 as double, integers and bool as int64.
#ifndef SB_BLOCKS_H
#define SB_BLOCKS_H

#include "array.h"

/// The elements of a block: enough to hide the cost of starting a loop, few enough that all operands stay in L1.
enum { BLOCK = 512 };

/// The type to compute an element type with, as an element type itself.
static inline int sb_compute_type(int dtype) {
    return dtype <= SB_BFLOAT16 ? (dtype == SB_FLOAT64 ? SB_FLOAT64 : SB_FLOAT32) : SB_INT64;
}

/// The type for long sums.
static inline int sb_wide_type(int dtype) { return dtype <= SB_BFLOAT16 ? SB_FLOAT64 : SB_INT64; }

/// Room for a block of any compute type.
typedef union {
    float f[BLOCK];
    double d[BLOCK];
    int64_t i[BLOCK];
} __attribute__((aligned(64))) sb_block;

#endif

#ifdef ISA_PASS

#define load_block KERNEL(sb_load_block)
#define load_wide_block KERNEL(sb_load_wide_block)
#define store_block KERNEL(sb_store_block)
#define move_block KERNEL(sb_move_block)
#define move_rows KERNEL(sb_move_rows)

/// `count` elements of `dtype`, `step` bytes apart, to a contiguous block of that type's compute type.
void load_block(int dtype, const void *source, intptr_t step, void *block, intptr_t count);
/// The same, in the type for long sums: double for all floating point, int64 for the rest. At most BLOCK elements.
void load_wide_block(int dtype, const void *source, intptr_t step, void *block, intptr_t count);
/// A contiguous block of the compute type `compute` to `count` elements of `dtype`, `step` bytes apart.
void store_block(int compute, const void *block, int dtype, void *target, intptr_t step, intptr_t count);
/// Copies `count` elements of `size` bytes between steps of bytes.
void move_block(int size, const void *source, intptr_t source_step, void *target, intptr_t target_step, intptr_t count);
/// Copies `rows` rows of `bytes` bytes each, which lie the steps apart.
void move_rows(const char *source, intptr_t source_step, char *target, intptr_t target_step, intptr_t bytes, intptr_t rows);

#endif
