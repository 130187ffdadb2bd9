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
        let (all, task) = try Self.read(description, hasKeypoints: content.keypoints != nil, for: format)
        let data = DetectionData(
            kind: all.kind, path: all.path, classNames: all.classNames,
            splits: all.splits.mapValues { $0.filter(\.isLabeled) }.filter { !$0.value.isEmpty },
            keypoints: all.keypoints)
        self.format = format.rawValue
        images = data.splits.values.reduce(0) { $0 + $1.count }
        guard images > 0 else { throw InputError(set.root, "has no labelled image to export") }
        objects = data.splits.values.joined().reduce(0) { $0 + $1.labels.count }
        unlabeled = all.splits.values.joined().count { !$0.isLabeled }
        flattened = try task == .detect ? Self.outlines(in: all) : 0
        problems = all.problems.map(\.description)
        path = set.freePath("-\(format.rawValue)")
        try data.write(as: format, to: path, copies: false)
        differences = Self.differences(data, try DetectionData.load(path, for: task))
        isEqual = differences.isEmpty
    }

    /// Keypoints are read where objects have them, and outlines where all have one.
    private static func read(
        _ description: String, hasKeypoints: Bool, for format: DataFormat
    ) throws -> (DetectionData, YOLOTask) {
        if hasKeypoints { return (try DetectionData.load(description, for: .pose), .pose) }
        let boxes = try DetectionData.load(description)
        let outlines = format == .voc ? nil : try? DetectionData.load(description, for: .segment)
        if let outlines, outlines.problems.count <= boxes.problems.count { return (outlines, .segment) }
        return (boxes, .detect)
    }

    private static func outlines(in data: DetectionData) throws -> Int {
        try data.splits.values.joined().reduce(0) { sum, example in
            let values = try LabelLines.read(YOLOData.labelPath(ofImage: example.imagePath), nil) ?? []
            return sum + values.count { if case .outline = $0 { true } else { false } }
        }
    }

    // MARK: Equality

    /// Formats round to hundredths of a pixel.
    private static let tolerance: Float = 0.02

    /// What two data sets do not have in common, as sentences; at most a few.
    static func differences(_ first: DetectionData, _ second: DetectionData) -> [String] {
        var found: [String] = []
        // Names are what formats have in common.
        if Set(first.classNames) != Set(second.classNames) { found.append("the classes differ") }
        func names(_ data: DetectionData, _ example: DetectionExample) -> [String] {
            example.labels.map { data.classNames[$0.classIndex] }
        }
        let orders: [KeypointOrder]
        do {
            // The keypoints of some formats have no order either.
            orders =
                try first.keypoints.map { layout in
                    try [first, second].map { try KeypointOrder(of: $0, in: layout) }
                } ?? []
        } catch { return found + ["\(error)"] }
        for split in DataSplit.allCases {
            let (ours, theirs) = (first[split], second[split])
            guard let pairs = pairs(ours, theirs) else {
                found.append("\(split.rawValue) has other images: \(ours.count) and \(theirs.count)")
                continue
            }
            for (a, b) in pairs where !isEqual(a, b, orders) || names(first, a) != names(second, b) {
                found.append("\(split.rawValue)/\((a.imagePath as NSString).lastPathComponent) has other labels")
            }
        }
        return Array((found + second.problems.map(\.description)).prefix(20))
    }

    /// The same images of both; `nil` where there are others. Where all lie in one folder, one of two that have the same name
    /// has another one there.
    private static func pairs(
        _ ours: [DetectionExample], _ theirs: [DetectionExample]
    ) -> [(DetectionExample, DetectionExample)]? {
        guard ours.count == theirs.count else { return nil }
        var named = Dictionary(grouping: theirs) { Folder.stem($0.imagePath) }
        var (pairs, rest) = ([(DetectionExample, DetectionExample)](), [DetectionExample]())
        for example in ours {
            let other = named[Folder.stem(example.imagePath)]?.popLast()
            if let other { pairs.append((example, other)) } else { rest.append(example) }
        }
        var waiting = named.values.joined().map { $0 }
        for example in rest {
            let place = waiting.firstIndex {
                FileManager.default.contentsEqual(atPath: example.imagePath, andPath: $0.imagePath)
            }
            guard let place else { return nil }
            pairs.append((example, waiting.remove(at: place)))
        }
        return pairs
    }

    private static func isEqual(_ a: DetectionExample, _ b: DetectionExample, _ orders: [KeypointOrder]) -> Bool {
        let (ours, theirs) = (a.pixelLabels, b.pixelLabels)
        guard a.width == b.width, a.height == b.height, ours.count == theirs.count else { return false }
        return zip(ours, theirs).allSatisfy { ours, theirs in
            let (first, second) = (numbers(ours, orders.first), numbers(theirs, orders.last))
            return first.count == second.count && zip(first, second).allSatisfy { abs($0 - $1) <= tolerance }
        }
    }

    private static func numbers(_ label: LabeledBox, _ order: KeypointOrder?) -> [Float] {
        let keypoints = order?.numbers(label.keypoints).map { Float($0) } ?? []
        let box = label.box
        return [box.x1, box.y1, box.x2, box.y2] + label.polygon.flatMap { [$0.x, $0.y] } + keypoints
    }
}
