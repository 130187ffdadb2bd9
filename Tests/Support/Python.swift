import Foundation

/// The Python interpreter, for tests against other programs' libraries.
public enum Python {
    /// Whether all of these modules can be imported.
    public static func has(_ modules: String...) -> Bool {
        (try? run("import \(modules.joined(separator: ", "))")) != nil
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Runs a program and returns what it prints; throws what it says on the standard error if it fails.
    @discardableResult
    public static func run(_ program: String, _ arguments: [String] = []) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", program] + arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Read beside each other: a pipe that nobody empties would stop the program.
        let complaints = Reader(errors)
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: complaints.text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Empties a pipe on a thread of its own.
    private final class Reader: @unchecked Sendable {
        private let done = DispatchSemaphore(value: 0)
        private var data = Data()

        init(_ pipe: Pipe) {
            DispatchQueue.global().async {
                self.data = pipe.fileHandleForReading.readDataToEndOfFile()
                self.done.signal()
            }
        }

        var text: String {
            done.wait()
            return String(decoding: data, as: UTF8.self)
        }
    }
}
