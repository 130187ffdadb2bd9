import Foundation
import Switchback
import SwitchbackFormats

/// Something that the studio lets another process do: a training, or an endpoint. It is kept in a folder of its own,
/// `.studio/jobs/ID`, with `job.json`, the output in `log.txt`, and the exit code in `exit` once there is one.
struct Job: Codable, Sendable {
    enum Kind: String, Codable, Sendable { case training, endpoint }

    enum State: String, Codable, Sendable {
        case waiting, running, stopping
        /// It has come to its end.
        case done
        /// It was asked to end.
        case stopped
        /// It ended with an error.
        case failed
        /// It was killed, or the machine went off.
        case interrupted

        /// Whether it waits or is at work.
        var isOpen: Bool { [.waiting, .running, .stopping].contains(self) }
    }

    let id: String
    let kind: Kind
    /// What it is called: `detect`, and so on.
    let task: String
    /// Of `switchback`.
    let arguments: [String]
    /// The run that it trains or serves, `TASK/NAME`.
    var run: String
    /// In seconds since 1970.
    let created: Double
    var process: ChildProcess?
    /// When the process was started, in seconds since 1970.
    var started: Double?
    var isStopRequested = false
}

/// Where a job is kept.
struct JobFolder: Sendable {
    let path: String

    var log: String { Folder.join(path, "log.txt") }
    var exitFile: String { Folder.join(path, "exit") }
    private var file: String { Folder.join(path, "job.json") }

    /// The job; `nil` where there is none, or it cannot be read.
    var job: Job? {
        FileManager.default.contents(atPath: file).flatMap { try? JSON.decode(Job.self, $0) }
    }

    /// - Throws: `InputError` where it cannot be written.
    func save(_ job: Job) throws {
        try OutputFolder.make(path)
        try AtomicFile.write(JSON.text(job), to: file)
    }

    /// Writes a secret, which only the user can read.
    ///
    /// - Throws: `InputError` where it cannot be written.
    func keep(_ text: String, as name: String) throws {
        let file = Folder.join(path, name)
        guard
            FileManager.default.createFile(
                atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw InputError(file, cannot: "written", errno) }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// The exit code, once there is one.
    private var exitCode: Int? {
        (try? String(contentsOfFile: exitFile, encoding: .utf8)).flatMap {
            Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }

    func state(of job: Job) -> Job.State {
        guard let process = job.process else { return exitCode == nil ? .waiting : .failed }
        if process.isAlive { return job.isStopRequested ? .stopping : .running }
        switch exitCode {
        // An endpoint has no end of its own.
        case 0: return job.kind == .endpoint ? .stopped : .done
        case 130, 143: return .stopped
        case nil: return .interrupted
        default: return .failed
        }
    }

    private static let mostBytes = 64 << 10

    /// The output from a place on, at most 64 KiB of it and rather its end; and where to go on.
    func output(from offset: Int) -> (text: String, next: Int) {
        guard let file = FileHandle(forReadingAtPath: log) else { return ("", 0) }
        defer { try? file.close() }
        let end = Int((try? file.seekToEnd()) ?? 0)
        let begin = max(offset < 0 || offset > end ? 0 : offset, end - JobFolder.mostBytes)
        try? file.seek(toOffset: UInt64(begin))
        let bytes = (try? file.read(upToCount: end - begin)) ?? Data()
        return (String(decoding: bytes, as: UTF8.self), begin + bytes.count)
    }

    /// The last sentence with which the program complained.
    var complaint: String? { output(from: 0).text.complaint }
}
