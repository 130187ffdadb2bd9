// The only file that knows the operating system. Where the two differ, Linux comes first, and above Darwin's form stands the
// page of Apple's documentation that it follows: a name with (2) or (3) is a manual page.
#define _GNU_SOURCE
#include "platform.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <mach-o/dyld.h>
#include <mach/mach.h>
#include <malloc/malloc.h>
#include <pthread/qos.h>
#include <sys/sysctl.h>
#else
#include <malloc.h>
#include <sched.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#endif
#endif

#if defined(__APPLE__)
// sysctlbyname(3): a number by its name; 0 where this machine knows no such name. Numbers of 4 bytes come in the lower half.
static uint64_t named_number(const char *name) {
    uint64_t value = 0;
    size_t size = sizeof value;
    return sysctlbyname(name, &value, &size, NULL, 0) == 0 ? value : 0;
}
#else
// The first line of a file, without its end; false if it cannot be read.
static bool read_line(const char *path, char *line, size_t size) {
    FILE *file = fopen(path, "r");
    if (!file) return false;
    const bool found = fgets(line, (int)size, file) != NULL;
    fclose(file);
    if (found) line[strcspn(line, "\n")] = 0;
    return found;
}

// The text after the colon in the first line of a file that begins with `key`; false if there is none.
static bool find_field(const char *path, const char *key, char *value, size_t size) {
    FILE *file = fopen(path, "r");
    if (!file) return false;
    char line[512];
    bool found = false;
    while (!found && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, key, strlen(key)) || !colon) continue;
        snprintf(value, size, "%s", colon + 1 + strspn(colon + 1, " \t"));
        value[strcspn(value, "\n")] = 0;
        found = true;
    }
    fclose(file);
    return found;
}
#endif

// MARK: Memory

size_t sb_system_memory(void) {
#if defined(__APPLE__)
    return named_number("hw.memsize");
#else
    return (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
#endif
}

size_t sb_available_memory(void) {
#if defined(__APPLE__)
    // host_statistics64, and vm_statistics64 in <mach/vm_statistics.h>. Inactive pages are taken where free ones are short;
    // speculative ones are counted among the free.
    vm_statistics64_data_t statistics;
    mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
    const kern_return_t code = host_statistics64(mach_host_self(), HOST_VM_INFO64, (host_info64_t)&statistics, &count);
    if (code != KERN_SUCCESS) return 0;
    return ((size_t)statistics.free_count + statistics.inactive_count) * (size_t)getpagesize();
#else
    return 0;
#endif
}

size_t sb_resident_memory(void) {
#if defined(__APPLE__)
    // task_info, with MACH_TASK_BASIC_INFO of <mach/task_info.h>.
    mach_task_basic_info_data_t info;
    mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;
    const kern_return_t code = task_info(mach_task_self(), MACH_TASK_BASIC_INFO, (task_info_t)&info, &count);
    return code == KERN_SUCCESS ? info.resident_size : 0;
#else
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    size_t pages = 0;
    if (fscanf(file, "%*s %zu", &pages) != 1) pages = 0;
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
#endif
}

size_t sb_peak_resident_memory(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage)) return 0;
#if defined(__APPLE__)
    return (size_t)usage.ru_maxrss;   // getrusage(2): in bytes
#else
    return (size_t)usage.ru_maxrss * 1024;
#endif
}

void *sb_reserve_memory(size_t bytes) {
    // mmap(2): Darwin reserves nothing in any case, and takes the flag without a word.
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) return NULL;
#ifdef MADV_HUGEPAGE
    madvise(start, bytes, MADV_HUGEPAGE);
#endif
    return start;
}

void sb_discard_memory(void *start, size_t bytes) {
#if defined(__APPLE__)
    madvise(start, bytes, MADV_FREE);   // madvise(2): there MADV_DONTNEED keeps the bytes
#else
    madvise(start, bytes, MADV_DONTNEED);
#endif
}

void sb_forget_file_pages(void *start, size_t bytes) { madvise(start, bytes, MADV_DONTNEED); }

void sb_trim_heap(void) {
#if defined(__APPLE__)
    malloc_zone_pressure_relief(NULL, 0);   // <malloc/malloc.h>: of all zones, as much as they can
#else
    malloc_trim(0);
#endif
}

// MARK: Processors

int sb_processor_count(void) {
#if defined(__APPLE__)
    // sysctl(3): the processors that are switched on. No process can be kept to some of them.
    const int count = (int)named_number("hw.activecpu");
    return count < 1 ? 1 : count;
#else
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
#endif
}

