// What the engine uses of C's library, seen from Swift through this module: Foundation would be much for `log`.
#ifndef SB_C_LIBRARY_H
#define SB_C_LIBRARY_H

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#endif
