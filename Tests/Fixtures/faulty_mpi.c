// MPICH's library with a fault, for ProcessesTests.swift: the first large array that is gathered has a wrong bit.
#include <stddef.h>

enum { NO_REQUEST = 0x2c000000, LARGE = 1 << 14 };

int PMPI_Comm_size(int, int *);
int PMPI_Iallgatherv(const void *, int, int, void *, const int *, const int *, int, int, int *);
int PMPI_Wait(int *, void *);

int MPI_Iallgatherv(const void *own, int count, int own_type, void *all, const int *counts, const int *starts, int type,
                    int processes, int *request) {
    static int is_done;
    const int code = PMPI_Iallgatherv(own, count, own_type, all, counts, starts, type, processes, request);
    int size;
    PMPI_Comm_size(processes, &size);
    const int end = starts[size - 1] + counts[size - 1];
    if (code || is_done || end < LARGE) return code;
    is_done = 1;
    PMPI_Wait(request, (void *)1);
    *request = NO_REQUEST;
    // The exponent of the last float.
    ((unsigned char *)all)[end - 1] ^= 1;
    return 0;
}
