#include "memory_large.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "platform.h"

// A part of the reserved addresses. Its first cache line holds a pointer to this, and the memory that is handed out
// follows.
typedef struct block {
    char *start;
    size_t size;
    bool free, resident;                 // resident: of a free one, whether the system still holds memory for it
    struct block *before, *after;        // the neighbors, by address
    struct block *newer, *older;         // in the list of free blocks, or of unused descriptions
} block;

enum { HEADER = 64, GRAIN = 16 << 10, LEAST_REST = 256 << 10, DESCRIPTIONS = 256 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *top, *end;                  // the addresses that are reserved and not yet in use
static bool reserved;
static block *last, *newest, *unused;    // the block below `top`; the lists' heads
static atomic_size_t cached;

size_t sb_large_size(size_t bytes) { return (bytes + HEADER + GRAIN - 1) / GRAIN * GRAIN; }

static block *block_of(const void *memory) { return *(block *const *)((const char *)memory - HEADER); }

// MARK: Lists

// A new description; NULL if there is no memory for it.
static block *describe(char *start, size_t size) {
    if (!unused) {
        block *more = calloc(DESCRIPTIONS, sizeof *more);
        if (!more) return NULL;
        for (int i = 0; i < DESCRIPTIONS; ++i) {
            more[i].older = unused;
            unused = &more[i];
        }
    }
    block *new = unused;
    unused = new->older;
    *new = (block){.start = start, .size = size};
    return new;
}

static void list(block *b, bool resident) {
    b->free = true;
    b->resident = resident;
    b->newer = NULL;
    b->older = newest;
    if (newest) newest->newer = b;
    newest = b;
    if (resident) atomic_fetch_add(&cached, b->size);
}

static void unlist(block *b) {
    if (b->newer) b->newer->older = b->older;
    else newest = b->older;
    if (b->older) b->older->newer = b->newer;
    b->free = false;
    if (b->resident) atomic_fetch_sub(&cached, b->size);
}

// MARK: Addresses

// Reserves as many addresses as the machine has memory, or as the process may have.
static void reserve(void) {
    reserved = true;
    for (size_t bytes = sb_system_memory(); bytes > GRAIN; bytes /= 2) {
        char *addresses = sb_reserve_memory(bytes);
        if (!addresses) continue;
        top = addresses;
        end = addresses + bytes;
        return;
    }
}

// A block at the end of those in use. The last one, if it is free, becomes a part of it.
static block *grow(size_t size) {
    if (!reserved) reserve();
    const size_t held = last && last->free ? last->size : 0;
    if (size - held > (size_t)(end - top)) return NULL;
    block *b = held ? last : describe(top, 0);
    if (!b) return NULL;
    if (held) unlist(b);
    else {
        b->before = last;
        if (last) last->after = b;
        last = b;
    }
    top += size - held;
    b->size = size;
    return b;
}

// The smallest free block that is large enough, and of several the newest, whose end may still lie in a cache.
static block *find(size_t size, bool resident) {
    block *best = NULL;
    for (block *b = newest; b; b = b->older)
        if (b->resident == resident && b->size >= size && (!best || b->size < best->size)) best = b;
    return best;
}

// Leaves what is beyond `size` of a listed block as a free block of its own, and takes the block from the list.
static void take(block *b, size_t size) {
    const bool resident = b->resident;
    unlist(b);
    block *rest = b->size - size >= (resident ? LEAST_REST : GRAIN) ? describe(b->start + size, b->size - size) : NULL;
    if (!rest) return;
    b->size = size;
    rest->before = b;
    rest->after = b->after;
    if (b->after) b->after->before = rest;
    else last = rest;
    b->after = rest;
    list(rest, resident);
}

// Joins two neighbors, neither of them listed, to the first.
static block *join(block *b, block *next) {
    b->size += next->size;
    b->after = next->after;
    if (next->after) next->after->before = b;
    else last = b;
    next->older = unused;
    unused = next;
    return b;
}

static bool is_free(const block *b, bool resident) { return b && b->free && b->resident == resident; }

// Lists a block, joined with the free neighbors of its kind.
static void release(block *b, bool resident) {
    if (is_free(b->after, resident)) {
        unlist(b->after);
        join(b, b->after);
    }
    if (is_free(b->before, resident)) {
        unlist(b->before);
        b = join(b->before, b);
    }
    list(b, resident);
}

// MARK: Blocks

void *sb_large_allocate(size_t bytes, bool fresh) {
    const size_t size = sb_large_size(bytes);
    pthread_mutex_lock(&lock);
    block *b = find(size, true);
    if (!b && fresh) b = find(size, false);
    if (b) take(b, size);
    else if (fresh) b = grow(size);
    if (b) *(block **)b->start = b;
    pthread_mutex_unlock(&lock);
    return b ? b->start + HEADER : NULL;
}

size_t sb_large_free(void *memory) {
    pthread_mutex_lock(&lock);
    block *b = block_of(memory);
    const size_t size = b->size;
    release(b, true);
    pthread_mutex_unlock(&lock);
    return size;
}

size_t sb_large_size_of(const void *memory) { return block_of(memory)->size; }

size_t sb_large_cached(void) { return atomic_load_explicit(&cached, memory_order_relaxed); }

void sb_large_trim(size_t bytes) {
    pthread_mutex_lock(&lock);
    while (atomic_load(&cached) > bytes) {
        block *b = newest;
        while (!b->resident) b = b->older;
        sb_discard_memory(b->start, b->size);
        unlist(b);
        release(b, false);
    }
    pthread_mutex_unlock(&lock);
}
