import Foundation
import Switchback
import SwitchbackFormats

/// Sentences in two languages, line by line: the files `NAME.en` and `NAME.de`, say, which may be gzipped.
public struct ParallelText: Sendable {
    public let path: String
    public let sources, targets: [String]

    /// - Parameters:
    ///   - name: the part of the data: `train`, `val`.
    ///   - from: the ending of the file to translate from, `en`; `to`: that of its translations.
    /// - Throws: `InputError` where a file is missing, or the two do not have as many lines.
    public init(_ folder: String, _ name: String, from: String, to: String) throws {
        path = Folder.join(folder, name)
        sources = try ParallelText.lines("\(path).\(from)")
        targets = try ParallelText.lines("\(path).\(to)")
        guard sources.count == targets.count else {
            throw InputError(
                "\(path).\(to)", "it has \(targets.count.counted("line")), and \(name).\(from) has \(sources.count)",
                remedy: "each line must be the translation of the same line")
        }
    }

    private static func lines(_ path: String) throws -> [String] {
        let file = FileManager.default.fileExists(atPath: path) ? path : "\(path).gz"
        guard FileManager.default.fileExists(atPath: file) else {
            throw InputError(path, "there is no such file, and no \(path).gz")
        }
        return try TextFile.lines(file).map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
