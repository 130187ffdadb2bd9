// Everything that Swift may call. One header for each family of kernels.
#ifndef SB_KERNELS_H
#define SB_KERNELS_H

#include "array.h"
#include "isa.h"
#include "memory.h"
#include "threads.h"

#endif
