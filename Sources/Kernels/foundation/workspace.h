// Memory that a kernel needs for partial results while it runs.
#ifndef SB_WORKSPACE_H
#define SB_WORKSPACE_H

#include <stdio.h>
#include <stdlib.h>

#include "memory.h"

/// As sb_allocate; give it back with sb_free. A kernel cannot report that memory ran out, so it stops there.
static inline void *sb_workspace(size_t bytes) {
    void *memory = sb_allocate(bytes);
    if (!memory) {
        fprintf(stderr, "memory: a kernel needs %zu bytes more, and there are none left\n", bytes);
        abort();
    }
    return memory;
}

#endif
