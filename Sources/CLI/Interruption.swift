import Foundation

/// The wish of the user that the program stop: Ctrl-C, or a polite kill.
///
/// The first one is noted, so that files in the making are completed or removed; the second one ends the program.
enum Interruption {
    nonisolated(unsafe) private static var signalNumber: Int32 = 0

    static var isRequested: Bool { signalNumber != 0 }

    /// The exit code of a program that a signal ended.
    static var exitCode: Int32 { 128 + signalNumber }

    /// Runs something that a signal ends with the whole program, as it does where nothing is to be completed; after it a
    /// signal that came before is forgotten.
    static func suspended<Result>(_ body: () -> Result) -> Result {
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
        defer {
            signalNumber = 0
            install()
        }
        return body()
    }

    static func install() {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] {
            sigaddset(&signals, number)
            signal(number) { received in
                Interruption.signalNumber = received
                signal(received, SIG_DFL)
            }
        }
        // Whoever started the program may have blocked them.
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        // A file that exceeds the size limit shall be an error of the write, not the end of the program.
        signal(SIGXFSZ, SIG_IGN)
    }
}
