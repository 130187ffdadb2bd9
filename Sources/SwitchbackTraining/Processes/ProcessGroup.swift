import Foundation
import Kernels
import Switchback

/// The processes that train together, on one machine or several, as `mpirun` or `srun` started them.
///
/// All of them run the same program; where one calls a function of the group that passes something between them, all must.
public final class ProcessGroup: Sendable {
    /// Which one this process is, counted from 0.
    public let rank: Int
    /// How many there are.
    public let size: Int
    /// Which one it is among those of its machine, counted from 0.
    public let localRank: Int
    /// How many of them its machine runs.
    public let localSize: Int
    /// How many threads are this process's share of the processors that it may use.
    public let threadShare: Int
    /// The machine's name.
    public let host: String
    /// The instruction sets that the processes compute with. Where there are several, a slot's gradient depends on where it
    /// is computed.
    public let instructionSets: Set<String>

    /// One process by itself.
    public static let alone = ProcessGroup()

    private init() {
        (rank, size, localRank, localSize, host) = (0, 1, 0, 1, "")
        (threadShare, instructionSets) = (Processor.threadCount, [Processor.instructionSet])
    }

    private init(connected launch: Launch) throws {
        rank = MessagePassing.rank
        size = launch.size
        host = Self.hostName
        let all = Self.gatherBytes(Data(host.utf8) + [0] + Self.processors, size: launch.size)
        let mine = all[rank]
        let neighbors = all.indices.filter { all[$0].prefix { $0 != 0 } == mine.prefix { $0 != 0 } }
        localSize = neighbors.count
        localRank = neighbors.firstIndex(of: rank) ?? 0
        // Those that may use the same processors share them; a launcher that binds processes gives each its own.
        let sets = Self.gatherBytes(Data(Processor.instructionSet.utf8), size: launch.size)
        instructionSets = Set(sets.map { String(decoding: $0, as: UTF8.self) })
        threadShare = max(1, Processor.threadCount / neighbors.count { all[$0] == mine })
    }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        return name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// The processors that this process may use.
    private static var processors: Data { Data((Platform.processorList ?? "").utf8) }

    /// Connects this process with the others that a launcher started with it; `nil` where it was started by itself.
    ///
    /// The library of MPI is looked for where the system looks for libraries; the environment variable `SWITCHBACK_MPI`
    /// names another one.
    ///
    /// - Throws: `InputError` where none is found that belongs to the launcher; `FailedElsewhere` on all processes but the
    ///   first, which says it for all.
    public static func connected() throws -> ProcessGroup? {
        guard let launch = Launch() else { return nil }
        do {
            try MessagePassing.start(launch)
        } catch {
            throw launch.rank == 0 ? error : FailedElsewhere()
        }
        return try ProcessGroup(connected: launch)
    }

    /// Which process a launcher says this is, counted from 0, also where it is not connected with the others; 0 without a
    /// launcher.
    public static var launchedRank: Int { Launch()?.rank ?? 0 }

    /// Whether this is the process that writes files, shows progress and decides where a clock or a signal does.
    public var isRoot: Bool { rank == 0 }

    /// For messages: "process 3 of 4 on node-2".
    public var place: String { "process \(rank + 1) of \(size) on \(host)" }

    // MARK: The end

    /// Disconnects; all processes must.
    public func finish() {
        if size > 1 { sb_mpi_finish() }
    }

    /// Whether all processes fail: each that does asks, and waits so many seconds for the others.
    public func allFail(within seconds: Double) -> Bool {
        if size == 1 { return true }
        let meeting = Transfer.meeting()
        let end = Date() + seconds
        while !meeting.poll() {
            if Date() > end { return false }
            usleep(1000)
        }
        return true
    }

    /// Ends all processes through the launcher, and does not return.
    ///
    /// A launcher that is told so drops what it has not read of what was printed: it is waited for until it has read the errors,
    /// or, where it reads nothing more, for a second.
    public func abort(code: Int32) -> Never {
        let end = Date() + 1
        while sb_unread_bytes(STDERR_FILENO) > 0 && Date() < end { usleep(1000) }
        sb_mpi_abort(code)
        exit(code)
    }

    // MARK: Bytes

    /// The bytes of all processes, in their order.
    func gather(_ own: Data) -> [Data] { size == 1 ? [own] : Self.gatherBytes(own, size: size) }

    private static func gatherBytes(_ own: Data, size: Int) -> [Data] {
        func gathered(_ own: Data, _ counts: [Int]) -> [Data] {
            let ends = counts.reduce(into: [0]) { $0.append($0.last! + $1) }
            let ranges = counts.indices.map { ends[$0]..<ends[$0 + 1] }
            var all = Data(count: ends.last!)
            all.withUnsafeMutableBytes { all in
                own.withUnsafeBytes { Transfer.gather($0, into: all, Transfer.Shares(ranges)).wait() }
            }
            return ranges.map { Data(all[$0]) }
        }
        let counts = gathered(withUnsafeBytes(of: own.count) { Data($0) }, Array(repeating: 8, count: size)).map {
            $0.withUnsafeBytes { $0.loadUnaligned(as: Int.self) }
        }
        return gathered(own, counts)
    }

    /// Fills memory with what it holds in the first process.
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {
        let most = 1 << 28
        for start in stride(from: 0, to: bytes.count, by: most) where size > 1 {
            let part = bytes[start..<min(start + most, bytes.count)]
            Transfer.broadcast(UnsafeMutableRawBufferPointer(rebasing: part)).wait()
        }
    }
}

/// What has failed has failed in another process too, which says what.
public struct FailedElsewhere: Error {
    public init() {}
}
