// The three ABIs of MPI differ in what a handle is: the address of a global of the library (Open MPI), a number of 32 bits
// (MPICH), or a small number in a pointer (MPI 5.0). A handle travels here in a uintptr_t, as which all of them are passed
// alike by the calling conventions of Linux; where a library writes one, it finds eight bytes that are 0.
#include "processes.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

typedef uintptr_t handle;

static struct {
    int (*init)(int *, char ***, int, int *);
    int (*rank)(handle, int *);
    int (*size)(handle, int *);
    int (*dup)(handle, handle *);
    int (*version)(char *, int *);
    int (*broadcast)(void *, int, handle, int, handle, handle *);
    int (*gather)(const void *, int, handle, void *, const int *, const int *, handle, handle, handle *);
    int (*exchange)(
        const void *, const int *, const int *, handle, void *, const int *, const int *, handle, handle, handle *);
    int (*barrier)(handle, handle *);
    int (*test)(handle *, int *, void *);
    int (*abort)(handle, int);
    int (*finalize)(void);
} mpi;

static handle world, second, meeting, bytes_type;

// The largest name that a library may give itself, and its largest status, are smaller than these.
enum { VERSION_SIZE = 8192 + 1, STATUS_SIZE = 256 };

static void *library;

static const char *find_functions(void) {
    const struct {
        const char *name;
        void **place;
    } functions[] = {
        {"MPI_Init_thread", (void **)&mpi.init},    {"MPI_Comm_rank", (void **)&mpi.rank},
        {"MPI_Comm_size", (void **)&mpi.size},      {"MPI_Comm_dup", (void **)&mpi.dup},
        {"MPI_Get_library_version", (void **)&mpi.version},
        {"MPI_Ibcast", (void **)&mpi.broadcast},    {"MPI_Iallgatherv", (void **)&mpi.gather},
        {"MPI_Ialltoallv", (void **)&mpi.exchange}, {"MPI_Ibarrier", (void **)&mpi.barrier},
        {"MPI_Test", (void **)&mpi.test},           {"MPI_Abort", (void **)&mpi.abort},
        {"MPI_Finalize", (void **)&mpi.finalize},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i)
        if (!(*functions[i].place = dlsym(library, functions[i].name))) return functions[i].name;
    return NULL;
}

void sb_mpi_library_name(char *name, size_t size) {
    char version[VERSION_SIZE] = "";
    int length = 0;
    if (mpi.version) mpi.version(version, &length);
    version[strcspn(version, "\n,")] = 0;
    snprintf(name, size, "%s", version);
}

// Sets the handles of the library's ABI, and how it calls a program of which one thread at a time uses it.
static int find_handles(const char *path, int *thread_level) {
    void *open_mpi_world = dlsym(library, "ompi_mpi_comm_world");
    void *open_mpi_byte = dlsym(library, "ompi_mpi_byte");
    if (open_mpi_world && open_mpi_byte) {
        world = (handle)open_mpi_world;
        bytes_type = (handle)open_mpi_byte;
        *thread_level = 2;
        return 0;
    }
    const char *slash = strrchr(path, '/');
    if (strncmp(slash ? slash + 1 : path, "libmpi_abi", strlen("libmpi_abi")) == 0) {
        world = 0x101;
        bytes_type = 0x247;
        *thread_level = 2048;
        return 0;
    }
    char version[VERSION_SIZE] = "";
    int length = 0;
    mpi.version(version, &length);
    const char *kin[] = {"MPICH", "Intel(R) MPI", "MVAPICH", "CRAY", "ParaStation"};
    for (size_t i = 0; i < sizeof kin / sizeof *kin; ++i)
        if (strstr(version, kin[i])) {
            world = 0x44000000;
            bytes_type = 0x4c00010d;
            *thread_level = 2;
            return 0;
        }
    return SB_MPI_FOREIGN;
}

int sb_mpi_start(const char *path, char *message, size_t message_size) {
    // Open MPI loads parts of itself, which look for its symbols among the global ones.
    library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!library) {
        snprintf(message, message_size, "%s", dlerror());
        return SB_MPI_NO_LIBRARY;
    }
    const char *missing = find_functions();
    if (missing) {
        snprintf(message, message_size, "%s", missing);
        return SB_MPI_INCOMPLETE;
    }
    int thread_level, provided;
    if (find_handles(path, &thread_level)) {
        sb_mpi_library_name(message, message_size);
        return SB_MPI_FOREIGN;
    }
    if (mpi.init(NULL, NULL, thread_level, &provided) || mpi.dup(world, &second) || mpi.dup(world, &meeting)) {
        sb_mpi_library_name(message, message_size);
        return SB_MPI_START_FAILED;
    }
    return 0;
}

int sb_mpi_rank(void) {
    int rank = 0;
    mpi.rank(world, &rank);
    return rank;
}

int sb_mpi_size(void) {
    int size = 1;
    mpi.size(world, &size);
    return size;
}

int sb_mpi_begin_broadcast(void *bytes, int count, int root, sb_mpi_operation *operation) {
    operation->request = 0;
    return mpi.broadcast(bytes, count, bytes_type, root, world, &operation->request);
}

int sb_mpi_begin_gather(
    const void *own, int count, void *all, const int *counts, const int *starts, sb_mpi_operation *operation) {
    operation->request = 0;
    return mpi.gather(own, count, bytes_type, all, counts, starts, bytes_type, world, &operation->request);
}

int sb_mpi_begin_second_gather(
    const void *own, int count, void *all, const int *counts, const int *starts, sb_mpi_operation *operation) {
    operation->request = 0;
    return mpi.gather(own, count, bytes_type, all, counts, starts, bytes_type, second, &operation->request);
}

int sb_mpi_begin_exchange(
    const void *sent, const int *sent_counts, const int *sent_starts, void *received, const int *received_counts,
    const int *received_starts, sb_mpi_operation *operation) {
    operation->request = 0;
    return mpi.exchange(
        sent, sent_counts, sent_starts, bytes_type, received, received_counts, received_starts, bytes_type, world,
        &operation->request);
}

int sb_mpi_begin_meeting(sb_mpi_operation *operation) {
    operation->request = 0;
    return mpi.barrier(meeting, &operation->request);
}

int sb_mpi_is_done(sb_mpi_operation *operation) {
    _Alignas(16) char status[STATUS_SIZE];
    int flag = 0;
    mpi.test(&operation->request, &flag, status);
    return flag != 0;
}

void sb_mpi_wait(sb_mpi_operation *operation) {
    // Who waits briefly looks again at once; who waits for a validation or a save leaves the processor to it.
    const int eager_looks = 20000;
    const struct timespec pause = {0, 50 * 1000};
    for (int looks = 0; !sb_mpi_is_done(operation); ++looks)
        if (looks > eager_looks) nanosleep(&pause, NULL);
}

void sb_mpi_finish(void) { mpi.finalize(); }

void sb_mpi_abort(int code) { mpi.abort(world, code); }
