import Foundation
import Switchback
import SwitchbackFormats

/// Sentences, each with the class that it belongs to: a file with a sentence, a tab and a class on each line.
public struct LabeledSentences: Sendable {
    public let path: String
    public let sentences: [String]
    public let labels: [String]

    /// Reads a file. Throws `InputError` with the line where one is not as described.
    public init(_ path: String) throws {
        self.path = path
        var pairs: [(String, String)] = []
        for (number, line) in try TextFiles.read(path).split(separator: "\n").enumerated() {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty else {
                throw InputError(path, at: "line \(number + 1)", "a sentence, a tab and a class were expected")
            }
            pairs.append((parts[0].trimmingCharacters(in: .whitespaces), String(parts[1])))
        }
        if pairs.isEmpty { throw InputError(path, "there are no sentences in it") }
        sentences = pairs.map(\.0)
        labels = pairs.map(\.1)
    }

    /// Throws with the line where a class is none of these.
    func checkClasses(_ classes: [String]) throws {
        guard let line = labels.firstIndex(where: { !classes.contains($0) }) else { return }
        throw InputError(
            path, at: "line \(line + 1)", "the class \(labels[line]) is none of \(classes.joined(separator: ", "))")
    }
}
