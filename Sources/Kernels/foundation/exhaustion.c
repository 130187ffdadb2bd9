#include "exhaustion.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static _Atomic(void (*)(size_t)) set_end;

void sb_on_memory_exhausted(void (*end)(size_t bytes)) { atomic_store(&set_end, end); }

_Noreturn void sb_memory_exhausted(size_t bytes) {
    void (*end)(size_t) = atomic_load(&set_end);
    if (end) end(bytes);
    fprintf(stderr, "memory: %zu bytes more are needed, and there are none left\n", bytes);
    abort();
}
