import Switchback
import SwitchbackDrawing

/// What there is to know of data for detection before one trains with it.
public struct DataReport: Codable, Sendable {
    public struct Part: Codable, Sendable {
        public let split: DataSplit
        public let images: Int
        /// Pictures in which there is nothing to find: those whose labels say so, and those without labels.
        public let backgrounds: Int
        /// Pictures whose file of labels is missing.
        public let unlabeled: Int
        public let boxes: Int
        /// By class.
        public let boxesByClass: [Int]
        /// Boxes with a side of less than 2 % of the picture's: hard to see once it is scaled.
        public let tinyBoxes: Int
    }

    /// A picture to train with, and one to measure with that shows the same.
    public struct Duplicate: Codable, Sendable {
        public let training, heldOut: String
    }

    public let path: String
    public let kind: String
    public let classNames: [String]
    public let parts: [Part]
    public let duplicates: [Duplicate]
    /// All that cannot be used, as sentences.
    public let problems: [String]
    /// What is worth knowing beside them, as sentences.
    public let remarks: [String]
    /// Classes without a box to train with.
    public let unseenClasses: [String]

    /// Whether no picture at all has labels.
    public var isUnlabeled: Bool { parts.allSatisfy { $0.unlabeled == $0.images } }

    /// Counts, and compares the pictures to train with to the others, for which all are decoded.
    public init(_ data: DetectionData) {
        path = data.path
        kind = data.kind
        classNames = data.classNames
        parts = DataSplit.allCases.compactMap { split in
            data.splits[split].map { Part(split, $0, classCount: data.classNames.count) }
        }
        let heldOut = (data[.val] + data[.test]).map(\.imagePath)
        duplicates = Duplicates.pairs(data[.train].map(\.imagePath), heldOut).map {
            Duplicate(training: $0.0, heldOut: $0.1)
        }
        problems = data.problems.map(\.description)
        remarks = data.remarks
        let seen = Set(data[.train].flatMap { $0.labels.map(\.classIndex) })
        unseenClasses = data.classNames.enumerated().filter { !seen.contains($0.offset) }.map(\.element)
    }
}

extension DataReport.Part {
    fileprivate init(_ split: DataSplit, _ examples: [DetectionExample], classCount: Int) {
        let labels = examples.flatMap(\.labels)
        self.split = split
        images = examples.count
        backgrounds = examples.count { $0.labels.isEmpty }
        unlabeled = examples.count { !$0.isLabeled }
        boxes = labels.count
        boxesByClass = labels.reduce(into: [Int](repeating: 0, count: classCount)) { $0[$1.classIndex] += 1 }
        tinyBoxes = labels.count { min($0.box.width, $0.box.height) < 0.02 }
    }
}

extension DetectionData {
    /// How many boxes the classes of a part have, where their centres are, and how large they are.
    public func labelFigure(_ split: DataSplit) -> any Figure {
        DetectionFigures(names: classNames).labels(self[split])
    }
}
