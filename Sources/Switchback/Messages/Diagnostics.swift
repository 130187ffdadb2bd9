import Foundation

/// Warnings and other messages for the user.
public enum Diagnostics {
    /// Receives each warning; writes a line to the standard error at the start. Set it before training begins.
    public nonisolated(unsafe) static var handler: @Sendable (String) -> Void = { message in
        FileHandle.standardError.write(Data("warning: \(message.printable())\n".utf8))
    }

    public static func warn(_ message: String) { handler(message) }
}
