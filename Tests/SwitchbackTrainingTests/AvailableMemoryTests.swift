import Foundation
import Switchback
import SwitchbackTraining
import TestSupport
import Testing

@Suite struct AvailableMemoryTests {
    /// 8 times 64 images of 3 × 8000 × 8000 numbers of 4 bytes.
    @Test func whatCannotFitIsRefused() throws {
        let error = #expect(throws: InputError.self) {
            try AvailableMemory.check(batch: 64, of: [3, 8000, 8000], available: 16 << 30)
        }
        #expect(
            error?.description == "memory: a batch of 64 images of shape [3, 8000, 8000] takes more than 366.2 GiB, "
                + "and 16.0 GiB are free; use fewer or smaller images: --batch, --imgsz")
        try AvailableMemory.check(batch: 16, of: [3, 640, 640], available: 16 << 30)
        try AvailableMemory.check(batch: 64, of: [3, 8000, 8000], available: nil)
    }
}

/// Limits of containers, in files as the kernel writes them.
@Suite struct LinuxMemoryTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ files: [String: String]) throws {
        for (path, text) in files {
            let file = folder.url.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }

    private var bytes: Int? { LinuxMemory(root: folder.url.path).availableBytes }

    private let second = "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"

    @Test func theTightestOfNestedGroupsCounts() throws {
        try write([
            "proc/meminfo": "MemTotal: 16777216 kB\nMemAvailable:    8388608 kB\n",
            "proc/self/cgroup": "0::/pod/inner\n", "proc/self/mountinfo": second,
            "sys/fs/cgroup/pod/memory.max": "3000000000\n", "sys/fs/cgroup/pod/memory.current": "2500000000\n",
            "sys/fs/cgroup/pod/memory.stat": "anon 1\ninactive_file 100000000\nactive_file 7\n",
            "sys/fs/cgroup/pod/inner/memory.max": "max\n", "sys/fs/cgroup/pod/inner/memory.current": "100\n",
        ])
        #expect(bytes == 600_000_000)
        try write(["sys/fs/cgroup/pod/inner/memory.max": "1000\n"])
        #expect(bytes == 900)
        try write(["sys/fs/cgroup/pod/inner/memory.current": "2000\n"])
        #expect(bytes == 0)
    }

    @Test func theMachineCountsWhereItHasLess() throws {
        try write([
            "proc/meminfo": "MemAvailable:    1024 kB\n", "proc/self/cgroup": "0::/\n",
            "proc/self/mountinfo": second, "sys/fs/cgroup/memory.max": "3000000000\n",
            "sys/fs/cgroup/memory.current": "5\n",
        ])
        #expect(bytes == 1 << 20)
        try FileManager.default.removeItem(atPath: folder.path("proc/meminfo"))
        #expect(bytes == 2_999_999_995)
    }

    /// Docker without a namespace of its own: the group's path is the host's, and its folder is the mounted one.
    @Test func groupsOfTheFirstVersion() throws {
        try write([
            "proc/meminfo": "MemAvailable:    8388608 kB\n",
            "proc/self/cgroup": "12:cpu,cpuacct:/docker/ab\n4:memory:/docker/ab\n1:name=systemd:/docker/ab\n",
            "proc/self/mountinfo": """
            30 29 0:31 /docker/ab /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
            35 31 0:32 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory

            """,
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "2147483648\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "1073741824\n",
            "sys/fs/cgroup/memory/memory.stat": "cache 5\ntotal_inactive_file 24\n",
        ])
        #expect(bytes == 1_073_741_848)
        try write(["sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"])
        #expect(bytes == 8_388_608 << 10)
    }

    @Test func filesThatMakeNoSenseAreNoLimits() throws {
        try write([
            "proc/meminfo": "nonsense", "proc/self/cgroup": "0::/../..\n:\n4:memory\n",
            "proc/self/mountinfo": second + "- -\n\n1 2 3\n", "sys/fs/cgroup/memory.max": "a lot\n",
        ])
        #expect(bytes == nil)
    }
}
