// Large blocks: cut from one stretch of addresses and joined with their free neighbors again, so that memory which a
// step has used for blocks of one size serves it for those of another.
#ifndef SB_MEMORY_LARGE_H
#define SB_MEMORY_LARGE_H

#include <stdbool.h>
#include <stddef.h>

/// The bytes that a block for `bytes` bytes takes.
size_t sb_large_size(size_t bytes);

/// Memory for `bytes` bytes; NULL where there is none. Without `fresh` only from what is cached.
void *sb_large_allocate(size_t bytes, bool fresh);

/// Gives a block back; its memory stays cached. The result is its size, as much as sb_large_size said or more.
size_t sb_large_free(void *memory);

/// The bytes that a block has got.
size_t sb_large_size_of(const void *memory);

/// Bytes that are free, and in memory.
size_t sb_large_cached(void);

/// Gives cached memory back to the system until at most `bytes` bytes of it remain.
void sb_large_trim(size_t bytes);

#endif
