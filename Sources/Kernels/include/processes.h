// Several processes that compute together, through a library of MPI that is loaded at run time: Open MPI, MPICH and its
// kin, or any that has the ABI of the standard MPI 5.0. Bytes are all that is passed; sums are made by who receives.
#ifndef SB_PROCESSES_H
#define SB_PROCESSES_H

#include <stddef.h>
#include <stdint.h>

/// What can go wrong before the processes are connected.
enum sb_mpi_problem {
    SB_MPI_NO_LIBRARY = 1,  // the file cannot be loaded
    SB_MPI_INCOMPLETE = 2,  // it lacks a function
    SB_MPI_FOREIGN = 3,     // it is of none of the three kinds
    SB_MPI_START_FAILED = 4 // it could not be started
};

/// Loads a library by its path or name and connects the processes that its launcher started. Returns 0 or an
/// sb_mpi_problem, for which `message` says more.
int sb_mpi_start(const char *library, char *message, size_t message_size);
/// Which process this is, counted from 0, and how many there are.
int sb_mpi_rank(void);
int sb_mpi_size(void);
/// What the library calls itself.
void sb_mpi_library_name(char *name, size_t size);

/// What is under way. All processes must begin the same operations in the same order; the memory belongs to the operation
/// until sb_mpi_is_done has returned 1. Each returns 0, or the library's error code.
typedef struct {
    uintptr_t request;
} sb_mpi_operation;

/// Sends `count` bytes of process `root` to all others.
int sb_mpi_begin_broadcast(void *bytes, int count, int root, sb_mpi_operation *operation);
/// Sends the bytes of each process to all others: those of process p are at all + starts[p], counts[p] of them.
int sb_mpi_begin_gather(
    const void *own, int count, void *all, const int *counts, const int *starts, sb_mpi_operation *operation);
/// Sends another part of the bytes to each process; of process p come received_counts[p], at received_starts[p].
int sb_mpi_begin_exchange(
    const void *sent, const int *sent_counts, const int *sent_starts, void *received, const int *received_counts,
    const int *received_starts, sb_mpi_operation *operation);
/// The same as a gather, among operations of their own: these need not be begun in an order with those above.
int sb_mpi_begin_second_gather(
    const void *own, int count, void *all, const int *counts, const int *starts, sb_mpi_operation *operation);
/// A meeting of all processes, apart from all other operations: for those that fail, to see whether all do.
int sb_mpi_begin_meeting(sb_mpi_operation *operation);

/// 1 once the operation is done, 0 before; moves all operations on.
int sb_mpi_is_done(sb_mpi_operation *operation);
/// Returns when the operation is done. Leaves the processor to others while it waits long.
void sb_mpi_wait(sb_mpi_operation *operation);

/// Ends the connection; every process must call it.
void sb_mpi_finish(void);
/// Ends all processes at once, through the launcher.
void sb_mpi_abort(int code);

#endif
