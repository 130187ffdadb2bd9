import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// A data set written in another format, and read back to see that it says the same.
struct DataExport: Encodable, Sendable {
    let path: String
    let format: String
    let images, objects: Int
    /// Images that nobody has labelled: written, they would say that there is nothing in them.
    let unlabeled: Int
    /// Outlines of which only the boxes are written, because the format has none or other objects have none.
    let flattened: Int
    /// What was left out, as sentences.
    let problems: [String]
    /// What differs from the data set after all; empty where the two are equal.
    let differences: [String]
    let isEqual: Bool

    /// Writes `NAME-FORMAT` beside the data set, with a number where that is taken. Images are linked where they can
    /// be, which takes no space.
    ///
    /// - Throws: `InputError` where nothing can be written.
    init(_ set: DataFolder, _ content: DataIndex.Content, as format: DataFormat) throws {
        guard set.kind == .yolo, let description = set.description else {
            throw InputError(set.root, "has folders for classes, which are a format that others read as it is")
        }
        let outlines = content.hasKeypoints ? nil : (try? DetectionData.load(description, for: .segment))
        let boxes = try DetectionData.load(description)
        let keepsOutlines = format != .voc && outlines.map { $0.problems.count <= boxes.problems.count } == true
        let task = keepsOutlines ? YOLOTask.segment : .detect
        let all = keepsOutlines ? outlines ?? boxes : boxes
        let data = DetectionData(
            kind: all.kind, path: all.path, classNames: all.classNames,
            splits: all.splits.mapValues { $0.filter(\.isLabeled) }.filter { !$0.value.isEmpty })
        self.format = format.rawValue
        images = data.splits.values.reduce(0) { $0 + $1.count }
        guard images > 0 else { throw InputError(set.root, "has no labelled image to export") }
        objects = data.splits.values.joined().reduce(0) { $0 + $1.labels.count }
        unlabeled = all.splits.values.joined().count { !$0.isLabeled }
        flattened = try keepsOutlines ? 0 : Self.outlines(in: all)
        problems = all.problems.map(\.description)
        path = set.freePath("-\(format.rawValue)")
        try data.write(as: format, to: path, copies: false)
        differences = Self.differences(data, try DetectionData.load(path, for: task))
        isEqual = differences.isEmpty
    }

    private static func outlines(in data: DetectionData) throws -> Int {
        try data.splits.values.joined().reduce(0) { sum, example in
            let values = try LabelLines.read(YOLOData.labelPath(ofImage: example.imagePath), hasKeypoints: false) ?? []
            return sum + values.count { if case .outline = $0 { true } else { false } }
        }
    }

    // MARK: Equality

    /// Formats round to hundredths of a pixel.
    private static let tolerance: Float = 0.02

    /// What two data sets do not have in common, as sentences; at most a few.
    static func differences(_ first: DetectionData, _ second: DetectionData) -> [String] {
        var found: [String] = []
        // Pascal VOC has no order of classes, only names.
        if Set(first.classNames) != Set(second.classNames) { found.append("the classes differ") }
        func names(_ data: DetectionData, _ example: DetectionExample) -> [String] {
            example.labels.map { data.classNames[$0.classIndex] }
        }
        for split in DataSplit.allCases {
            let (ours, theirs) = (sorted(first[split]), sorted(second[split]))
            if ours.map({ Folder.stem($0.imagePath) }) != theirs.map({ Folder.stem($0.imagePath) }) {
                found.append("\(split.rawValue) has other images: \(ours.count) and \(theirs.count)")
                continue
            }
            for (a, b) in zip(ours, theirs) where !isEqual(a, b) || names(first, a) != names(second, b) {
                found.append("\(split.rawValue)/\((a.imagePath as NSString).lastPathComponent) has other labels")
            }
        }
        return Array((found + second.problems.map(\.description)).prefix(20))
    }

    private static func sorted(_ examples: [DetectionExample]) -> [DetectionExample] {
        examples.sorted { Folder.stem($0.imagePath) < Folder.stem($1.imagePath) }
    }

    private static func isEqual(_ a: DetectionExample, _ b: DetectionExample) -> Bool {
        let (ours, theirs) = (a.pixelLabels, b.pixelLabels)
        guard a.width == b.width, a.height == b.height, ours.count == theirs.count else { return false }
        return zip(ours, theirs).allSatisfy { ours, theirs in
            func corners(_ label: LabeledBox) -> [Float] {
                [label.box.x1, label.box.y1, label.box.x2, label.box.y2] + label.polygon.flatMap { [$0.x, $0.y] }
            }
            let (first, second) = (corners(ours), corners(theirs))
            return first.count == second.count && zip(first, second).allSatisfy { abs($0 - $1) <= tolerance }
        }
    }
}
