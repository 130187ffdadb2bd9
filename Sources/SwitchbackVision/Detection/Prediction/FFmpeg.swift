import Foundation
import Switchback
import SwitchbackFormats

/// The programs of ffmpeg, through which videos go.
enum FFmpeg {
    /// A program of ffmpeg, not yet running.
    ///
    /// - Parameters:
    ///   - subject: what messages call the video.
    ///   - participle: what the program does with it: `decoded`, `encoded`.
    /// - Throws: `InputError` where it is not installed.
    static func process(
        _ program: String, _ arguments: [String], for subject: String, participle: String = "decoded"
    ) throws -> Process {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let places = folders.map { Folder.join($0, program) }
        guard let path = places.first(where: FileManager.default.isExecutableFile) else {
            throw InputError(
                subject, "videos are \(participle) by \(program), which is not installed", remedy: "install ffmpeg")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        return process
    }

    /// Starts a program that decodes a video.
    ///
    /// - Returns: what it complains about.
    /// - Throws: `InputError` where it cannot be started.
    static func start(_ process: Process, for subject: String) throws -> ComplaintReader {
        let errors = Pipe()
        process.standardError = errors
        do { try process.run() } catch {
            throw InputError(subject, "videos are decoded by ffmpeg, which cannot be started")
        }
        return ComplaintReader(errors.fileHandleForReading)
    }
}

/// Reads what a program complains about, so that it never waits for a reader, and keeps the end of it.
final class ComplaintReader: @unchecked Sendable {
    private static let limit = 1 << 14
    private let isDone = DispatchGroup()
    /// Written by the reading thread alone, until it is done.
    private var end = Data()

    init(_ handle: FileHandle) {
        isDone.enter()
        Thread.detachNewThread { [self] in
            while let part = try? handle.read(upToCount: 4096), !part.isEmpty {
                end = (end + part).suffix(Self.limit)
            }
            isDone.leave()
        }
    }

    /// The last line of the complaints, once the program has ended; `nil` if there were none.
    func lastLine() -> String? {
        isDone.wait()
        let lines = String(decoding: end, as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.last { !$0.allSatisfy(\.isWhitespace) }.map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
