// Memory that cannot be had, where nobody can be told.
#ifndef SB_EXHAUSTION_H
#define SB_EXHAUSTION_H

#include <stddef.h>

/// Ends the program: with what was set, or else with a sentence and a crash.
_Noreturn void sb_memory_exhausted(size_t bytes);
/// What ends the program then; it does not return.
void sb_on_memory_exhausted(void (*end)(size_t bytes));

#endif
