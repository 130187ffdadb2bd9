import Kernels
import Synchronization

/// Warnings and other messages for the user.
public enum Diagnostics {
    /// Receives each warning; writes a line to the standard error at the start. Set it before training begins.
    public nonisolated(unsafe) static var handler: @Sendable (String) -> Void = { message in
        writeLine("warning: \(message.printable())")
    }

    /// Writes to the standard error.
    static func writeLine(_ text: String) {
        var line = text + "\n"
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    public static func warn(_ message: String) { handler(message) }

    /// Warns of what a loop would say in every step: once in the life of the program.
    static func warnOnce(_ message: String) {
        if given.withLock({ $0.insert(message).inserted }) { warn(message) }
    }

    private static let given = Mutex<Set<String>>([])
}
