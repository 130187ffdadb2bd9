// What is asked of the operating system, and of no one else: foundation/platform.c answers for Linux and for Darwin.
// Scripts/check_platform.py finds the files that ask past it.
#ifndef SB_PLATFORM_H
#define SB_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

// ---- Memory, in bytes; 0 where the system does not tell

/// What is built into the machine.
size_t sb_system_memory(void);
/// What programs can still be given. Linux says it in files (LinuxMemory.swift), and 0 here.
size_t sb_available_memory(void);
/// The resident memory of this process: now, and the most it ever was.
size_t sb_resident_memory(void);
size_t sb_peak_resident_memory(void);

/// Addresses that take memory only when they are written to, in huge pages where the system has them; NULL if there are none.
void *sb_reserve_memory(size_t bytes);
/// Gives the memory behind whole pages of such addresses back; they may be written to again, and hold anything until then.
void sb_discard_memory(void *start, size_t bytes);
/// The same for whole pages of a mapped file, which then hold the file's bytes again. Only for pages that nobody has changed.
void sb_forget_file_pages(void *start, size_t bytes);
/// Gives back what the C library keeps of freed blocks.
void sb_trim_heap(void);

// ---- Processors

/// How many this process may run on: 1 or more.
int sb_processor_count(void);
/// The processor's name, to at most `size` bytes; "" where the system does not tell.
void sb_processor_name(char *name, size_t size);
/// Whether an arm64 processor has what the neon-dot kernels use: dot products of bytes (FEAT_DotProd), matrix products of
/// bytes (FEAT_I8MM) and products of bfloat16 (FEAT_BF16).
bool sb_has_arm_dot_products(void);

// ---- Processes

/// The processors that this process may run on, as the system lists them, to at most `size` bytes; "" where it keeps no process
/// to some of them.
void sb_processor_list(char *list, size_t size);
/// When a process was started, to at most `size` bytes: in words that no later process of the same number has; "" where there
/// is none of that number. Returns whether it has ended, and waits only for its parent to ask for its exit code.
bool sb_process_start(int number, char *start, size_t size);
/// Starts a program as a process of a session of its own, which reads nothing, adds what it prints to the file `log`, and has
/// no other file open and every signal's usual effect. `arguments`, of which the first is the program's name, and `environment`
/// end with NULL. Returns 0, or the number of the error.
int sb_start_process(const char *program, char *const arguments[], char *const environment[], const char *log, int *number);

/// What a library of a version is named in a file: `libmpi.so.40` or `libmpi.40.dylib`, and without a version where that is -1.
/// To at most `size` bytes.
void sb_library_file(const char *library, int version, char *name, size_t size);

/// How many bytes that were written to a pipe or a terminal nobody has read yet; 0 where the system does not tell.
int sb_unread_bytes(int descriptor);

// ---- Threads

/// Starts a thread that nobody waits for, with a stack of so many bytes. False if the system has none to give.
bool sb_start_thread(size_t stack, void *(*body)(void *), void *argument);
/// Runs a function on a thread of its own, and returns when that has ended. False if it could not be started.
bool sb_run_on_thread(size_t stack, void *(*body)(void *), void *argument);

/// Lets other threads go before the calling one, and before those that it starts.
void sb_stand_back(void);

// ---- Time

/// From a clock that nobody sets.
int64_t sb_nanoseconds(void);
/// Of a processor, that the calling thread has had.
int64_t sb_thread_nanoseconds(void);
/// Of all processors since the machine's start, in seconds: all of it; what was used; what a hypervisor took. False where
/// the system does not tell.
bool sb_machine_seconds(double *total, double *used, double *stolen);
/// Of processors, that this process has had.
double sb_process_seconds(void);

// ---- Files

/// Has what was written to a file reach the disk itself. 0, or -1 with `errno` set.
int sb_flush_file(int descriptor);
/// When a file was changed last, in nanoseconds since 1970.
int64_t sb_change_time(const struct stat *status);
/// How many files and connections the process may have open, after the limit was raised as far as the system allows it.
intptr_t sb_raise_open_files(void);
/// The path of the program that runs, to at most `size` bytes; "" where the system does not tell.
void sb_program_path(char *path, size_t size);

#endif
