import Foundation

/// The memory that Linux says in files is available: what the machine has free, and no more than the limits of containers
/// leave. Those are the limits of the control group that the program is in and of all groups around it (Linux kernel
/// documentation, "Control Group v2", section Memory, and "Memory Resource Controller" for v1). Other systems have no such
/// files.
package struct LinuxMemory {
    /// In front of the paths of all files: "" for the system's own.
    private let root: String

    package init(root: String) { self.root = root }

    /// In bytes; `nil` if neither is known.
    package var availableBytes: Int? { [machineBytes, controlGroupBytes].compactMap { $0 }.min() }

    private var machineBytes: Int? {
        let line = lines("/proc/meminfo").first { $0.hasPrefix("MemAvailable:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }

    // MARK: Control groups

    /// How the files of a version are called.
    private struct Version {
        let limit, usage: String
        /// Of the statistics, what is freed as soon as memory is short: pages of files that were not used lately.
        let reclaimable: String

        static let v1 = Version(
            limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes", reclaimable: "total_inactive_file")
        static let v2 = Version(limit: "memory.max", usage: "memory.current", reclaimable: "inactive_file")
    }

    /// In bytes, what the tightest of the groups can still give; `nil` if none has a limit.
    private var controlGroupBytes: Int? {
        let remaining = lines("/proc/self/cgroup").flatMap { line -> [Int] in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [] }
            let group = String(fields[2])
            if fields[1].isEmpty { return free(in: group, .v2, mountedAs: "cgroup2", controller: nil) }
            guard fields[1].split(separator: ",").contains("memory") else { return [] }
            return free(in: group, .v1, mountedAs: "cgroup", controller: "memory")
        }
        return remaining.min()
    }

    /// What each group has left, from the program's own to the outermost that can be seen.
    private func free(in group: String, _ version: Version, mountedAs type: String, controller: String?) -> [Int] {
        guard let (mountPoint, mountedGroup) = mount(type, controller) else { return [] }
        var path = relative(group, to: mountedGroup)
        var result: [Int] = []
        while true {
            if let bytes = free(mountPoint + path, version) { result.append(bytes) }
            guard let slash = path.lastIndex(of: "/") else { return result }
            path = String(path[..<slash])
        }
    }

    private func free(_ folder: String, _ version: Version) -> Int? {
        // What no limit is written as: "max", or in v1 a number near the largest.
        guard let limit = number("\(folder)/\(version.limit)"), limit < 1 << 60,
            let usage = number("\(folder)/\(version.usage)")
        else { return nil }
        let fields = lines("\(folder)/memory.stat").first { $0.hasPrefix(version.reclaimable + " ") }?.split(
            separator: " ")
        let reclaimable = fields?.last.flatMap { Int($0) } ?? 0
        return max(limit - usage + min(reclaimable, usage), 0)
    }

    /// Where a hierarchy is mounted, and which of its groups is the mounted folder.
    private func mount(_ type: String, _ controller: String?) -> (point: String, group: String)? {
        for line in lines("/proc/self/mountinfo") {
            // id parent device ROOT POINT options … - TYPE source OPTIONS
            let halves = line.components(separatedBy: " - ")
            let (own, kind) = (halves[0].split(separator: " "), halves.last?.split(separator: " ") ?? [])
            guard halves.count == 2, own.count > 4, kind.count > 2, kind[0] == type else { continue }
            if let controller, !kind[2].split(separator: ",").contains(where: { $0 == controller }) { continue }
            return (own[4] == "/" ? "" : String(own[4]), String(own[3]))
        }
        return nil
    }

    /// The path of a group below a mounted one: "" where it is that one, or lies outside, as from within a container.
    private func relative(_ group: String, to mounted: String) -> String {
        let path = mounted == "/" ? group : group.hasPrefix(mounted) ? String(group.dropFirst(mounted.count)) : ""
        return path == "/" || path.contains("/..") || !path.hasPrefix("/") ? "" : path
    }

    private func number(_ path: String) -> Int? { lines(path).first.flatMap { Int($0) } }

    private func lines(_ path: String) -> [String] {
        guard let text = try? String(contentsOfFile: root + path, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").map(String.init)
    }
}
