// Threads that the engine can do without.
#ifndef SB_SPARE_THREADS_H
#define SB_SPARE_THREADS_H

#include <stdbool.h>

/// Whether this thread starts such a one: that it cannot be had is no reason to end the program.
extern _Thread_local bool sb_is_starting_spare_thread;

#endif
