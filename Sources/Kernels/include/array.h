// What a kernel sees of a tensor: memory, element type, sizes and strides. No gradients, no ownership.
#ifndef SB_ARRAY_H
#define SB_ARRAY_H

#include <stdint.h>

#define SB_MAX_RANK 8

typedef enum {
    SB_FLOAT32 = 0,
    SB_FLOAT64 = 1,
    SB_FLOAT16 = 2,
    SB_BFLOAT16 = 3,
    SB_INT32 = 4,
    SB_INT64 = 5,
    SB_UINT8 = 6,
    SB_BOOL = 7,
} sb_dtype;

typedef struct {
    void *data;                      // the first element (an offset is already added)
    intptr_t shape[SB_MAX_RANK];     // sizes; only the first `rank` are meaningful
    intptr_t strides[SB_MAX_RANK];   // in elements; 0 repeats one element (a broadcast)
    int32_t rank;
    int32_t dtype;                   // one of sb_dtype
} sb_array;

#endif
