import Foundation
import Switchback
import SwitchbackFormats

/// Sentences with classes: a file with one sentence, a tab and a class per line, below a header `sentence`, `label` or
/// none.
public struct LabeledSentences: Sendable {
    public let path: String
    public let sentences: [String]
    public let labels: [String]
    /// The line of the file on which each stands.
    private let lines: [Int]

    /// Reads a file. Throws `InputError` with the line if one is not as described.
    public init(_ path: String) throws {
        self.path = path
        var pairs: [(sentence: String, label: String, line: Int)] = []
        for (number, line) in try TextFile.lines(path).enumerated() where !line.isEmpty {
            if number == 0 && LabeledSentences.headers.contains(where: line.lowercased().isExactly) { continue }
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty else {
                throw InputError(path, at: "line \(number + 1)", "a sentence, a tab and a class were expected")
            }
            pairs.append((parts[0].trimmingCharacters(in: .whitespaces), String(parts[1]), number + 1))
        }
        if pairs.isEmpty { throw InputError(path, "there are no sentences in it") }
        sentences = pairs.map(\.sentence)
        labels = pairs.map(\.label)
        lines = pairs.map(\.line)
    }

    /// Where a sentence stands, by its position: `train.tsv line 7`.
    func place(_ position: Int) -> String {
        "\(URL(fileURLWithPath: path).lastPathComponent) line \(lines[position])"
    }

    /// The first lines that name the columns: GLUE's, and what others write for it.
    private static let headers = ["sentence", "text"].flatMap { text in
        ["label", "class"].map { "\(text)\t\($0)" }
    }

    /// Throws with the line where a class is none of these.
    func checkClasses(_ classes: [String]) throws {
        guard let number = labels.firstIndex(where: { !classes.contains($0) }) else { return }
        throw InputError(
            path, at: "line \(lines[number])",
            "the class \(labels[number]) is none of \(classes.joined(separator: ", "))")
    }
}