void sb_processor_name(char *name, size_t size) {
#if defined(__APPLE__)
    if (sysctlbyname("machdep.cpu.brand_string", name, &size, NULL, 0)) *name = 0;   // sysctl(3)
#else
    static const char path[] = "/proc/cpuinfo";
    if (find_field(path, "model name", name, size) || find_field(path, "Model", name, size)) return;
    // Servers with arm64 say no more than who designed the processor, and its number there.
    char implementer[16], part[16];
    *name = 0;
    if (find_field(path, "CPU implementer", implementer, sizeof implementer) &&
        find_field(path, "CPU part", part, sizeof part))
        snprintf(name, size, "implementer %s, part %s", implementer, part);
#endif
}

bool sb_has_arm_dot_products(void) {
#if defined(__aarch64__) && defined(__APPLE__)
    // "Determining instruction set characteristics", below sysctlbyname in Apple's kernel documentation.
    return named_number("hw.optional.arm.FEAT_DotProd") && named_number("hw.optional.arm.FEAT_I8MM") &&
           named_number("hw.optional.arm.FEAT_BF16");
#elif defined(__aarch64__)
    // Linux kernel documentation, "ARM64 ELF hwcaps": HWCAP_ASIMDDP, HWCAP2_I8MM and HWCAP2_BF16.
    const unsigned long dot_products = 1ul << 20, matrix_products = 1ul << 13, bfloat_products = 1ul << 14;
    return (getauxval(AT_HWCAP) & dot_products) && (getauxval(AT_HWCAP2) & matrix_products) &&
           (getauxval(AT_HWCAP2) & bfloat_products);
#else
    return false;
#endif
}

// MARK: Processes

void sb_processor_list(char *list, size_t size) {
#if defined(__APPLE__)
    (void)size;
    *list = 0;   // no process can be kept to some of them
#else
    if (!find_field("/proc/self/status", "Cpus_allowed_list", list, size)) *list = 0;
#endif
}

bool sb_process_start(int number, char *start, size_t size) {
    *start = 0;
#if defined(__APPLE__)
    // sysctl(3), KERN_PROC: the moment is that of the calendar.
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, number};
    struct kinfo_proc process;
    size_t length = sizeof process;
    if (sysctl(name, 4, &process, &length, NULL, 0) || length == 0) return false;
    const struct timeval time = process.kp_proc.p_starttime;
    snprintf(start, size, "%ld.%06d", (long)time.tv_sec, (int)time.tv_usec);
    return process.kp_proc.p_stat == SZOMB;
#else
    // proc(5): after the name in brackets come the state, field 3, and the start, field 22, in ticks since the boot.
    char path[64], line[1024], boot[64];
    snprintf(path, sizeof path, "/proc/%d/stat", number);
    if (!read_line(path, line, sizeof line) || !read_line("/proc/sys/kernel/random/boot_id", boot, sizeof boot)) return false;
    const char *end = strrchr(line, ')');
    char state;
    unsigned long long ticks;
    if (!end ||
        sscanf(
            end + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &state, &ticks) != 2)
        return false;
    snprintf(start, size, "%s %llu", boot, ticks);
    return state == 'Z' || state == 'X';
#endif
}

int sb_start_process(const char *program, char *const arguments[], char *const environment[], const char *log, int *number) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    short flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    // Files: those that stay open for the child hold ports, for one.
#if defined(__APPLE__)
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;   // posix_spawnattr_setflags(3)
#else
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
#endif
    // Signals: the parent's own way with them is not the child's.
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    static const int signals[] = {SIGINT, SIGTERM, SIGPIPE, SIGCHLD};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaddset(&usual, signals[i]);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, flags);
    pid_t started = 0;
    const int code = posix_spawn(&started, program, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    *number = started;
    return code;
}

void sb_library_file(const char *library, int version, char *name, size_t size) {
#if defined(__APPLE__)
    // "Dynamic Library Design Guidelines": the version stands before the suffix.
    const char *const versioned = "%s.%d.dylib", *const plain = "%s.dylib";
#else
    const char *const versioned = "%s.so.%d", *const plain = "%s.so";
#endif
    if (version < 0)
        snprintf(name, size, plain, library);
    else
        snprintf(name, size, versioned, library, version);
}

// FIONREAD tells it of both ends of a pipe, TIOCOUTQ of a terminal, ioctl_tty(2).
int sb_unread_bytes(int descriptor) {
    int count = 0;
    if (ioctl(descriptor, isatty(descriptor) ? TIOCOUTQ : FIONREAD, &count) != 0) return 0;
    return count;
}

// MARK: Threads

static bool create_thread(pthread_t *thread, int state, size_t stack, void *(*body)(void *), void *argument) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, state);
    pthread_attr_setstacksize(&attributes, stack);
