import Foundation
import Switchback
import SwitchbackVision

/// One line in the list of data sets.
struct DataSummary: Encodable, Sendable {
    let name, path: String
    let kind: DataFolder.Kind
    let classes: [String]
    let images, labeled: Int
    /// The folder of images that it was made of, if it was.
    let source: String?
    let problem: String?

    init(_ set: DataFolder, _ index: DataIndex?) {
        (name, path, kind, source) = (set.name, set.root, set.kind, set.source)
        do {
            let content = try index?.now()
            let loose = try set.kind == .images ? ImageSurvey.files(in: set.root).count : 0
            classes = content?.classNames ?? []
            images = content?.images.count ?? loose
            labeled = content?.images.count(where: \.isLabeled) ?? 0
            problem = nil
        } catch {
            (classes, images, labeled, problem) = ([], 0, 0, "\(error)")
        }
    }
}

/// An image, as the grid shows it.
struct ImageAnswer: Encodable, Sendable {
    let id, name, version: String
    let split: DataSplit
    let width, height: Int32
    let state: String
    let objects: Int
    /// The objects for the overlay, where they were asked for: class, then x1, y1, x2 and y2 in fractions.
    var boxes: [[Double]]?

    init(_ image: IndexedImage) {
        (id, name, version) = (String(image.id, radix: 16), image.name, image.version)
        (split, width, height) = (image.split, image.width, image.height)
        state = image.state.rawValue
        objects = image.marks.count
    }

    /// With its boxes.
    ///
    /// - Parameter keypoints: those that objects of the data set have.
    init(_ image: IndexedImage, boxesWith keypoints: KeypointLayout?) {
        self.init(image)
        guard !image.marks.isEmpty, image.labelStamp.size > 0 else { return }
        let labels = try? LabelLines.read(YOLOData.labelPath(ofImage: image.path), keypoints)
        boxes = (labels ?? []).prefix(Self.mostBoxes).compactMap { value -> [Double]? in
            guard let index = value.classIndex, let bounds = value.bounds else { return nil }
            return [Double(index)] + bounds.map { (min(max($0, -1), 2) * 1e4).rounded() / 1e4 }
        }
    }

    /// More would hide the image.
    private static let mostBoxes = 100
}

/// A piece of the list of images.
struct ImageList: Encodable, Sendable {
    /// Of all that the filter takes.
    let total: Int
    let from: Int
    let images: [ImageAnswer]
}

/// Facts about a data set, for its page.
struct DataStatistics: Encodable, Sendable {
    struct Part: Encodable, Sendable {
        let split: DataSplit
        var images = 0, objects = 0, unlabeled = 0, empty = 0, faulty = 0
    }

    struct ClassCount: Encodable, Sendable {
        let name: String
        /// By split, in the order of `parts`.
        var objects: [Int]
        var images = 0
    }

    let name, path: String
    let kind: DataFolder.Kind
    let readOnly: String?
    var parts: [Part] = []
    var classes: [ClassCount]
    /// How many objects are how large: the root of their share of the image, in steps of 5 %.
    var sizes = [Int](repeating: 0, count: 20)
    /// How many centers of objects are where: rows of a map of the image.
    var places: [[Int]]
    /// The least, the middle and the largest of the images' longer sides, in pixels.
    let sides: [Int]
    /// The middle of the objects' sizes.
    let middleSize: Double?
    /// The names of the keypoints that objects have.
    let keypoints: [String]

    init(_ set: DataFolder, _ content: DataIndex.Content, keypoints: KeypointLayout?, readOnly: String?) {
        self.keypoints = keypoints?.shownNames ?? []
        (name, path, kind, self.readOnly) = (set.name, set.root, set.kind, readOnly)
        let splits = DataSplit.allCases.filter { split in content.images.contains { $0.split == split } }
        parts = splits.map { Part(split: $0) }
        classes = content.classNames.map { ClassCount(name: $0, objects: [Int](repeating: 0, count: splits.count)) }
        let (rows, columns) = (IndexedImage.Mark.rows, IndexedImage.Mark.columns)
        places = [[Int]](repeating: [Int](repeating: 0, count: columns), count: rows)
        let known = content.images.map { Int(max($0.width, $0.height)) }.filter { $0 > 0 }.sorted()
        sides = known.isEmpty ? [] : [known[0], known[known.count / 2], known[known.count - 1]]
        var bySide = [Int](repeating: 0, count: 101)
        for image in content.images {
            guard let part = splits.firstIndex(of: image.split) else { continue }
            parts[part].add(image)
            for index in Set(image.marks.map(\.classIndex)) where Int(index) < classes.count {
                classes[Int(index)].images += 1
            }
            for mark in image.marks {
                if Int(mark.classIndex) < classes.count { classes[Int(mark.classIndex)].objects[part] += 1 }
                sizes[min(Int(mark.side) / 5, 19)] += 1
                bySide[Int(mark.side)] += 1
                places[Int(mark.cell) / columns][Int(mark.cell) % columns] += 1
            }
        }
        let all = bySide.reduce(0, +)
        var below = 0
        let middle = bySide.firstIndex { count in
            below += count
            return 2 * below >= all
        }
        middleSize = all == 0 ? nil : middle.map { Double($0) / 100 }
    }
}

extension DataStatistics.Part {
    fileprivate mutating func add(_ image: IndexedImage) {
        images += 1
        objects += image.marks.count
        switch image.state {
        case .unlabeled: unlabeled += 1
        case .empty: empty += 1
        case .faulty: faulty += 1
        case .labeled: break
        }
    }
}
