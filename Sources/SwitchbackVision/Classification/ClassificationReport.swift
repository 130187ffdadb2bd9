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
    /// What an example is called: an image, or a row of a table.
    public var noun: String { inputShape.count == 3 ? "image" : "row" }
    public let parts: [Part]
    /// Examples for training, and held-out ones that are the same: files, or positions in their arrays.
    public let duplicates: [DataReport.Duplicate]
    /// Examples for training that are the same and have different classes.
    public let conflicts: [Conflict]

    /// Two examples, as people find them.
    public struct Conflict: Codable, Sendable {
        public let first, second: String
    }

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
        guard let training = data.training else {
            (duplicates, conflicts) = ([], [])
            return
        }
        let printer = try ExamplePrinter(training)
        duplicates = try [DataSplit.val, .test].flatMap { split -> [DataReport.Duplicate] in
            guard let heldOut = data.parts[split] else { return [] }
            return try printer.training.pairs(with: printer.prints(of: heldOut)).map {
                DataReport.Duplicate(training: training.place($0, in: .train), heldOut: heldOut.place($1, in: split))
            }
        }
        conflicts = printer.training.conflicts(training.classes).map {
            Conflict(first: training.place($0, in: .train), second: training.place($1, in: .train))
        }
    }
}
