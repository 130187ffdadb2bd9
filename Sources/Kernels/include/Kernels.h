// Everything that Swift may call. One header for each family of kernels.
#ifndef SB_KERNELS_H
#define SB_KERNELS_H

#include "array.h"
#include "attention.h"
#include "batch_normalization.h"
#include "ceilings.h"
#include "convolution.h"
#include "copy.h"
#include "ctc.h"
#include "elementwise.h"
#include "grid_sample.h"
#include "image.h"
#include "indexing.h"
#include "interpolation.h"
#include "isa.h"
#include "loss.h"
#include "matmul.h"
#include "memory.h"
#include "normalization.h"
#include "optimizer.h"
#include "pooling.h"
#include "quantized.h"
#include "random.h"
#include "recurrent.h"
#include "reduction.h"
#include "rotary.h"
#include "scan.h"
#include "softmax.h"
#include "sort.h"
#include "threads.h"

#endif
