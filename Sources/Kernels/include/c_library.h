// What the engine uses of C's library, seen from Swift through this module: Foundation would be much for `log`.
#ifndef SB_C_LIBRARY_H
#define SB_C_LIBRARY_H

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/// Ends the program as a crash. `quietly`, what was set to handle it, such as the printer of Swift's back traces, is not asked.
_Noreturn void sb_abort(bool quietly);

#endif
