#define _GNU_SOURCE
#include "CMemory.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exhaustion.h"
#include "spare_threads.h"

enum { RESERVE = 1 << 20, SECONDS_TO_CLEAN = 2 };

static void *reserve;
static void (*clean_up)(void);
static atomic_bool is_ending;

static void leave(int signal) {
    (void)signal;
    _exit(1);
}

// Ends the program with a sentence.
static _Noreturn void end_with(const char *line, size_t length) {
    static _Thread_local bool is_ending_here;
    if (is_ending_here) _exit(1);   // memory is missing for the end itself, too
    is_ending_here = true;
    while (atomic_exchange(&is_ending, true)) pause();   // another thread is at it
    if (write(STDERR_FILENO, line, length) < 0) _exit(1);
    // What cleans may need a lock that the thread holds which needed memory.
    signal(SIGALRM, leave);
    alarm(SECONDS_TO_CLEAN);
    free(reserve);
    clean_up();
    _exit(1);
}

static void end(size_t bytes) {
    char line[160];
    snprintf(
        line, sizeof line,
        "switchback: memory: %zu bytes more are needed, and there are none left; give it more, or less to do.\n", bytes);
    end_with(line, strlen(line));
}

void memory_or_end(void (*clean)(void)) {
    clean_up = clean;
    reserve = malloc(RESERVE);
    sb_on_memory_exhausted(end);
}

#if defined(__GLIBC__)
// The C library calls these where a program has them (Replacing malloc, in its manual), and its own by these names. What
// asks with aligned_alloc or mmap, as the engine does for tensors, is told that there is none.
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static void *or_end(void *block, size_t bytes) {
    if (!block && bytes && reserve) end(bytes);
    return block;
}

void *malloc(size_t bytes) { return or_end(__libc_malloc(bytes), bytes); }

void *calloc(size_t count, size_t bytes) {
    size_t all;
    const bool is_number = !__builtin_mul_overflow(count, bytes, &all);
    return or_end(__libc_calloc(count, bytes), is_number ? all : SIZE_MAX);
}

void *realloc(void *block, size_t bytes) { return or_end(__libc_realloc(block, bytes), bytes); }

int posix_memalign(void **block, size_t alignment, size_t bytes) {
    *block = or_end(__libc_memalign(alignment, bytes), bytes);
    return 0;
}

// libdispatch would try for ever, and Foundation never know.
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
    static _Atomic(void *) known;
    void *original = atomic_load(&known);
    if (!original) atomic_store(&known, original = dlsym(RTLD_NEXT, "pthread_create"));
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    memcpy(&create, &original, sizeof create);
    const int code = create(thread, attributes, body, argument);
    if (code && reserve && !sb_is_starting_spare_thread) {
        static const char line[] =
            "switchback: threads: the system gives no more; raise what limits them (ulimit -u, ulimit -v, pids.max).\n";
        end_with(line, sizeof line - 1);
    }
    return code;
}
#endif
