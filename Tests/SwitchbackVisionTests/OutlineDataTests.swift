import Foundation
import Switchback
import TestSupport
import SwitchbackVision
import Testing

/// Outlines of objects from files and through augmentation.
@Suite struct OutlineDataTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["train", "val"] {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
            try Data(Image(height: 40, width: 60, filledWith: 9).pngData())
                .write(to: folder.url.appendingPathComponent("\(name)/a.png"))
        }
    }

    private func load(_ rows: String, for task: YOLOTask) throws -> DetectionData {
        for name in ["train", "val"] { _ = try folder.write(rows, to: "\(name)/a.txt") }
        let file = try folder.write("train: train\nval: val\nnames: [a, b]\n", to: "data.yaml")
        return try DetectionData.load(file, for: task)
    }

    @Test func polygonsAreKeptWhereTheTaskNeedsThem() throws {
        let rows = "1 0.1 0.1 0.5 0.1 0.5 0.5\n0 0.2 0.2 0.6 0.3 0.5 0.9 0.1 0.8\n"
        let masks = try load(rows, for: .segment)[.train][0].labels
        #expect(masks.map(\.polygon.count) == [3, 4] && masks.allSatisfy { !$0.isOriented })
        let oriented = try load(rows, for: .obb)[.train][0].labels
        #expect(oriented.map(\.polygon.count) == [3, 4] && oriented.allSatisfy(\.isOriented))
        let boxes = try load(rows, for: .detect)[.train][0].labels
        #expect(boxes.allSatisfy(\.polygon.isEmpty) && boxes.map(\.box) == masks.map(\.box))
    }

    /// Two outlines in one box are two objects, and the same row twice is one.
    @Test func onlyEqualRowsAreDuplicates() throws {
        let rows = "0 0.1 0.1 0.5 0.1 0.5 0.5\n0 0.1 0.1 0.5 0.5 0.1 0.5\n0 0.1 0.1 0.5 0.1 0.5 0.5\n"
        #expect(try load(rows, for: .segment)[.train][0].labels.count == 2)
        #expect(try load(rows, for: .detect)[.train][0].labels.count == 1)
    }

    @Test(arguments: [
        ("0 0.5 0.5 0.2 0.2\n", "line 1", "has 5 numbers, and segment needs an outline"),
        ("0 0.1 0.1 0.5 0.1 0.5\n", "line 1", "has 6 numbers, and segment needs an outline"),
        ("0 0.1 0.1 0.5 0.1 0.5 0.5\n0 0.1 0.1 0.5 0.1 0.5 1.5\n", "line 2", "outside the image"),
        ("0 0.1 0.1 0.5 0.1 0.3 0.1\n", "line 1", "no area"),
    ]) func whatIsNoOutlineIsNamed(_ rows: String, _ line: String, _ words: String) throws {
        let error = #expect(throws: InputError.self) { try load(rows, for: .segment) }
        let sentence = "\(try #require(error))"
        #expect(sentence.contains(line) && sentence.contains(words), "\(sentence)")
    }

    @Test(arguments: [YOLOTask.segment, .obb]) func outlinesSurviveTheCacheOfLabels(_ task: YOLOTask) throws {
        let path = folder.path("train/a.png")
        var label = LabeledBox(
            polygon: [PlanePoint(0.1, 0.2), PlanePoint(0.5, 0.25), PlanePoint(0.3, 0.75)], classIndex: 1)
        label.isOriented = task == .obb
        let example = DetectionExample(imagePath: path, height: 40, width: 60, labels: [label])
        _ = try folder.write("0\n", to: "train/a.txt")
        for file in [path, folder.path("train/a.txt")] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -1000)], ofItemAtPath: file)
        }
        func load(_ task: YOLOTask) -> DetectionExample? {
            let found = LabelCache.examples(
                [path], of: folder.path("data.yaml"), for: task, classCount: 2, in: folder.path("cache"), least: 1
            ) { _ in .success(example) }
            return try? found[0].get()
        }
        #expect(load(task) == example && load(task) == example)
    }

    // MARK: COCO

    private func coco(_ segmentation: String) throws -> DetectionData {
        let file = try folder.write(
            """
            {"images": [{"id": 1, "file_name": "a.png", "width": 60, "height": 40}],
             "categories": [{"id": 7, "name": "thing"}],
             "annotations": [{"id": 3, "image_id": 1, "category_id": 7, "bbox": [10, 10, 20, 10], "iscrowd": 0,
               "segmentation": \(segmentation)}]}
            """, to: "train/instances.json")
        return try DetectionData.load(file, for: .segment)
    }

    @Test func polygonsOfCOCO() throws {
        let label = try coco("[[10, 10, 30, 10, 30, 20, 10, 20]]")[.train][0].pixelLabels[0]
        let corners = [PlanePoint(10, 10), PlanePoint(30, 10), PlanePoint(30, 20), PlanePoint(10, 20)]
        #expect(areNear(label.polygon, corners, within: 1e-3))
    }

    /// Both parts are filled, and at most a line between them.
    @Test func partsOfAnObjectAreJoined() throws {
        let label = try coco("[[2, 2, 12, 2, 12, 12, 2, 12], [30, 20, 50, 20, 50, 30, 30, 30]]")[.train][0].pixelLabels[
            0]
        let mask = InstanceMask(polygon: label.polygon, imageHeight: 40, imageWidth: 60)
        #expect(mask[5, 5] && mask[25, 40] && !mask[35, 5] && !mask[5, 40])
        let least = 11 * 11 + 21 * 11
        #expect(mask.area >= least && mask.area <= least + 20)
    }

    @Test(arguments: [true, false]) func runLengthsOfCOCO(_ isText: Bool) throws {
        let mask = InstanceMask(
            polygon: [PlanePoint(10, 10), PlanePoint(29, 10), PlanePoint(29, 19), PlanePoint(10, 19)], imageHeight: 40,
            imageWidth: 60)
        let runs = RunLengths(mask)
        let counts = isText ? "\"\(runs.text.replacingOccurrences(of: "\\", with: "\\\\"))\"" : "\(runs.counts)"
        let label = try coco("{\"size\": [40, 60], \"counts\": \(counts)}")[.train][0].pixelLabels[0]
        let again = InstanceMask(polygon: label.polygon.map { $0 - 0.25 }, imageHeight: 40, imageWidth: 60)
        #expect(again.iou(mask) > 0.99)
    }

    @Test(arguments: [
        ("[[1, 2, 3, 4]]", "no polygon"), ("[]", "no polygon"),
        ("{\"size\": [4, 6], \"counts\": [24]}", "is of [4, 6]"),
        ("{\"size\": [40, 60], \"counts\": [24]}", "do not fill"),
        ("{\"size\": [40, 60], \"counts\": \"~\"}", "do not fill"),
        ("{\"size\": [40, 60], \"counts\": [2400]}", "no area"),
    ]) func whatIsNoShapeIsNamed(_ segmentation: String, _ words: String) throws {
        let error = #expect(throws: InputError.self) { try coco(segmentation) }
        let sentence = "\(try #require(error))"
        #expect(sentence.contains(words), "\(sentence)")
    }

    @Test(arguments: [DataFormat.yolo, .coco]) func outlinesAreWrittenAndReadAgain(_ format: DataFormat) throws {
        let data = try load("1 0.1 0.1 0.5 0.15 0.5 0.5\n0 0.2 0.2 0.6 0.3 0.5 0.9 0.1 0.8\n", for: .segment)
        try data.write(as: format, to: folder.path("out"))
        let again = try DetectionData.load(folder.path("out"), for: .segment)
        for (a, b) in zip(again[.val][0].pixelLabels, data[.val][0].pixelLabels) {
            #expect(a.classIndex == b.classIndex && a.polygon.count == b.polygon.count)
            #expect(areNear(a.polygon, b.polygon, within: 0.01))
        }
    }

    // MARK: Augmentation

    /// What is within the outline is copied, and nothing else of its box.
    @Test func objectsAreCopiedByTheirOutlines() throws {
        let triangle = [PlanePoint(4, 4), PlanePoint(24, 4), PlanePoint(4, 24)]
        let other = Sample(
            Image(height: 32, width: 32, filledWith: 200), labels: [LabeledBox(polygon: triangle, classIndex: 1)])
        let sample = Sample(Image(height: 32, width: 32, filledWith: 50))
        let context = AugmentationContext(Generator(seed: 1)) { _ in other }
        let mixed = try CopyPaste(probability: 1)(sample, context)
        #expect(mixed.labels == other.labels)
        #expect(mixed.image[6, 6].first == 200 && mixed.image[20, 20].first == 50)
    }

    @Test func flippedTwiceIsTheSame() {
        let label = LabeledBox(polygon: [PlanePoint(1, 2), PlanePoint(7, 3), PlanePoint(4, 9)], classIndex: 0)
        #expect(label.flippedHorizontally(width: 12).flippedHorizontally(width: 12) == label)
        #expect(label.flippedVertically(height: 12).flippedVertically(height: 12) == label)
    }
}
