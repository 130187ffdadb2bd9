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

    @Test(arguments: [DataFormat.yolo, .coco, .labelme, .cvat]) func outlinesAreWrittenAndReadAgain(
        _ format: DataFormat
    ) throws {
        let data = try load("1 0.1 0.1 0.5 0.15 0.5 0.5\n0 0.2 0.2 0.6 0.3 0.5 0.9 0.1 0.8\n", for: .segment)
        try data.write(as: format, to: folder.path("out"))
        let again = try DetectionData.load(folder.path("out"), for: .segment)
        for (a, b) in zip(again[.val][0].pixelLabels, data[.val][0].pixelLabels) {
            #expect(a.classIndex == b.classIndex && a.polygon.count == b.polygon.count)
            #expect(areNear(a.polygon, b.polygon, within: 0.01))
        }
    }

    @Test func masksAreWrittenAndReadAgain() throws {
        let data = try load("1 0.1 0.1 0.4 0.15 0.4 0.5\n0 0.5 0.2 0.9 0.3 0.9 0.9 0.5 0.8\n", for: .segment)
        try data.write(as: .masks, to: folder.path("out"))
        let again = try DetectionData.load(folder.path("out"), for: .segment)
        #expect(again.classNames == ["a", "b"] && again.problems.isEmpty)
        func masks(_ data: DetectionData) -> [InstanceMask] {
            data[.val][0].pixelLabels.sorted { $0.classIndex < $1.classIndex }.map {
                InstanceMask(polygon: $0.polygon, imageHeight: 40, imageWidth: 60)
            }
        }
        let (found, wanted) = (masks(again), masks(data))
        #expect(found.count == 2 && zip(found, wanted).allSatisfy { $0.iou($1) > 0.9 })
        let boxes = try load("0 0.5 0.5 0.2 0.2\n", for: .detect)
        #expect(throws: InputError.self) { try boxes.write(as: .masks, to: folder.path("boxes")) }
    }

    // MARK: Programs for labeling

    private func picture(_ name: String) throws {
        let url = folder.url.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(Image(height: 40, width: 60, filledWith: 9).pngData()).write(to: url)
    }

    @Test func shapesOfLabelMe() throws {
        try picture("me/a.png")
        let mask = Image(height: 4, width: 6, .gray, filledWith: 255)
        let base64 = Data(try mask.pngData()).base64EncodedString()
        _ = try folder.write(
            """
            {"version": "5.5.0", "flags": {}, "imagePath": "..\\\\me\\\\a.png", "imageData": null, "shapes": [
              {"label": "cell", "shape_type": "polygon", "points": [[1, 1], [9, 1], [9, 9]]},
              {"label": "cell", "shape_type": "rectangle", "points": [[20, 30], [10, 20]]},
              {"label": "hole", "shape_type": "circle", "points": [[30, 20], [35, 20]]},
              {"label": "mask", "shape_type": "mask", "points": [[40, 10], [45, 13]], "mask": "\(base64)"},
              {"label": "spot", "shape_type": "point", "points": [[3, 3]]}]}
            """, to: "me/a.json")
        let data = try DetectionData.load(folder.path("me"), for: .segment)
        #expect(data.classNames == ["cell", "hole", "mask"] && data.problems.isEmpty, "\(data.problems)")
        #expect(data.remarks.count == 1 && data.remarks[0].contains("a point has no area"))
        let boxes = data[.train][0].pixelLabels.map(\.box)
        let wanted: [Box] = [
            Box(x1: 1, y1: 1, x2: 9, y2: 9), Box(x1: 10, y1: 20, x2: 20, y2: 30), Box(x1: 25, y1: 15, x2: 35, y2: 25),
            Box(x1: 40.5, y1: 10.5, x2: 45.5, y2: 13.5),
        ]
        #expect(zip(boxes, wanted).allSatisfy { AugmentationTests.isNear($0, $1, within: 0.05) }, "\(boxes)")
    }

    @Test(arguments: [
        (#"{"shapes": [{"label": "a", "points": [[1, 2, 3]]}]}"#, "not of 2 numbers"),
        (#"{"shapes": [{"label": "a", "points": [[1, 2], [3, 4]]}]}"#, "fewer than 3 points"),
        (#"{"shapes": [{"label": "a", "shape_type": "blob", "points": []}]}"#, "'blob' is not known"),
        (#"{"shapes": [{"label": "a", "shape_type": "mask", "mask": "?", "points": [[1, 2], [3, 4]]}]}"#, "not Base64"),
    ]) func oddShapesOfLabelMeAreNamed(_ text: String, _ words: String) throws {
        try picture("me/a.png")
        try picture("me/b.png")
        _ = try folder.write(text, to: "me/a.json")
        _ = try folder.write(#"{"shapes": []}"#, to: "me/b.json")
        let data = try DetectionData.load(folder.path("me"), for: .segment)
        #expect(data.problems.count == 1 && "\(data.problems[0])".contains(words), "\(data.problems)")
        #expect(data[.train].count == 1)
    }

    @Test func elementsOfCVAT() throws {
        try picture("images/val/a.png")
        let file = try folder.write(
            """
            <?xml version="1.0" encoding="utf-8"?>
            <annotations><version>1.1</version><meta><task><name>x</name></task></meta>
            <image id="0" name="a.png" subset="val" width="60" height="40">
            <box label="a" occluded="0" xtl="10" ytl="10" xbr="30" ybr="20" rotation="90.00"/>
            <polygon label="b" points="1,1;9,1;9,9"><attribute name="n">1</attribute></polygon>
            <mask label="a" rle="1, 2, 1, 2" left="40" top="5" width="3" height="2"/>
            <points label="b" points="3,3"/>
            </image></annotations>
            """, to: "annotations.xml")
        for path in [file, folder.path("annotations.xml")] {
            let data = try DetectionData.load(path, for: .segment)
            #expect(data.classNames == ["a", "b"] && data.problems.isEmpty, "\(data.problems)")
            #expect(data.remarks.count == 1 && data.remarks[0].contains("points b has no area"))
            let boxes = data[.val][0].pixelLabels.map(\.box)
            #expect(
                boxes.count == 3 && AugmentationTests.isNear(boxes[0], Box(x1: 15, y1: 5, x2: 25, y2: 25), within: 0.01)
            )
        }
        _ = try folder.write(
            "<annotations><image name='a.png' subset='val'><box label='a'/></image></annotations>",
            to: "annotations.xml")
        let error = #expect(throws: InputError.self) { try DetectionData.load(file) }
        #expect("\(error as Any)".contains("the element box a is not as CVAT writes it"))
    }

    // MARK: Augmentation

    /// What is within the outline is copied, and nothing else of its box.
    @Test func objectsAreCopiedByTheirOutlines() throws {
        let triangle = [PlanePoint(4, 4), PlanePoint(24, 4), PlanePoint(4, 24)]
        let other = Sample(
            Image(height: 32, width: 32, filledWith: 200), labels: [LabeledBox(polygon: triangle, classIndex: 1)])
        let sample = Sample(Image(height: 32, width: 32, filledWith: 50))
        let context = AugmentationContext(Generator(seed: 1)) { _ in other }
        let mixed = try CopyPaste(probability: 1, mode: .mixup)(sample, context)
        #expect(mixed.labels == other.labels)
        #expect(mixed.image[6, 6].first == 200 && mixed.image[20, 20].first == 50)
    }

    @Test func flippedTwiceIsTheSame() {
        let label = LabeledBox(polygon: [PlanePoint(1, 2), PlanePoint(7, 3), PlanePoint(4, 9)], classIndex: 0)
        #expect(label.flippedHorizontally(width: 12).flippedHorizontally(width: 12) == label)
        #expect(label.flippedVertically(height: 12).flippedVertically(height: 12) == label)
    }
}