#if defined(__APPLE__)
    // <pthread/qos.h>: "pthread_attr_set_qos_class_np". Work that someone waits for belongs on the fast processors.
    pthread_attr_set_qos_class_np(&attributes, QOS_CLASS_USER_INITIATED, 0);
#endif
    const int code = pthread_create(thread, &attributes, body, argument);
    pthread_attr_destroy(&attributes);
    return code == 0;
}

bool sb_start_thread(size_t stack, void *(*body)(void *), void *argument) {
    pthread_t thread;
    return create_thread(&thread, PTHREAD_CREATE_DETACHED, stack, body, argument);
}

bool sb_run_on_thread(size_t stack, void *(*body)(void *), void *argument) {
    pthread_t thread;
    return create_thread(&thread, PTHREAD_CREATE_JOINABLE, stack, body, argument) && pthread_join(thread, NULL) == 0;
}

void sb_stand_back(void) {
#if defined(__APPLE__)
    // pthread/qos.h
    pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0);
#else
    // setpriority(2): on Linux, 0 is the calling thread alone. Five steps leave a third of a thread that does not stand back.
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 5);
#endif
}

// MARK: Time

// clock_gettime(3): the same clocks on both.
static int64_t read_clock(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * (int64_t)1000000000 + now.tv_nsec;
}

int64_t sb_nanoseconds(void) { return read_clock(CLOCK_MONOTONIC); }

int64_t sb_thread_nanoseconds(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

bool sb_machine_seconds(double *total, double *used, double *stolen) {
#if defined(__APPLE__)
    // host_statistics, with HOST_CPU_LOAD_INFO of <mach/host_info.h>; nobody takes time from a Mac.
    host_cpu_load_info_data_t load;
    mach_msg_type_number_t count = HOST_CPU_LOAD_INFO_COUNT;
    const kern_return_t code = host_statistics(mach_host_self(), HOST_CPU_LOAD_INFO, (host_info_t)&load, &count);
    if (code != KERN_SUCCESS) return false;
    const double ticks = (double)load.cpu_ticks[CPU_STATE_USER] + load.cpu_ticks[CPU_STATE_SYSTEM] +
                         load.cpu_ticks[CPU_STATE_NICE];
    const double idle = load.cpu_ticks[CPU_STATE_IDLE], stolen_ticks = 0;
#else
    // proc(5): user, nice, system, idle, iowait, irq, softirq, steal.
    double t[8];
    FILE *file = fopen("/proc/stat", "r");
    if (!file) return false;
    const int fields = fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", t, t + 1, t + 2, t + 3, t + 4, t + 5, t + 6, t + 7);
    fclose(file);
    if (fields != 8) return false;
    const double ticks = t[0] + t[1] + t[2] + t[5] + t[6], idle = t[3] + t[4], stolen_ticks = t[7];
#endif
    const double rate = (double)sysconf(_SC_CLK_TCK);
    *total = (ticks + idle + stolen_ticks) / rate;
    *used = ticks / rate;
    *stolen = stolen_ticks / rate;
    return true;
}

static double seconds_of(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

double sb_process_seconds(void) {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) ? 0 : seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

// MARK: Files

int sb_flush_file(int descriptor) {
#if defined(__APPLE__)
    // fsync(2): on Darwin it leaves the bytes in the drive, and F_FULLFSYNC of fcntl(2) writes them; not on every file system.
    if (fcntl(descriptor, F_FULLFSYNC) == 0) return 0;
#endif
    return fsync(descriptor);
}

int64_t sb_change_time(const struct stat *status) {
#if defined(__APPLE__)
    const struct timespec time = status->st_mtimespec;   // stat(2)
#else
    const struct timespec time = status->st_mtim;
#endif
    return time.tv_sec * (int64_t)1000000000 + time.tv_nsec;
}

intptr_t sb_raise_open_files(void) {
    const intptr_t least = 256;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) return least;
    limit.rlim_cur = limit.rlim_max;
#if defined(__APPLE__)
    // getrlimit(2), "Compatibility": more than OPEN_MAX is refused.
    if (limit.rlim_cur > OPEN_MAX) limit.rlim_cur = OPEN_MAX;
#endif
    setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit)) return least;
    return limit.rlim_cur > INTPTR_MAX ? INTPTR_MAX : (intptr_t)limit.rlim_cur;
}

void sb_program_path(char *path, size_t size) {
#if defined(__APPLE__)
    uint32_t room = (uint32_t)size;
    if (_NSGetExecutablePath(path, &room)) *path = 0;   // dyld(3)
#else
    const ssize_t length = readlink("/proc/self/exe", path, size - 1);
    path[length < 0 ? 0 : length] = 0;
#endif
}
