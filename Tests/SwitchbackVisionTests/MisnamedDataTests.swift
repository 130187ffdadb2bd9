import Foundation
import Switchback
import SwitchbackVision
import TestSupport
import Testing

/// Data that is damaged, empty or half of another kind, and is named for what it most nearly is.
@Suite struct MisnamedDataTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["a", "b"] { try image("\(name).png") }
    }

    private func image(_ name: String, height: Int = 40, width: Int = 60) throws {
        try write(Data(try Image(height: height, width: width, filledWith: 9).pngData()), name)
    }

    private func write(_ data: Data, _ name: String) throws {
        let path = folder.path(name)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try data.write(to: URL(fileURLWithPath: path))
    }

    private func write(_ text: String, _ name: String) throws { try write(Data(text.utf8), name) }

    /// What loading complains about, and what it remarks, in one text.
    private func complaint(_ name: String = "", for task: YOLOTask = .detect) -> String {
        do {
            let data = try DetectionData.load(name.isEmpty ? folder.url.path : folder.path(name), for: task)
            return (data.problems.map { "\($0)" } + data.remarks).joined(separator: "\n")
        } catch {
            return "\(error)"
        }
    }

    // MARK: - JSON

    private static let task = """
        [{"id": 1, "data": {"image": "/data/upload/a.png"}, "annotations": [{"result": [{"id": "r", "type":
        "rectanglelabels", "original_width": 60, "original_height": 40, "value": {"x": 10, "y": 10, "width": 20,
        "height": 20, "rotation": 0, "rectanglelabels": ["x"]}}]}]}]
        """
    private static let shape = """
        {"shapes": [{"label": "x", "points": [[5, 5], [20, 20]], "shape_type": "rectangle"}], "imagePath": "a.png"}
        """

    @Test(arguments: [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .utf8])
    func otherEncodingsOfJSONAreRead(_ encoding: String.Encoding) throws {
        try write(try #require(Self.task.data(using: encoding)), "tasks.json")
        #expect(try DetectionData.load(folder.path("tasks.json"))[.train][0].labels.count == 1)
        #expect(try DetectionData.load(folder.url.path)[.train][0].labels.count == 1)
        try FileManager.default.removeItem(atPath: folder.path("tasks.json"))
        try write(try #require(Self.shape.data(using: encoding)), "a.json")
        #expect(try DetectionData.load(folder.url.path)[.train][0].labels.count == 1)
    }

    @Test(arguments: [
        (String(shape.prefix(60)), "a.json, byte 60: it is not valid JSON"), ("", "a.json: the file is empty"),
        (shape.replacing("\"label\": \"x\", ", with: ""), "a.json, shapes, number 0: the key label is missing"),
        (shape.replacing("[5, 5]", with: "[5, \"5\"]"), "a.json, shapes, number 0, points, number 0, number 1"),
        (#"{"version": "5", "imagePath": "a.png"}"#, "a.json, top level: the key shapes is missing"),
        (shape.replacing("\"x\"", with: "\"\""), "a.json, shape 1: the name of its class is empty"),
        (shape.replacing("\"a.png\"", with: "\"b.png\""), "says that it is of"),
    ])
    func damagedFilesOfLabelMeAreNamed(_ text: String, _ words: String) throws {
        try write(text, "a.json")
        #expect(complaint(for: .segment).contains(words), "\(complaint(for: .segment))")
    }

    @Test(arguments: [
        (shape, "is LabelMe's file of one image"), ("[]", "lists no task"), ("[1]", "task number 1: it is not"),
        (
            #"[{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}]"#,
            "is a list of objects that were found"
        ),
    ])
    func filesOfOtherKindsAreNamed(_ text: String, _ words: String) throws {
        try write(text, "file.json")
        #expect(complaint("file.json").contains(words), "\(complaint("file.json"))")
    }

    // MARK: - Descriptions

    @Test func oneFileOfSeveralDescribes() throws {
        try write("epochs: 3\nval: true\n", "args.yaml")
        try write("train: .\nval: .\nnames: [x]\n", "set.yaml")
        try write("0 0.5 0.5 0.2 0.2\n", "a.txt")
        #expect(try DetectionData.load(folder.url.path)[.train].count == 2)
        try write("train: .\nnames: [x]\n", "other.yaml")
        #expect(complaint().contains("holds 2 files that describe data: other.yaml, set.yaml"))
        for name in ["other.yaml", "set.yaml", "args.yaml"] {
            try FileManager.default.removeItem(atPath: folder.path(name))
        }
        try write("trai", "DATA.YAML")
        #expect(complaint().contains("DATA.YAML: holds no keys"), "\(complaint())")
    }

    @Test func labelsThatNothingDescribes() throws {
        try image("train/images/a.png")
        try write("0 0.5 0.5 0.2 0.2\n", "train/labels/a.txt")
        #expect(complaint().contains("has labels of YOLO in") && complaint().contains("no data.yaml"))
    }

    @Test(arguments: [
        ("train: .\nnames: [x]\nnames: [y]\n", "line 3: the key names is there more than once"),
        ("train: .\nnc: two\nnames: [x]\n", "line 2: nc is two"), ("train: \"\"\nnames: [x]\n", "train is empty"),
        ("train: .\nnames: [x, \"\"]\n", "the class 1 has an empty name"),
        ("train: .\nnames: [x, x]\n", "the classes 0 and 1 are both called x"),
        ("train: .\ntest: ../test/images\nnames: [x]\n", "so that there is no test split"),
        ("path: C:\\data\ntrain: .\nnames: [x]\n", "path is C:\\data, and there is no such folder"),
        ("path: ~/no-such-folder\ntrain: .\nnames: [x]\n", "path is ~/no-such-folder, and there is no such folder"),
    ])
    func oddDescriptionsAreNamed(_ text: String, _ words: String) throws {
        try write(text, "data.yaml")
        #expect(complaint("data.yaml").contains(words), "\(complaint("data.yaml"))")
    }

    @Test func pathsOfWindowsAndListsAreFound() throws {
        try image("images/train/c.png")
        try image("images/val/d.png")
        try write("images/train/c.png\n.\\images\\val\\d.png\n", "lists/train.txt")
        try write("path: .\\\ntrain: lists\\train.txt\nval: images\\val\\d.png\nnames: [x]\n", "data.yaml")
        let data = try DetectionData.load(folder.path("data.yaml"))
        #expect(data[.train].count == 2 && data[.val].count == 1 && data.problems.isEmpty, "\(data.problems)")
    }

    // MARK: - COCO

    private func coco(
        images: String, categories: String = #"{"id": 1, "name": "x"}"#, annotation: String = ""
    ) -> String {
        """
        {"images": [\(images)], "categories": [\(categories)], "annotations": [{"id": 1, "image_id": 1, "category_id": 1,
        "bbox": [5, 5, 20, 20]\(annotation)}]}
        """
    }

    @Test func numbersAndTheirDigitsAreTheSame() throws {
        try write(coco(images: #"{"id": "1", "file_name": "a.png"}"#, annotation: ", \"iscrowd\": false"), "c.json")
        let data = try DetectionData.load(folder.path("c.json"))
        #expect(data[.train][0].labels.count == 1 && data.problems.isEmpty)
        try write(coco(images: #"{"id": 1, "file_name": "images\\a.png"}"#), "c.json")
        try image("images/a.png")
        #expect(try DetectionData.load(folder.path("c.json")).problems.isEmpty)
    }

    @Test(arguments: [
        (
            #"{"id": 1, "file_name": "a.png"}, {"id": 1, "file_name": "b.png"}"#, "",
            "the id 1 is that of a.png and b.png"
        ),
        (#"{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "a.png"}"#, "", "a.png has the ids 1 and 2"),
        (#"{"id": 1, "file_name": "a.png"}"#, #", {"id": 1, "name": "y"}"#, "the id 1 is that of x and y"),
        (#"{"id": 1, "file_name": "a.png", "width": 40, "height": 60}"#, "", "marked in an image of 40×60 pixels"),
        (#"{"id": 1, "file_name": "c.png"}"#, "", "image 1: there is no c.png in "),
    ])
    func contradictionsOfCOCOAreNamed(_ images: String, _ category: String, _ words: String) throws {
        try write(coco(images: images, categories: #"{"id": 1, "name": "x"}"# + category), "c.json")
        #expect(complaint("c.json").contains(words), "\(complaint("c.json"))")
    }

    @Test func keypointsOutsideAreNamed() throws {
        let category = #"{"id": 1, "name": "x", "keypoints": ["nose"]}"#
        for (numbers, words) in [("200, 10, 2", "nose is outside"), ("20, 10, 7", "nose has the visibility 7")] {
            let annotation = ", \"keypoints\": [\(numbers)]"
            try write(
                coco(images: #"{"id": 1, "file_name": "a.png"}"#, categories: category, annotation: annotation),
                "c.json")
            #expect(complaint("c.json", for: .pose).contains(words))
        }
    }

    // MARK: - Nothing at all

    @Test(arguments: [
        ("c.json", #"{"images": [], "categories": [], "annotations": []}"#, "c.json, images: lists no image"),
        ("annotations.xml", "<annotations></annotations>", "annotations.xml: describes no image"),
        (
            "annotations.xml", "<annotations><track id=\"0\"/></annotations>",
            "holds tracks through the frames of a video"
        ),
    ])
    func emptyFilesSayWhereNothingWasFound(_ name: String, _ text: String, _ words: String) throws {
        try write(text, name)
        #expect(complaint(name).contains(words), "\(complaint(name))")
    }

    @Test func emptyListsOfVOC() throws {
        for name in ["a", "sub/b"] { try image("voc/JPEGImages/\(name).png") }
        let object =
            "<object><name>x</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>"
        for name in ["a.xml", "sub/b.XML"] {
            try write("<annotation>\(object)</annotation>", "voc/Annotations/\(name)")
        }
        try write("JPEGImages/a.png\nsub/b\n", "voc/ImageSets/Main/train.txt")
        try write("\n", "voc/ImageSets/Main/val.txt")
        #expect(try DetectionData.load(folder.path("voc"))[.train].count == 2)
        #expect(complaint("voc").contains("val.txt: names no image"))
        try write("", "voc/ImageSets/Main/train.txt")
        #expect(complaint("voc").contains("no usable image") && complaint("voc").contains("train.txt: names no image"))
    }

    @Test func picturesWithoutAnyObject() throws {
        try write("train: .\nval: .\nnames: [x]\n", "data.yaml")
        try write("", "a.txt")
        let data = try DetectionData.load(folder.path("data.yaml"))
        let error = #expect(throws: InputError.self) { try data.checkForObjects() }
        #expect("\(error as Any)".contains("no object is marked in 4 images"))
    }

    // MARK: - Sizes and masks

    /// What was marked in an image of another size is scaled, and of another shape refused.
    @Test func sizesOfVOCCount() throws {
        func text(_ width: Int, _ height: Int) -> String {
            """
            <annotation><filename>a.png</filename><size><width>\(width)</width><height>\(height)</height></size><object>
            <name>x</name><bndbox><xmin>60</xmin><ymin>40</ymin><xmax>120</xmax><ymax>80</ymax></bndbox></object></annotation>
            """
        }
        try image("voc/a.png")
        try write(text(120, 80), "voc/a.xml")
        #expect(
            try DetectionData.load(folder.path("voc"))[.train][0].labels[0].box == Box(x1: 0.5, y1: 0.5, x2: 1, y2: 1))
        try write(text(120, 120), "voc/a.xml")
        #expect(complaint("voc").contains("a.xml, image a.png: its objects were marked in an image of 120×120 pixels"))
    }

    @Test func masksOfHalfTheSizeAreScaled() throws {
        try image("images/a.png", height: 40, width: 60)
        let pixels = (0..<20 * 30).map { UInt8($0 / 30 >= 10 && $0 % 30 >= 15 ? 1 : 0) }
        let mask = Image(height: 20, width: 30, .gray, pixels: pixels)
        try write(Data(try mask.pngData()), "masks/a.png")
        let box = try DetectionData.load(folder.url.path, for: .segment)[.train][0].labels[0].box
        #expect(box.x1 > 0.5 && box.x1 < 0.55 && box.x2 > 0.95, "\(box)")
    }

    @Test func labelsOfDOTA() throws {
        try image("train/images/P1.png")
        try write(
            "imagesource:x\ngsd:0.1\n5 5 20 5 20 15 5 15 ship 1\n30 10 40 20 30 30 20 20 plane 0\n",
            "train/labelTxt/P1.txt")
        try image("val/images/P2.png")
        try write("5 5 20 5 20 15 5 15 ship\n5 5 20 5\n", "val/labelTxt/P2.txt")
        let data = try DetectionData.load(folder.url.path, for: .obb)
        #expect(data.classNames == ["plane", "ship"] && data[.train][0].labels.map(\.classIndex) == [1, 0])
        #expect(data[.train][0].labels.allSatisfy { $0.isOriented && $0.polygon.count == 4 })
        #expect(data.problems.count == 1 && "\(data.problems[0])".contains("P2.txt, line 2: is not eight numbers"))
    }
}
