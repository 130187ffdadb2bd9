import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import TestSupport
import Testing

/// What Label Studio exports. The values that are expected are those of its own converter (`make_label_studio.py`).
@Suite struct LabelStudioTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func image(_ name: String, height: Int = 40, width: Int = 60) throws {
        let url = folder.url.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(Image(height: height, width: width, filledWith: 9).pngData()).write(to: url)
    }

    private struct Expected: Decodable {
        let corners: [[[Float]]]
        let poses: [[Float]]
        let mask: [Int]
    }

    private func fixture() throws -> (path: String, expected: Expected) {
        for name in ["a.png", "photos/b.png", "other/b.png", "photos/c.png"] { try image(name) }
        let fixtures = fixtureFolder.appendingPathComponent("label_studio")
        let path = folder.path("project.json")
        try FileManager.default.copyItem(atPath: fixtures.appendingPathComponent("project.json").path, toPath: path)
        let data = try Data(contentsOf: fixtures.appendingPathComponent("expected.json"))
        return (path, try JSON.decode(Expected.self, data))
    }

    private func example(_ data: DetectionData, _ name: String) throws -> DetectionExample {
        try #require(data[.train].first { $0.imagePath.hasSuffix(name) })
    }

    // MARK: Shapes

    @Test func rectanglesAreTurnedAroundTheirFirstCorner() throws {
        let (path, expected) = try fixture()
        let data = try DetectionData.load(path, for: .segment)
        #expect(data.classNames == ["bird", "fish"] && data.problems.isEmpty, "\(data.problems)")
        let labels = try example(data, "/a.png").labels
        #expect(labels.map(\.classIndex) == [0, 1])
        for (label, corners) in zip(labels, expected.corners) {
            #expect(areNear(label.polygon, corners.map { PlanePoint($0[0], $0[1]) }, within: 1e-5))
        }
        // Also where the folder is given.
        #expect(try DetectionData.load(folder.path("."), for: .segment)[.train].count == 3)
    }

    @Test func brushesAreMasks() throws {
        let (path, expected) = try fixture()
        let label = try example(DetectionData.load(path, for: .segment), "/c.png").pixelLabels[0]
        // The outline goes through the centers of pixels, which are half a pixel from their corners.
        let mask = InstanceMask(polygon: label.polygon.map { $0 - 0.5 }, imageHeight: 40, imageWidth: 60)
        let rows = (0..<40).map { row in (0..<60).count { mask[row, $0] } }
        #expect(rows == expected.mask)
    }

    @Test func keypointsBelongToTheirRegion() throws {
        let (path, expected) = try fixture()
        let data = try DetectionData.load(path, for: .pose)
        #expect(data.keypoints?.names == ["beak", "left wing", "right wing"] && data.keypoints?.flip == [0, 2, 1])
        let labels = try example(data, "photos/b.png").labels
        #expect(labels.count == 2)
        for (label, numbers) in zip(labels, expected.poses) {
            let box = [label.box.centerX, label.box.centerY, label.box.width, label.box.height]
            let found = box + label.keypoints.flatMap { [$0.x, $0.y, $0.visibility] }
            #expect(zip(found, numbers.dropFirst()).allSatisfy { abs($0 - $1) < 1e-5 }, "\(found)")
        }
        let boxes = try DetectionData.load(path)
        #expect(boxes.problems.isEmpty && boxes.remarks.contains { $0.contains("3 keypoints left out") })
    }

    // MARK: Tasks

    private func load(_ tasks: String, for task: YOLOTask = .detect) throws -> DetectionData {
        try DetectionData.load(folder.write("[\(tasks)]", to: "project.json"), for: task)
    }

    private func box(_ label: String, _ x: Int, more: String = "") -> String {
        """
        {"id": "r\(x)", "type": "rectanglelabels", "original_width": 60, "original_height": 40,
         "value": {"x": \(x), "y": 10, "width": 20, "height": 30, "rectanglelabels": ["\(label)"]}\(more)}
        """
    }

    private func task(_ annotations: String, image: String = "a.png", id: Int = 1) -> String {
        #"{"id": \#(id), "data": {"image": "\#(image)"}, "annotations": [\#(annotations)]}"#
    }

    /// Several people have labelled the image: one counts, or each thing would be there as often.
    @Test func oneAnnotationOfATaskCounts() throws {
        try image("a.png")
        let results = ["first", "second", "third"].map { "\"result\": [\(box($0, 10))]" }
        let newest = try load(
            task(
                """
                {\(results[0]), "updated_at": "2026-03-01"}, {\(results[1]), "updated_at": "2026-04-01"},
                {\(results[2]), "updated_at": "2026-05-01", "was_cancelled": true}
                """))
        #expect(newest.classNames == ["second"] && newest[.train][0].labels.count == 1)
        #expect(newest.remarks.count == 1 && newest.remarks[0].contains("2 people have labelled it"))
        let truth = try load(
            task(
                """
                {\(results[0]), "updated_at": "2026-03-01", "ground_truth": true},
                {\(results[1]), "updated_at": "2026-04-01"}
                """))
        #expect(truth.classNames == ["first"])
    }

    /// Nobody has looked at it, or somebody has, and there is nothing.
    @Test func imagesWithoutLabels() throws {
        for name in ["a.png", "b.png", "c.png"] { try image(name) }
        let tasks = [
            task(#"{"result": []}"#, image: "a.png"), task("", image: "b.png", id: 2),
            task("{\"result\": [\(box("x", 10))]}", image: "c.png", id: 3),
        ]
        let data = try load(tasks.joined(separator: ","))
        #expect(data[.train].map(\.isLabeled) == [true, false, true])
        try data.write(as: .yolo, to: folder.path("out"))
        let again = try DetectionData.load(folder.path("out"))
        #expect(
            again[.train].map(\.isLabeled) == [true, false, true] && again[.train].map(\.labels.count) == [0, 0, 1])
    }

    @Test(arguments: [
        "/data/upload/7/01234567-my_photo_1.png", "s3://bucket/deep/my%20photo%20(1).png", "my photo (1).png",
        "/home/elsewhere/x/my photo (1).png", "/data/local-files/?d=x/my%20photo%20(1).png",
        "https://host/a/my%20photo%20(1).png?token=a/b.png#c",
    ]) func imagesAreFoundByWhatTheProjectCallsThem(_ text: String) throws {
        try image("inner/my photo (1).png")
        let data = try load(task("{\"result\": [\(box("x", 10))]}", image: text))
        #expect(data[.train][0].imagePath.hasSuffix("inner/my photo (1).png"))
    }

    @Test(arguments: [
        (#""image": "z.png""#, "there is no image z.png"), (#""image": "data:image/png;base64,AA""#, "as Base64"),
        (#""text": "hello""#, "nothing in its data names an image"), (#""image": "b.png""#, "2 images"),
        (#""image": "c.png""#, "60×40 pixels, and this one has 40×60"),
    ]) func imagesThatAreNotThereAreNamed(_ data: String, _ words: String) throws {
        for name in ["a.png", "one/b.png", "two/b.png"] { try image(name) }
        try image("c.png", height: 60, width: 40)
        let good = task("{\"result\": [\(box("x", 10))]}")
        let bad = #"{"id": 9, "data": {\#(data)}, "annotations": [{"result": [\#(box("x", 10))]}]}"#
        let found = try load("\(good), \(bad)")
        #expect(found.problems.count == 1 && "\(found.problems[0])".contains(words), "\(found.problems)")
        #expect(found[.train].count == 1)
    }

    @Test(arguments: [
        (#"{"type": "rectanglelabels", "value": {"x": "1"}}"#, "region 2: its value value.x is not of the type"),
        (#"{"type": "rectanglelabels", "value": {"x": 1, "rectanglelabels": ["a"]}}"#, "no original_width"),
        (#"{"type": "polygonlabels", "value": {"points": [[1]]}}"#, "has no label"),
        (#"{"type": "videolabels", "value": {}}"#, "videolabels are not read"),
        (#"{"value": {}}"#, "the key type is missing"),
        (
            #"{"type": "polygonlabels", "original_width": 60, "original_height": 40, "#
                + #""value": {"points": [[1, 2], [3, 4]], "polygonlabels": ["a"]}}"#, "fewer than 3 points"
        ),
        (
            #"{"type": "brushlabels", "original_width": 60, "original_height": 40, "#
                + #""value": {"rle": [255, 255, 255, 255, 1], "brushlabels": ["a"]}}"#, "mask is damaged"
        ),
        (
            #"{"type": "polygonlabels", "original_width": 60, "original_height": 40, "image_rotation": 90, "#
                + #""value": {"points": [[1, 2], [3, 4], [5, 9]], "polygonlabels": ["a"]}}"#, "turned by 90 degrees"
        ),
    ]) func oddRegionsAreNamed(_ region: String, _ words: String) throws {
        for name in ["a.png", "b.png"] { try image(name) }
        let good = task("{\"result\": [\(box("x", 10))]}")
        let bad = task("{\"result\": [\(box("x", 10)), \(region)]}", image: "b.png", id: 5)
        let data = try load("\(good), \(bad)")
        #expect(data.problems.count == 1 && "\(data.problems[0])".contains(words), "\(data.problems)")
        #expect("\(data.problems[0])".contains("task 5") && data[.train].count == 1)
    }

    /// A keypoint that belongs to nothing, to what is not there, or that is there twice.
    @Test(arguments: [
        ("", "nothing says to which of 2 objects"), (#", "parentID": "gone""#, "there is no such object"),
        (#", "parentID": "r10""#, "has the keypoint tip twice"),
    ]) func keypointsOfNobodyAreNamed(_ more: String, _ words: String) throws {
        try image("a.png")
        try image("b.png")
        func point(_ id: String, _ more: String) -> String {
            #"{"id": "\#(id)", "type": "keypointlabels", "original_width": 60, "original_height": 40, "#
                + #""value": {"x": 15, "y": 20, "keypointlabels": ["tip"]}\#(more)}"#
        }
        let boxes = "\(box("x", 10)), \(box("x", 50))"
        let good = task("{\"result\": [\(box("x", 10)), \(point("k", ""))]}", image: "b.png", id: 2)
        let bad = task("{\"result\": [\(boxes), \(point("j", #", "parentID": "r10""#)), \(point("k", more))]}")
        let data = try load("\(good), \(bad)", for: .pose)
        #expect(data.problems.count == 1 && "\(data.problems[0])".contains(words), "\(data.problems)")
        #expect(data[.train].count == 1 && data[.train][0].labels[0].keypoints[0].visibility == 2)
    }

    /// An arrow from a keypoint to its object, or the other way; a choice about the point alone.
    @Test(arguments: [("k", "r10"), ("r10", "k")]) func relationsTellTheObject(_ from: String, _ to: String) throws {
        try image("a.png")
        let point =
            #"{"id": "k", "type": "keypointlabels", "original_width": 60, "original_height": 40, "#
            + #""value": {"x": 15, "y": 20, "keypointlabels": ["tip"]}}"#
        let relation = #"{"type": "relation", "from_id": "\#(from)", "to_id": "\#(to)", "direction": "right"}"#
        let hidden = #"{"id": "k", "type": "choices", "value": {"choices": ["Hidden"]}}"#
        let data = try load(
            task("{\"result\": [\(box("x", 10)), \(box("x", 50)), \(point), \(relation), \(hidden)]}"), for: .pose)
        #expect(data[.train][0].labels.map { $0.keypoints[0].visibility } == [1, 0])
    }

    @Test(arguments: [
        (#"{"image": "a.png", "label": []}"#, "not as JSON-MIN"), ("1", "task number 1"),
        (#"{"id": 1, "annotations": {}}"#, "its value annotations is not of the type"),
    ]) func otherListsAreRefused(_ text: String, _ words: String) throws {
        let error = #expect(throws: InputError.self) { try load(text) }
        #expect("\(error as Any)".contains(words), "\(error as Any)")
    }

    @Test func severalExportsInAFolderAreRefused() throws {
        try image("a.png")
        for name in ["one.json", "two.json"] { _ = try folder.write("[\(task(""))]", to: name) }
        let error = #expect(throws: InputError.self) { try DetectionData.load(folder.path(".")) }
        #expect("\(error as Any)".contains("2 exports of Label Studio: one.json, two.json"))
    }

    // MARK: Choices

    private func choice(_ names: String..., question: String = "kind") -> String {
        let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
        return #"{"result": [{"id": "c", "type": "choices", "from_name": "\#(question)", "#
            + #""value": {"choices": [\#(list)]}}]}"#
    }

    @Test func choicesBecomeFolders() throws {
        for number in 0..<12 { try image("\(number).png") }
        let tasks = (0..<12).map { number in
            task(choice(number % 2 == 0 ? "even" : "odd number"), image: "\(number).png", id: number)
        }
        let odd = [
            task(choice("a", "b"), image: "0.png", id: 20), task(choice("a/b"), image: "0.png", id: 21),
            task(choice("even"), image: "none.png", id: 22), task(#"{"result": []}"#, image: "1.png", id: 23),
        ]
        let path = try folder.write("[\((tasks + odd).joined(separator: ","))]", to: "project.json")
        let sorted = try SortedImages.load(path)
        #expect(sorted.classNames == ["even", "odd number"] && sorted.examples.count == 12)
        let problems = sorted.problems.map(\.description)
        for words in ["task 20: has 2 choices", "task 21: the choice a/b", "task 22: there is no image none.png"] {
            #expect(problems.contains { $0.contains(words) }, "\(problems)")
        }
        #expect(problems.count == 3 && sorted.remarks.contains { $0.contains("1 task without a choice") })
        try sorted.write(to: folder.path("out"))
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path("out")).filter {
            $0.hasSuffix("png")
        }
        #expect(files.count == 12 && files.count { $0.hasPrefix("val/") } == 2)
        #expect(files.contains("val/even/8.png") && files.contains("train/odd number/1.png"))
        // They are no objects, and nobody has said that there are none.
        let error = #expect(throws: InputError.self) { try DetectionData.load(path) }
        #expect("\(error as Any)".contains("choices of whole images"))
    }

    @Test func twoQuestionsAreOneTooMany() throws {
        try image("a.png")
        let tasks = [task(choice("x", question: "kind")), task(choice("y", question: "state"), id: 2)]
        let path = try folder.write("[\(tasks.joined(separator: ","))]", to: "project.json")
        let error = #expect(throws: InputError.self) { try SortedImages.load(path) }
        #expect("\(error as Any)".contains("2 questions: kind, state"))
    }

    /// Neither is what the image is sorted by.
    @Test func twoQuestionsOfOneTaskAreOneTooMany() throws {
        try image("a.png")
        let answers = ["kind", "state"].map { question in
            #"{"id": "\#(question)", "type": "choices", "from_name": "\#(question)", "#
                + #""value": {"choices": ["\#(question)"]}}"#
        }
        let annotation = "{\"result\": [\(answers.joined(separator: ","))]}"
        let path = try folder.write("[\(task(annotation))]", to: "project.json")
        let error = #expect(throws: InputError.self) { try SortedImages.load(path) }
        #expect("\(error as Any)".contains("2 questions: kind, state"))
    }
}
