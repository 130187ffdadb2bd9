// One thread pool for all kernels.
#ifndef SB_THREADS_H
#define SB_THREADS_H

#include <stddef.h>
#include <stdint.h>

typedef void (*sb_task)(void *context, intptr_t piece);

/// Runs task(context, 0 ..< pieces) on the pool and the calling thread; returns when all are done.
/// Cut work into pieces that do not depend on the number of threads and combine partial sums in the order of the
/// pieces: then the bits of a result do not depend on the number of threads either.
/// A call from inside a task, or while another thread uses the pool, runs on the calling thread alone.
void sb_parallel(intptr_t pieces, sb_task task, void *context);

/// The number of threads in use: SWITCHBACK_THREADS, or the processors that this process may run on.
int sb_thread_count(void);
/// Sets the number of threads (at least 1, at most 256). Must not be called from inside a task.
void sb_set_thread_count(int count);
/// 1 if SWITCHBACK_THREADS is set to something that is not a number from 1 to 256.
int sb_thread_request_problem(void);

/// Scratch memory of the calling thread, 64-byte aligned, kept for the next call and valid until then.
void *sb_scratch(size_t bytes);

/// One pointer for each thread, for the caller's own use; NULL at the start.
void *sb_thread_slot(void);
/// Sets it; `destroy` is called with it when the thread ends.
void sb_set_thread_slot(void *value, void (*destroy)(void *));

#endif
