#ifndef CMEMORY_H
#define CMEMORY_H

/// From now on the program ends with a sentence on standard error and the exit code 1 where memory or a thread cannot be had.
///
/// Swift's arrays, texts and objects have no other way to say so than a crash, and libdispatch waits for ever. On Linux with glibc; elsewhere where the
/// engine's kernels ask for memory.
///
/// - Parameter clean: removes what is half-written; called with a little memory kept for it.
void memory_or_end(void (*clean)(void));

#endif
