#include "threads.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "platform.h"

enum { MAX_THREADS = 256 };

// How long an idle thread looks for work before it sleeps: longer than the gap between two kernels of a training step,
// short enough that a second process on the machine loses next to nothing.
static const int64_t SPIN_NANOSECONDS = 40 * 1000;

// A job is published by writing its fields and then `claim`: the job's number in the high half, the next piece in the
// low half. A thread takes a piece by advancing the low half with a compare-and-swap, which fails if the job has
// changed meanwhile; so a slow thread can neither run a piece twice nor see half of the next job.
static _Atomic(uint64_t) claim;
static _Atomic(sb_task) job_task;
static _Atomic(void *) job_context;
static atomic_intptr_t job_pieces, job_done;
static const uint32_t CLOSED = UINT32_MAX;

static pthread_mutex_t pool_in_use = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t sleep_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static atomic_int sleepers, worker_limit;
static int workers_started;   // guarded by pool_in_use
static atomic_int configured; // 0 until the number of threads is known
static atomic_int request_problem;
static _Thread_local bool inside_task;

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static inline uint32_t number_of(uint64_t value) { return (uint32_t)(value >> 32); }

static void run_pieces(uint32_t number) {
    inside_task = true;
    uint64_t seen = atomic_load_explicit(&claim, memory_order_acquire);
    while (number_of(seen) == number) {
        const uint32_t piece = (uint32_t)seen;
        sb_task task = atomic_load_explicit(&job_task, memory_order_relaxed);
        void *context = atomic_load_explicit(&job_context, memory_order_relaxed);
        if (piece == CLOSED || piece >= atomic_load_explicit(&job_pieces, memory_order_relaxed)) break;
        if (!atomic_compare_exchange_weak_explicit(&claim, &seen, seen + 1, memory_order_acq_rel, memory_order_acquire))
            continue;
        task(context, piece);
        atomic_fetch_add_explicit(&job_done, 1, memory_order_release);
        seen = atomic_load_explicit(&claim, memory_order_acquire);
    }
    inside_task = false;
}

// Waits until the job's number differs from `last`, spinning first, and returns the new number.
static uint32_t await_job(uint32_t last) {
    const int64_t deadline = sb_nanoseconds() + SPIN_NANOSECONDS;
    do {
        for (int i = 0; i < 64; ++i) {
            uint32_t number = number_of(atomic_load_explicit(&claim, memory_order_acquire));
            if (number != last) return number;
            pause_briefly();
        }
    } while (sb_nanoseconds() < deadline);
    pthread_mutex_lock(&sleep_lock);
    atomic_fetch_add(&sleepers, 1);
    uint32_t number;
    while ((number = number_of(atomic_load(&claim))) == last) pthread_cond_wait(&wake, &sleep_lock);
    atomic_fetch_sub(&sleepers, 1);
    pthread_mutex_unlock(&sleep_lock);
    return number;
}

static void *worker(void *argument) {
    const int index = (int)(intptr_t)argument;
    uint32_t last = 0;
    for (;;) {
        last = await_job(last);
        if (index < atomic_load_explicit(&worker_limit, memory_order_relaxed)) run_pieces(last);
    }
    return NULL;
}

static int processors(void) {
    const int count = sb_processor_count();
    return count < 1 ? 1 : count > MAX_THREADS ? MAX_THREADS : count;
}

static int requested_threads(void) {
    const char *text = getenv("SWITCHBACK_THREADS");
    if (!text || !*text) return processors();
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (!errno && !*end && value >= 1 && value <= MAX_THREADS) return (int)value;
    atomic_store(&request_problem, 1);
    return processors();
}

int sb_thread_count(void) {
    int count = atomic_load_explicit(&configured, memory_order_relaxed);
    if (!count) {
        count = requested_threads();
        atomic_store(&worker_limit, count - 1);
        atomic_store(&configured, count);
    }
    return count;
}

void sb_set_thread_count(int count) {
    count = count < 1 ? 1 : count > MAX_THREADS ? MAX_THREADS : count;
    atomic_store(&worker_limit, count - 1);
    atomic_store(&configured, count);
}

int sb_thread_request_problem(void) {
    sb_thread_count();
    return atomic_load(&request_problem);
}

// Called with pool_in_use held. A worker that cannot be started is done without.
static void start_workers(int wanted) {
    while (workers_started < wanted && sb_start_thread(4 << 20, worker, (void *)(intptr_t)workers_started))
        ++workers_started;
}

static void run_alone(intptr_t pieces, sb_task task, void *context) {
    const bool nested = inside_task;
    inside_task = true;
    for (intptr_t piece = 0; piece < pieces; ++piece) task(context, piece);
    inside_task = nested;
}

void sb_parallel(intptr_t pieces, sb_task task, void *context) {
    const int threads = sb_thread_count();
    if (pieces <= 1 || threads == 1 || inside_task || pieces >= CLOSED || pthread_mutex_trylock(&pool_in_use)) {
        run_alone(pieces, task, context);
        return;
    }
    if (workers_started < threads - 1) start_workers(threads - 1);

    const uint32_t number = number_of(atomic_load(&claim)) + 1;
    atomic_store(&claim, (uint64_t)(number - 1) << 32 | CLOSED);
    atomic_store_explicit(&job_task, task, memory_order_relaxed);
    atomic_store_explicit(&job_context, context, memory_order_relaxed);
    atomic_store_explicit(&job_pieces, pieces, memory_order_relaxed);
    atomic_store_explicit(&job_done, 0, memory_order_relaxed);
    atomic_store(&claim, (uint64_t)number << 32);
    if (atomic_load(&sleepers)) {
        pthread_mutex_lock(&sleep_lock);
        pthread_cond_broadcast(&wake);
        pthread_mutex_unlock(&sleep_lock);
    }
    run_pieces(number);
    for (int spins = 0; atomic_load_explicit(&job_done, memory_order_acquire) < pieces; ++spins) {
        if (spins < 20000) pause_briefly();
        else sched_yield();
    }
    pthread_mutex_unlock(&pool_in_use);
}

// What a thread keeps until it ends: its scratch memory, and the caller's pointer.
typedef struct {
    void *memory;
    size_t bytes;
    void *slot;
    void (*destroy_slot)(void *);
} thread_block;

static pthread_key_t block_key;
static pthread_once_t block_once = PTHREAD_ONCE_INIT;
static _Thread_local thread_block *own_block;

static void free_block(void *value) {
    thread_block *block = value;
    if (block->destroy_slot) block->destroy_slot(block->slot);
    free(block->memory);
    free(block);
}

static void make_block_key(void) { pthread_key_create(&block_key, free_block); }

static thread_block *block_of_thread(void) {
    if (!own_block) {
        pthread_once(&block_once, make_block_key);
        own_block = calloc(1, sizeof *own_block);
        if (!own_block) abort();
        pthread_setspecific(block_key, own_block);
    }
    return own_block;
}

void *sb_scratch(size_t bytes) {
    thread_block *block = block_of_thread();
    if (block->bytes < bytes) {
        free(block->memory);
        block->bytes = (bytes + 4095) / 4096 * 4096;
        block->memory = aligned_alloc(64, block->bytes);
        if (!block->memory) abort();
    }
    return block->memory;
}

void *sb_thread_slot(void) { return own_block ? own_block->slot : NULL; }

void sb_set_thread_slot(void *value, void (*destroy)(void *)) {
    thread_block *block = block_of_thread();
    block->slot = value;
    block->destroy_slot = destroy;
}
