import Switchback

/// Facts about a classification data set that one should know before training.
public struct ClassificationReport: Codable, Sendable {
    public struct Part: Codable, Sendable {
        public let split: DataSplit
        public let examples: Int
        public let examplesByClass: [Int]
    }

    public let path: String
    public let kind: String
    public let classNames: [String]
    public let inputShape: [Int]
    public let parts: [Part]
    /// Examples for training, and held-out ones that are the same: files, or positions in their arrays.
    public let duplicates: [DataReport.Duplicate]

    /// Counts, and compares the examples for training to the others, for which all are read.
    public init(_ data: ClassificationData) throws {
        path = data.path
        kind = data.kind
        classNames = data.classNames
        inputShape = Array(data.inputShape)
        parts = DataSplit.allCases.compactMap { split in
            data.parts[split].map { examples in
                var counts = [Int](repeating: 0, count: data.classNames.count)
                for index in examples.classes { counts[index] += 1 }
                return Part(split: split, examples: examples.count, examplesByClass: counts)
            }
        }
        var duplicates: [DataReport.Duplicate] = []
        for split in [DataSplit.val, .test] {
            guard let training = data.training, let heldOut = data.parts[split] else { continue }
            duplicates += try training.duplicates(in: heldOut).map {
                DataReport.Duplicate(training: "train \($0)", heldOut: "\(split.rawValue) \($1)")
            }
        }
        self.duplicates = duplicates
    }
}

extension ClassificationExamples {
    /// Examples of which the other ones have the same: images that look the same, or equal arrays.
    fileprivate func duplicates(in other: ClassificationExamples) throws -> [(String, String)] {
        if let paths = imagePaths, let others = other.imagePaths {
            let compared = Duplicates.pairs(paths, others)
            for problem in compared.problems { Diagnostics.warn("\(problem)") }
            return compared.pairs
        }
        var known: [[Float]: Int] = [:]
        for index in 0..<other.count { known[try other[index].input.toArray()] = index }
        return try (0..<count).compactMap { index in
            known[try self[index].input.toArray()].map { ("\(index)", "\($0)") }
        }
    }
}
