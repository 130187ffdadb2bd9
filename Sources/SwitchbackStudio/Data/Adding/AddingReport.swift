import Foundation
import Switchback

/// What came of files that were added to a data set.
struct AddingReport: Encodable, Sendable {
    var added = 0
    /// Files that the data set has already, byte for byte.
    var known = 0
    var objects = 0
    /// Classes that the data set did not have.
    var newClasses: [String] = []
    /// What cannot be used, and where: a sentence each.
    private(set) var problems: [String] = []
    /// What is worth knowing and leaves nothing out.
    private(set) var remarks: [String] = []
    private(set) var omittedSentences = 0

    private static let mostSentences = 500

    mutating func add(problem: any Error, hiding folder: String? = nil) { add("\(problem)", to: \.problems, folder) }
    mutating func add(remark: String, hiding folder: String? = nil) { add(remark, to: \.remarks, folder) }

    /// What came of reading annotations.
    mutating func add(problems: [InputError], remarks: [String], hiding folder: String) {
        for problem in problems { add(problem: problem, hiding: folder) }
        for remark in remarks { add(remark: remark, hiding: folder) }
    }

    /// - Parameter folder: where the files were unpacked, of which nobody wants to read.
    private mutating func add(_ sentence: String, to list: WritableKeyPath<AddingReport, [String]>, _ folder: String?) {
        guard self[keyPath: list].count < Self.mostSentences else {
            omittedSentences += 1
            return
        }
        self[keyPath: list].append(folder.map { sentence.replacingOccurrences(of: $0 + "/", with: "") } ?? sentence)
    }
}
