// The allocator that remembers: what is freed is kept for the next request, so that a training loop's second step asks
// the system for nothing. Small and middling blocks are kept by size; those of 512 KiB and more are cut from one stretch
// of huge pages, where the system has them, and joined again. Blocks of more than 512 bytes are 64-byte aligned, smaller
// ones 16-byte.
#ifndef SB_MEMORY_H
#define SB_MEMORY_H

#include <stddef.h>

/// Memory for `bytes` bytes, contents undefined; NULL when the system has none left or the bound forbids it. 0 bytes gives
/// a valid pointer.
void *sb_allocate(size_t bytes);
/// Gives back what sb_allocate(bytes) returned; `bytes` must be the same.
void sb_free(void *block, size_t bytes);

/// Bytes handed out and not yet freed (as rounded up by the allocator).
size_t sb_memory_live(void);
/// The largest sb_memory_live since the start or the last reset.
size_t sb_memory_peak(void);
void sb_memory_reset_peak(void);
/// Bytes that are free but kept for the next request.
size_t sb_memory_cached(void);
/// How often the system was asked for memory.
size_t sb_memory_system_requests(void);
/// Gives cached blocks back to the system until at most `bytes` remain.
void sb_memory_trim(size_t bytes);
/// The most bytes that may be handed out or cached at once (default: no bound). Cached blocks make way for new ones;
/// requests of at most 512 bytes are not refused.
void sb_memory_set_limit(size_t bytes);
size_t sb_memory_limit(void);
/// Blocks freed beyond this many cached bytes go straight back to the system (default: no bound).
void sb_memory_set_cache_limit(size_t bytes);

#endif
