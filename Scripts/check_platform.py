#!/usr/bin/env python3
"""Checks that only the platform's files ask the operating system for what Linux and Darwin have in different forms.

C asks Sources/Kernels/include/platform.h, and Swift asks Platform.swift above it. POSIX as both have it (mmap, poll, signal,
pthread_mutex_lock) may be used anywhere.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["Sources", "Tests", "Examples"]
# What asks the system, and why a file may that is not platform.c.
ALLOWED = {
    "Sources/Kernels/foundation/platform.c": "the platform",
    "Sources/SwitchbackTraining/Trainer/LinuxMemory.swift": "reads Linux's files from any folder, as its tests need it",
    "Tests/SwitchbackTrainingTests/AvailableMemoryTests.swift": "writes such files",
    "Tests/CLITests/BadInputTests.swift": "needs a folder that nothing can be made in",
    "Sources/Switchback/Shapes/Scalar.swift": "Swift has no Float16 for Intel's processors on macOS",
}
FORBIDDEN = [
    (r"#\s*include <(malloc\.h|malloc/\w+\.h|mach\S*|linux/\S+|"
     r"sys/(auxv|epoll|eventfd|inotify|mman|prctl|resource|sysctl|sysinfo)\.h)>",
     "includes a header of one system"),
    (r"\b(_GNU_SOURCE|__linux__|__gnu_linux__|__APPLE__|__MACH__)\b", "asks which system it is"),
    (r"\b(cpu_set_t|sched_[gs]etaffinity|CPU_COUNT|malloc_trim|mallopt|mallinfo2?|sysconf|madvise|getauxval|prctl|epoll_\w+|"
     r"eventfd|inotify_\w+|signalfd|timerfd_\w+|sysinfo|getrusage|getrlimit|setrlimit|clock_gettime|sysctl(byname)?|"
     r"host_statistics64?|task_info|mach_\w+|fsync|fdatasync|F_FULLFSYNC|pthread_attr_\w+|pthread_create|pthread_set\w*_np|"
     r"posix_spawn\w*|st_[amc]tim(espec)?|memfd_create|posix_fallocate|getrandom|pipe2|accept4|dup3|O_PATH|O_TMPFILE|renameat2|"
     r"__rlimit_resource_t|__rusage_who_t)\b", "is for the platform's files"),
    (r'"lib\w+\.(so|dylib)\b', "names a library as one system does"),
    (r'"/(proc|sys)/', "names a file of Linux alone"),
    (r"^\s*(@\w+ )?import (Glibc|Musl|Bionic|Darwin)\b", "imports the C library of one system"),
    (r"^\s*#(if|elseif)\b.*\b(os\((Linux|macOS|iOS)\)|canImport\((Glibc|Musl|Darwin)\))", "asks which system it is"),
]
PATTERNS = [(re.compile(pattern), reason) for pattern, reason in FORBIDDEN]
COMMENT = re.compile(r"(?<!:)//.*")


def problems(path):
    """What each line of a file asks the system for: (line number, what, why not)."""
    for number, line in enumerate(path.read_text(errors="replace").split("\n"), 1):
        line = COMMENT.sub("", line)
        for pattern, reason in PATTERNS:
            match = pattern.search(line)
            if match:
                yield number, match.group(0).strip(), reason


def main():
    found = False
    missing = [name for name in ALLOWED if not (ROOT / name).is_file()]
    for name in missing:
        print(f"Scripts/check_platform.py: allows {name}, which does not exist", file=sys.stderr)
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            name = str(path.relative_to(ROOT))
            if path.suffix not in (".c", ".h", ".swift") or name in ALLOWED or ".build" in path.parts:
                continue
            for number, what, reason in problems(path):
                found = True
                print(f"{name}:{number}: {what} {reason}: ask platform.h or Platform.swift", file=sys.stderr)
    sys.exit(1 if found or missing else 0)


main()
