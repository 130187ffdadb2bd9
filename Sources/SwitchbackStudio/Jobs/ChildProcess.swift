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
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o666)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The studio's own way with signals is not the child's.
        var none = sigset_t()
        var usual = sigset_t()
        sigemptyset(&none)
        sigemptyset(&usual)
        for signal in [SIGINT, SIGTERM, SIGPIPE, SIGCHLD] { sigaddset(&usual, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &usual)
        // A port that the child held open could not be listened on by the next studio.
        sb_detach_spawned(&actions, &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        var texts = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for text in texts + variables { free(text) } }
        var number: pid_t = 0
        let code = posix_spawn(&number, program, &actions, &attributes, &texts, &variables)
        guard code == 0 else { throw InputError(program, cannot: "started", code) }
        return number
    }
}
