import Foundation
import Switchback
import SwitchbackVision
import TestSupport
import Testing

@Suite struct DataConversionTests {
    private let folder: TemporaryFolder
    private let data: DetectionData

    /// Three images, two of the same name, with odd names of classes.
    init() throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        func example(_ name: String, _ level: UInt8, _ labels: [LabeledBox]) throws -> DetectionExample {
            let url = folder.url.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(Image(height: 100, width: 200, filledWith: level).pngData()).write(to: url)
            return DetectionExample(imagePath: url.path, height: 100, width: 200, labels: labels)
        }
        let boxes = [
            LabeledBox(Box(x1: 0.1, y1: 0.2, x2: 0.5, y2: 0.6), classIndex: 1),
            LabeledBox(Box(x1: 0, y1: 0, x2: 1, y2: 1), classIndex: 0),
        ]
        data = DetectionData(
            kind: "made for the test", path: "test", classNames: ["a <b> & c", "with: \"quotes\""],
            splits: [
                .train: [try example("one/x.png", 10, boxes), try example("two/x.png", 60, [])],
                .val: [try example("three/y.png", 110, [boxes[0]])],
            ])
    }

    @Test(arguments: DataFormat.allCases.filter { $0 != .masks }) func whatIsWrittenIsReadAgain(
        _ format: DataFormat
    ) throws {
        let path = folder.path("out")
        try data.write(as: format, to: path, copies: format != .coco)
        let read = try DetectionData.load(path)
        #expect(read.problems.isEmpty && read.classNames == data.classNames, "\(read.problems)")
        for split in [DataSplit.train, .val] {
            #expect(read[split].count == data[split].count)
            for (a, b) in zip(read[split], data[split]) {
                #expect(a.height == b.height && a.width == b.width && a.labels.count == b.labels.count)
                for (x, y) in zip(a.pixelLabels, b.pixelLabels) {
                    #expect(x.classIndex == y.classIndex && AugmentationTests.isNear(x.box, y.box, within: 0.02))
                }
                #expect(try Image.load(a.imagePath) == Image.load(b.imagePath))
            }
        }
        #expect(throws: InputError.self) { try data.write(as: format, to: path) }
    }

    /// Whatever is written is read: with any of the splits, names with spaces and dots, and in each of the formats once more.
    @Test(
        arguments: DataFormat.allCases.filter { $0 != .masks },
        [[DataSplit.train], [.val], [.test], [.train, .test], [.val, .test], [.train, .val, .test]])
    func anySplitsAreReadAgain(_ format: DataFormat, _ splits: [DataSplit]) throws {
        func example(_ name: String) throws -> DetectionExample {
            let path = folder.path(name)
            try Data(Image(height: 100, width: 200, filledWith: 7).pngData()).write(to: URL(fileURLWithPath: path))
            return DetectionExample(imagePath: path, height: 100, width: 200, labels: data[.train][0].labels)
        }
        let examples = try [example("an image 1.png"), example("an image.2.png"), data[.val][0]]
        // A split that lost all of its images is as one that never was.
        let all = Dictionary(uniqueKeysWithValues: DataSplit.allCases.map { ($0, splits.contains($0) ? examples : []) })
        let made = DetectionData(kind: "made", path: "made", classNames: data.classNames, splits: all)
        try made.write(as: format, to: folder.path("first"))
        for other in DataFormat.allCases where other != .masks {
            let first = try DetectionData.load(folder.path("first"))
            try first.write(as: other, to: folder.path("\(other)"))
            let read = try DetectionData.load(folder.path("\(other)"))
            #expect(read.problems.isEmpty && read.remarks.isEmpty && read.classNames == data.classNames)
            for split in DataSplit.allCases {
                let labels = read[split].map(\.labels.count).sorted()
                #expect(labels == (splits.contains(split) ? [1, 2, 2] : []), "\(format) to \(other): \(split)")
            }
        }
    }

    @Test(arguments: DataFormat.allCases) func dataWithoutClassesIsRefused(_ format: DataFormat) throws {
        let none = DetectionData(kind: "", path: "data", classNames: [], splits: [.train: [data[.train][1]]])
        let error = #expect(throws: InputError.self) { try none.write(as: format, to: folder.path("out")) }
        #expect(error?.description.contains("has no object of any class") == true)
    }

    @Test(arguments: DataFormat.allCases.filter { $0 != .masks }) func theSameDataGivesTheSameBytes(
        _ format: DataFormat
    ) throws {
        for name in ["a", "b"] { try data.write(as: format, to: folder.path(name)) }
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path("a"))
        for file in files {
            #expect(
                FileManager.default.contentsEqual(atPath: folder.path("a/\(file)"), andPath: folder.path("b/\(file)")))
        }
    }

    @Test func aPlaceThatCannotBeWrittenToIsSaid() throws {
        let error = #expect(throws: InputError.self) { try data.write(as: .coco, to: "/dev/null/none") }
        #expect(error?.description.hasPrefix("/dev/null/none: cannot be written") == true, "\(error as Any)")
        #expect(error?.description.contains("operation") == false, "\(error as Any)")
    }

    @Test func nothingIsLeftOfAFailedConversion() throws {
        let lost = DetectionExample(imagePath: folder.path("lost.png"), height: 1, width: 1, labels: [])
        let broken = DetectionData(kind: "", path: "", classNames: ["a"], splits: [.train: [lost]])
        let before = folder.contents
        #expect(throws: InputError.self) { try broken.write(as: .voc, to: folder.path("out")) }
        #expect(folder.contents == before)
    }

    @Test func reportsCountAndFindDuplicates() throws {
        let small = try Image.load(data[.val][0].imagePath).resized(height: 50, width: 100)
        try small.save(to: folder.path("again.jpg"))
        let again = DetectionExample(imagePath: folder.path("again.jpg"), height: 50, width: 100, labels: [])
        let report = DataReport(
            DetectionData(
                kind: "", path: "", classNames: data.classNames + ["nowhere"],
                splits: [.train: data[.train] + [again], .val: data[.val]]))
        #expect(report.parts[0].images == 3 && report.parts[0].backgrounds == 2 && report.parts[0].boxes == 2)
        #expect(report.parts[0].boxesByClass == [1, 1, 0] && report.unseenClasses == ["nowhere"])
        #expect(report.duplicates.map(\.training) == [folder.path("again.jpg")])
    }

    // MARK: - Bad input

    private func coco(_ change: (inout [String: Any]) -> Void) throws -> DetectionData {
        let root = folder.path("coco")
        try data.write(as: .coco, to: root)
        let path = root + "/annotations/instances_train.json"
        var file = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
        change(&file)
        try JSONSerialization.data(withJSONObject: file).write(to: URL(fileURLWithPath: path))
        return try DetectionData.load(root)
    }

    @Test func badAnnotationsOfCOCOAreAllReported() throws {
        let loaded = try coco { file in
            file["annotations"] = [
                ["id": 7, "image_id": 1, "category_id": 9, "bbox": [1, 1, 5, 5]],
                ["id": 8, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5]],
                ["id": 9, "image_id": 1, "category_id": 1, "bbox": [1, 1, 500, 5]],
                ["id": 10, "image_id": 99, "category_id": 1, "bbox": [1, 1, 5, 5]],
                ["id": 11, "image_id": 2, "category_id": 1, "bbox": [1, 1, 5, 5], "iscrowd": 1],
            ]
        }
        #expect(
            loaded.problems.map { $0.place ?? "" } == ["annotations", "annotation 7", "annotation 8", "annotation 9"])
        #expect(loaded[.train].count == 1 && loaded[.train][0].labels.isEmpty)
    }

    @Test func filesThatAreNotCOCOAreNamed() throws {
        let problem = #expect(throws: InputError.self) { try coco { $0["categories"] = nil } }
        #expect(problem?.description.contains("the key categories is missing") == true)
        #expect(throws: InputError.self) { try DetectionData.load(folder.write("[1,", to: "a.json")) }
    }

    @Test func badAnnotationsOfVOCAreAllReported() throws {
        let root = folder.path("voc")
        try data.write(as: .voc, to: root)
        for (name, text) in [
            ("x", "<annotation><object><name>a</name></object></annotation>"), ("x_2", "<annotation><object>"),
            ("z", "<annotation></annotation>"),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(root)/Annotations/\(name).xml"))
        }
        let loaded = try DetectionData.load(root)
        #expect(loaded.problems.count == 3 && loaded[.val].count == 1)
        #expect(loaded.problems.contains { $0.problem.contains("no bndbox") })
        #expect(loaded.problems.contains { $0.problem.contains("not XML") })
        #expect(loaded.problems.contains { $0.problem.contains("no image of the name z") })
    }
}
