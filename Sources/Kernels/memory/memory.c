#include "memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "memory_large.h"
#include "platform.h"

// Sizes are rounded up to a class: multiples of 64 bytes to 512, then eight classes for each doubling, so that at
// most an eighth of a block is unused. Blocks from LARGE on are memory_large.h's.
enum { ALIGNMENT = 64, LINEAR_CLASSES = 8, STEPS = 8, LARGE = 1 << 19, CLASSES = LINEAR_CLASSES + 10 * STEPS };
// Up to this size the C library, which keeps small blocks for each thread without a lock, is the better allocator.
static const size_t SMALL = LINEAR_CLASSES * ALIGNMENT;

typedef struct free_block {
    struct free_block *next;
} free_block;

static struct {
    atomic_flag lock;
    free_block *first;
} lists[CLASSES];

static atomic_size_t live, peak, cached, system_requests, cache_limit = SIZE_MAX, limit = SIZE_MAX;

static int class_of(size_t bytes) {
    if (bytes <= LINEAR_CLASSES * ALIGNMENT) return bytes ? (int)((bytes - 1) / ALIGNMENT) : 0;
    const int log = 63 - __builtin_clzl(bytes - 1);   // 9 or more
    const int step = (int)((bytes - 1) >> (log - 3) & (STEPS - 1));
    return LINEAR_CLASSES + (log - 9) * STEPS + step;
}

static size_t class_size(int index) {
    if (index < LINEAR_CLASSES) return (size_t)(index + 1) * ALIGNMENT;
    const int log = 9 + (index - LINEAR_CLASSES) / STEPS, step = (index - LINEAR_CLASSES) % STEPS;
    return ((size_t)STEPS + step + 1) << (log - 3);
}

static void lock(int index) {
    while (atomic_flag_test_and_set_explicit(&lists[index].lock, memory_order_acquire)) {}
}

static void unlock(int index) { atomic_flag_clear_explicit(&lists[index].lock, memory_order_release); }

static void *pop(int index) {
    lock(index);
    free_block *block = lists[index].first;
    if (block) lists[index].first = block->next;
    unlock(index);
    return block;
}

// Frees cached blocks, large ones first, until at most `bytes` are left.
static void shrink_cache(size_t bytes) {
    const size_t small = atomic_load_explicit(&cached, memory_order_relaxed);
    sb_large_trim(bytes > small ? bytes - small : 0);
    for (int index = CLASSES - 1; index >= 0; --index) {
        while (sb_memory_cached() > bytes) {
            void *block = pop(index);
            if (!block) break;
            atomic_fetch_sub_explicit(&cached, class_size(index), memory_order_relaxed);
            free(block);
        }
    }
}

// Whether the bound allows `size` bytes more, if need be in the place of cached ones.
static bool make_way(size_t size) {
    const size_t bound = atomic_load_explicit(&limit, memory_order_relaxed);
    if (bound == SIZE_MAX) return true;
    const size_t used = atomic_load_explicit(&live, memory_order_relaxed);
    if (used > bound || size > bound - used) return false;
    shrink_cache(bound - used - size);
    return true;
}

static void count_request(void) { atomic_fetch_add_explicit(&system_requests, 1, memory_order_relaxed); }

static void *from_system(size_t size) {
    if (!make_way(size)) return NULL;
    count_request();
    return aligned_alloc(ALIGNMENT, size);
}

static void count_live(size_t size) {
    const size_t now = atomic_fetch_add_explicit(&live, size, memory_order_relaxed) + size;
    size_t highest = atomic_load_explicit(&peak, memory_order_relaxed);
    while (now > highest &&
           !atomic_compare_exchange_weak_explicit(&peak, &highest, now, memory_order_relaxed, memory_order_relaxed)) {}
}

static void *allocate_large(size_t bytes) {
    void *block = sb_large_allocate(bytes, false);
    if (!block && make_way(sb_large_size(bytes))) {
        count_request();
        block = sb_large_allocate(bytes, true);
    }
    if (block) count_live(sb_large_size_of(block));
    return block;
}

void *sb_allocate(size_t bytes) {
    if (bytes > (size_t)1 << 46) return NULL;
    if (bytes >= LARGE) return allocate_large(bytes);
    const int index = class_of(bytes);
    const size_t size = class_size(index);
    if (size <= SMALL) {
        void *small = malloc(size);
        if (small) count_live(size);
        return small;
    }
    void *block = pop(index);
    if (block) {
        atomic_fetch_sub_explicit(&cached, size, memory_order_relaxed);
    } else {
        block = from_system(size);
        if (!block) {
            shrink_cache(0);
            block = from_system(size);
        }
        if (!block) return NULL;
    }
    count_live(size);
    return block;
}

static void free_large(void *block) {
    atomic_fetch_sub_explicit(&live, sb_large_free(block), memory_order_relaxed);
    const size_t most = atomic_load_explicit(&cache_limit, memory_order_relaxed);
    if (sb_memory_cached() > most) shrink_cache(most);
}

void sb_free(void *block, size_t bytes) {
    if (bytes >= LARGE) {
        free_large(block);
        return;
    }
    const int index = class_of(bytes);
    const size_t size = class_size(index);
    atomic_fetch_sub_explicit(&live, size, memory_order_relaxed);
    if (size <= SMALL || sb_memory_cached() + size > atomic_load_explicit(&cache_limit, memory_order_relaxed)) {
        free(block);
        return;
    }
    atomic_fetch_add_explicit(&cached, size, memory_order_relaxed);
    lock(index);
    ((free_block *)block)->next = lists[index].first;
    lists[index].first = block;
    unlock(index);
}

void sb_memory_trim(size_t bytes) {
    shrink_cache(bytes);
    sb_trim_heap();   // the C library keeps the pages of freed blocks that lie below one in use
}

void sb_memory_set_cache_limit(size_t bytes) {
    atomic_store(&cache_limit, bytes);
    sb_memory_trim(bytes);
}

void sb_memory_set_limit(size_t bytes) { atomic_store(&limit, bytes); }
size_t sb_memory_limit(void) { return atomic_load(&limit); }
size_t sb_memory_live(void) { return atomic_load(&live); }
size_t sb_memory_peak(void) { return atomic_load(&peak); }
void sb_memory_reset_peak(void) { atomic_store(&peak, atomic_load(&live)); }
size_t sb_memory_cached(void) { return atomic_load(&cached) + sb_large_cached(); }

size_t sb_memory_system_requests(void) { return atomic_load(&system_requests); }
