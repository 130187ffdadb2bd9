import Foundation
import Kernels
import Switchback
import SwitchbackFormats

/// A process of its own session: it goes on when the studio ends or is killed, and when its terminal is closed.
///
/// A process is told from a later one with the same number by when it was started.
struct ChildProcess: Codable, Equatable, Sendable {
    let number: Int32
    /// When it was started, as the system knows it.
    let start: String

    /// Starts a program with a shell above it, which writes the exit code when the program has ended: so that it is
    /// known whether or not the studio is there by then.
    ///
    /// - Parameters:
    ///   - log: the file that the output and the errors are added to.
    ///   - exitFile: the file that the exit code is written to.
    /// - Throws: `InputError` where the program cannot be started.
    init(running program: String, _ arguments: [String], log: String, exitFile: String) throws {
        // A signal to the group is for the program; the shell waits for what becomes of it.
        let script = #"trap : INT TERM; "$@"; code=$?; echo $code > "$0.part" && mv "$0.part" "$0""#
        number = try ChildProcess.spawn("/bin/sh", ["-c", script, exitFile, program] + arguments, log: log)
        guard let now = Platform.start(ofProcess: number) else { throw InputError(program, "cannot be started") }
        start = now.start
    }

    /// Whether it still runs. One of this studio's own that has ended is put to rest.
    var isAlive: Bool {
        guard let now = Platform.start(ofProcess: number), now.start == start else { return false }
        if now.isOver { waitpid(number, nil, WNOHANG) }
        return !now.isOver
    }

    /// Asks it and what it has started to end: a training saves where it is.
    func interrupt() {
        if isAlive { kill(-number, SIGINT) }
    }

    private static func spawn(_ program: String, _ arguments: [String], log: String) throws -> Int32 {
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        let texts = ([program] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { for text in texts + variables { free(text) } }
        var number: Int32 = 0
        let code = sb_start_process(program, texts, variables, log, &number)
        guard code == 0 else { throw InputError(program, cannot: "started", code) }
        return number
    }
}
