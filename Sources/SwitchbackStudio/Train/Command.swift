import Foundation
import Switchback
import SwitchbackFormats

/// A run of the program that is short, and whose output is read.
struct Command: Sendable {
    let program: String

    struct Outcome: Sendable {
        /// `nil` where it took too long and was ended.
        let code: Int32?
        let output: String

        /// The last sentence with which the program complained.
        var complaint: String? { output.complaint }
    }

    /// The most that is read of the output.
    private static let mostBytes = 4 << 20

    /// Runs the program to its end, or for `seconds`.
    ///
    /// - Throws: `InputError` where it cannot be started.
    func run(_ arguments: [String], seconds: Double) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        do {
            try process.run()
        } catch {
            throw InputError(program, cannot: "started", error)
        }
        let end = Task.detached {
            try await Task.sleep(for: .seconds(seconds))
            process.terminate()
        }
        defer { end.cancel() }
        let bytes = (try? pipe.fileHandleForReading.read(upToCount: Command.mostBytes)) ?? Data()
        process.waitUntilExit()
        let isWhole = process.terminationReason == .exit && process.terminationStatus != 143
        return Outcome(
            code: isWhole ? process.terminationStatus : nil, output: String(decoding: bytes, as: UTF8.self))
    }
}

extension String {
    /// The last sentence of a program's output with which it complained.
    var complaint: String? {
        let begin = "switchback: "
        return split(separator: "\n").last { $0.hasPrefix(begin) }.map { String($0.dropFirst(begin.count)) }
    }
}
