import Foundation
import SwitchbackFormats

/// The wish of the user that the program stop: Ctrl-C, a polite kill, or the end of the terminal.
///
/// Most commands end at once, without leaving half-written files. Those that have something to save ask for time
/// (`finishing`), look at `isRequested`, and complete what is in the making; a second wish ends them, too.
enum Interruption {
    // Set by the signal handler.
    nonisolated(unsafe) private static var signalNumber: Int32 = 0
    nonisolated(unsafe) private static var wakeDescriptor: Int32 = -1

    private static let lock = NSLock()
    // Guarded by the lock.
    nonisolated(unsafe) private static var finishingCount = 0

    static var isRequested: Bool { signalNumber != 0 }

    /// The exit code of a program that a signal ended: its own, or that of another process that trains with it.
    static var exitCode: Int32 { 128 + (isRequested ? signalNumber : SIGTERM) }

    /// Runs something that completes by itself what it has begun, once `isRequested`.
    static func finishing<Result>(_ body: () throws -> Result) rethrows -> Result {
        lock.withLock { finishingCount += 1 }
        defer { lock.withLock { finishingCount -= 1 } }
        return try body()
    }

    /// The same for what is awaited.
    static func finishing<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        lock.withLock { finishingCount += 1 }
        defer { lock.withLock { finishingCount -= 1 } }
        return try await body()
    }

    /// Runs something that a signal ends with the whole program, as it does where nothing is to be completed; after it
    /// a signal that came before is forgotten.
    static func suspended<Result>(_ body: () -> Result) -> Result {
        for number in signals { signal(number, SIG_DFL) }
        defer {
            forget()
            listen()
        }
        return body()
    }

    /// What was wished has been done, and the program ends as it always does.
    static func forget() { signalNumber = 0 }

    // MARK: Listening

    /// Without the end of the terminal where whoever started the program wants it passed over, as `nohup` does.
    static let signals: [Int32] = {
        let handler = signal(SIGHUP, SIG_IGN)
        let isPassedOver = unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
        if !isPassedOver { signal(SIGHUP, handler) }
        return [SIGINT, SIGTERM] + (isPassedOver ? [] : [SIGHUP])
    }()

    static func install() {
        var ends: [Int32] = [-1, -1]
        if pipe(&ends) == 0 {
            wakeDescriptor = ends[1]
            let reader = ends[0]
            Thread.detachNewThread { watch(reader) }
        }
        listen()
        // A file that exceeds the size limit should be an error of the write, not the end of the program.
        signal(SIGXFSZ, SIG_IGN)
    }

    private static func listen() {
        var set = sigset_t()
        sigemptyset(&set)
        for number in signals {
            sigaddset(&set, number)
            signal(number) { received in
                // Only what is allowed in a signal handler: a thread of its own does the rest.
                Interruption.signalNumber = received
                var byte: UInt8 = 0
                _ = write(Interruption.wakeDescriptor, &byte, 1)
            }
        }
        // Whoever started the program may have blocked them.
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// What ends by itself, or throws to its caller, gets so long for it.
    private static let patience = 0.4

    private static func watch(_ reader: Int32) {
        var byte: UInt8 = 0
        while true {
            guard read(reader, &byte, 1) == 1 else { continue }
            var end = Date() + patience
            while Date() < end {
                if lock.withLock({ finishingCount > 0 }) { end = Date() + patience }
                // A wish that comes meanwhile is the second one.
                var wish = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
                if poll(&wish, 1, 50) > 0 { break }
            }
            if !isRequested { continue }
            UnfinishedFiles.removeAll()
            _exit(exitCode)
        }
    }
}
