// The schemes of winograd_transforms.h, each with its kernels. Include inside an ISA pass, after winograd_job.h; with ROUNDED
// their products read bfloat16.

#include "foundation/vector.h"
#include "foundation/lanes.h"
#include "foundation/vector_math.h"
#include "foundation/vector_activation.h"
#include "matmul/matmul_core.h"
#include "winograd_transforms.h"
#include "foundation/vector_transpose.h"
#include "convolution_filters.h"
#include "winograd_words.h"

#define SCHEME f4
#define INPUT_LINE f4_input_line
#define FILTER_LINE f4_filter_line
#define OUTPUT_LINE f4_output_line
#define POINTS 6
#define FILTERS 6
#define TILE_INPUTS 6
#define TILE_OUTPUTS 4
#include "winograd_forward.h"

#define SCHEME f2
#define INPUT_LINE f2_input_line
#define FILTER_LINE f2_filter_line
#define OUTPUT_LINE f2_output_line
#define POINTS 4
#define FILTERS 4
#define TILE_INPUTS 4
#define TILE_OUTPUTS 2
#include "winograd_forward.h"

#define SCHEME s2
#define INPUT_LINE s2_input_line
#define FILTER_LINE s2_filter_line
#define OUTPUT_LINE s2_output_line
#define POINTS 9
#define FILTERS 6
#define TILE_INPUTS 9
#define TILE_OUTPUTS 4
#include "winograd_forward.h"

#define SCHEME s2i
#define INPUT_LINE s2i_input_line
#define FILTER_LINE s2i_filter_line
#define OUTPUT_LINE s2i_output_line
#define POINTS 9
#define FILTERS 6
#define TILE_INPUTS 5
#define TILE_OUTPUTS 8
#include "winograd_forward.h"
