import Switchback
import SwitchbackDrawing

/// Facts about a detection data set that one should know before training.
public struct DataReport: Codable, Sendable {
    public struct Part: Codable, Sendable {
        public let split: DataSplit
        public let images: Int
        /// Images in which there is nothing to find: those whose labels say so, and those without labels.
        public let backgrounds: Int
        /// Images whose file of labels is missing.
        public let unlabeled: Int
        public let boxes: Int
        /// By class.
        public let boxesByClass: [Int]
        /// Boxes with a side of less than 2 % of the image's: hard to see once it is scaled.
        public let tinyBoxes: Int
    }

    /// An image for training, and one for validation that shows the same.
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
    /// Classes without a box for training.
    public let unseenClasses: [String]

    /// Counts, and compares the images for training to the others, for which all are decoded.
    public init(_ data: DetectionData) {
        path = data.path
        kind = data.kind
        classNames = data.classNames
        parts = DataSplit.allCases.compactMap { split in
            data.splits[split].map { Part(split, $0, classCount: data.classNames.count) }
        }
        let heldOut = (data[.val] + data[.test]).map(\.imagePath)
        let compared = Duplicates.pairs(data[.train].map(\.imagePath), heldOut)
        duplicates = compared.pairs.map { Duplicate(training: $0.0, heldOut: $0.1) }
        var known: Set<String> = []
        problems = (data.problems + compared.problems).map(\.description).filter { known.insert($0).inserted }
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
    /// How many boxes the classes of a part have, where their centers are, and how large they are.
    public func labelFigure(_ split: DataSplit) -> any Figure {
        DetectionFigures(names: classNames).labels(self[split])
    }
}
