import Foundation
import Switchback
import SwitchbackVision
import TestSupport
import Testing

/// Data as other programs and people write it: `Tests/Fixtures/vision`.
@Suite struct DataVariantTests {
    private func load(_ name: String) throws -> DetectionData {
        try DetectionData.load(fixtureFolder.appendingPathComponent("vision/\(name)").path)
    }

    private func labels(_ data: DetectionData, _ stem: String) throws -> [LabeledBox] {
        try #require(data[.train].first { $0.imagePath.contains("/\(stem).") }).labels
    }

    @Test func linesOfWindowsAndByteOrderMarks() throws {
        let crlf = try load("L01b_crlf3/data.yaml")
        #expect(try labels(crlf, "three").count == 3 && crlf.problems.isEmpty)
        #expect(try labels(load("L02_bom/data.yaml"), "bom").count >= 1)
        #expect(try load("L35_bomyaml/data.yaml").problems.isEmpty)
    }

    /// Windows programs write a byte order mark before JSON, XML and lists, too.
    @Test func byteOrderMarksOfAllFormats() throws {
        let folder = try TemporaryFolder()
        for name in ["labelme", "cvat", "voc", "masks/images", "masks/masks", "coco"] {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
        }
        for name in ["labelme", "cvat", "voc", "masks/images", "coco"] {
            try Image(height: 40, width: 50, filledWith: 7).save(to: folder.path("\(name)/a.png"))
        }
        var mask = Image(height: 40, width: 50, .gray, filledWith: 0)
        mask.paste(Image(height: 20, width: 20, .gray, filledWith: 1), top: 0, left: 0)
        mask.paste(Image(height: 20, width: 20, .gray, filledWith: 2), top: 0, left: 25)
        try mask.save(to: folder.path("masks/masks/a.png"))
        let mark = "\u{FEFF}"
        _ = try folder.write(
            mark + #"{"shapes": [{"label": "x", "points": [[1, 1], [9, 1], [9, 9]]}], "imagePath": "a.png"}"#,
            to: "labelme/a.json")
        _ = try folder.write(
            mark + "<annotations><image id='0' name='a.png'><box label='x' xtl='1' ytl='1' xbr='9' ybr='9'/></image>"
                + "</annotations>", to: "cvat/annotations.xml")
        _ = try folder.write(
            mark + "<annotation><object><name>x</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax>"
                + "</bndbox></object></annotation>", to: "voc/a.xml")
        _ = try folder.write(mark + "x\r\ny\r\n\r\n", to: "masks/classes.txt")
        _ = try folder.write(
            mark
                + #"{"images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 1, "name": "x"}], "annotations": "#
                + #"[{"image_id": 1, "category_id": 1, "bbox": [1, 1, 8, 8]}]}"#, to: "coco/data.json")
        for (path, names) in [
            ("labelme", ["x"]), ("cvat", ["x"]), ("voc", ["x"]), ("masks", ["x", "y"]), ("coco/data.json", ["x"]),
        ] {
            let data = try DetectionData.load(folder.path(path))
            #expect(data.problems.isEmpty && data.classNames == names, "\(path): \(data.problems), \(data.classNames)")
            #expect(data[.train].map(\.labels.count) == [names.count], "\(path)")
        }
    }

    /// The number of a line is the value of the class's pixels: one that is missing would rename all that follow.
    @Test(arguments: [
        ("x\n\ny\n", "classes.txt, line 2: is empty"), ("x\n  \ny\n", "line 2: is empty"),
        ("\nx\n", "line 1: is empty"),
        ("x\ny\nx\n", "line 3: names x, as line 1 does"), ("\n\n", "names no class"),
    ]) func linesOfClassesThatAreNone(_ lines: String, _ sentence: String) throws {
        let folder = try TemporaryFolder()
        for name in ["images", "masks"] {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
            try Image(height: 8, width: 8, .gray, filledWith: 2).save(to: folder.path("\(name)/a.png"))
        }
        _ = try folder.write(lines, to: "classes.txt")
        let error = #expect(throws: InputError.self) { try DetectionData.load(folder.url.path) }
        #expect("\(error as Any)".contains(sentence), "\(error as Any)")
    }

    /// A key that nothing reads is no key: what looks like one that is read is said, or refused where that is missing.
    @Test func keysThatAreWrittenWrongly() throws {
        let folder = try TemporaryFolder()
        for name in ["a", "b"] {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
            try Image(height: 8, width: 8, filledWith: 2).save(to: folder.path("\(name)/\(name).png"))
        }
        func load(_ lines: String, for task: YOLOTask = .detect) throws -> DetectionData {
            try DetectionData.load(folder.write(lines + "names: [x]\n", to: "data.yaml"), for: task)
        }
        for (key, meant) in [("value", "val"), ("vall", "val"), ("vals", "val")] {
            let error = #expect(throws: InputError.self) { try load("train: a\n\(key): b\n") }
            #expect("\(error as Any)".contains("is \(key) meant to be \(meant)?"), "\(error as Any)")
        }
        let tests = try load("train: a\nval: b\ntst: b\nnc: 1\nlicense: MIT\ndate: today\nval_split: 0.1\n")
        #expect(
            tests.remarks.count == 1 && tests.remarks[0].contains("line 3: the key tst is not read; is test meant?"))
        let flip = try load("train: a\nval: b\nkpt_shape: [2, 3]\nflip_index: [1, 0]\n", for: .pose)
        #expect(flip.remarks.contains { $0.contains("the key flip_index is not read; is flip_idx meant?") })
        let shape = #expect(throws: InputError.self) { try load("train: a\nval: b\nkpt_shapes: [2, 3]\n", for: .pose) }
        #expect("\(shape as Any)".contains("is kpt_shapes meant to be kpt_shape?"), "\(shape as Any)")
        // Another key that is written wrongly is not why this one is missing.
        let other = #expect(throws: InputError.self) { try load("train: a\nval: b\nflip_index: [1, 0]\n", for: .pose) }
        #expect("\(other as Any)".contains("as in kpt_shape: [17, 3]"), "\(other as Any)")
        let skeleton = try load("train: a\nval: b\nkpt_shape: [2, 3]\nskeletons: [[0, 1]]\n", for: .pose)
        #expect(skeleton.remarks.contains { $0.contains("the key skeletons is not read; is skeleton meant?") })
        #expect(try load("train: a\nval: b\nname: my set\nchannels: 3\n").remarks.isEmpty)
    }

    @Test func variantsOfDescriptions() throws {
        #expect(try load("L14a_strkeys/data.yaml").classNames == ["a", "b"])
        #expect(try load("L14j_nconly/data.yaml").classNames == ["class_0", "class_1"])
        let aliased = try load("L32_valkey/data.yaml")
        #expect(aliased.classNames == ["a", "b"] && aliased[.val].count == 1)
    }

    @Test func crowdsAreCountedAndSaid() throws {
        let data = try load("K02_crowd")
        #expect(data[.train].count == 1 && data[.train][0].labels.isEmpty)
        #expect(data.remarks.count == 1 && data.remarks[0].contains("2 annotations mark crowds (iscrowd 1)"))
    }

    @Test func oddValuesOfCOCOAreNamedOneByOne() throws {
        let folder = try TemporaryFolder()
        for name in ["a", "b", "c"] {
            _ = try folder.write(Image(height: 40, width: 50, filledWith: 7).pngData(), to: "\(name).png")
        }
        let path = try folder.write(
            "\u{FEFF}" + """
                {"images": [{"id": "1", "file_name": "a.png"}, {"id": "2", "file_name": "b.png"},
                            {"id": "3", "file_name": "c.png"}, {"id": "4"}],
                 "categories": [{"id": 1, "name": "cat"}],
                 "annotations": [{"id": 5, "image_id": "1", "category_id": 1, "bbox": [1, 1, 5.5, 5]},
                                 {"id": 6, "image_id": "2", "category_id": 1, "bbox": [1, "1", 5, 5]},
                                 {"id": 7, "image_id": "3", "category_id": 1, "bbox": [1, 1, NaN, 5]}]}
                """, to: "data.json")
        let data = try DetectionData.load(path)
        #expect(data[.train].map(\.labels.count) == [1])
        #expect(
            data.problems.map { $0.place ?? "" } == [
                "images, number 3", "annotations, number 1, bbox, number 1", "annotations, number 2, bbox, number 2",
            ])
    }

    @Test func layoutsOfRoboflowAndXMLBesideImages() throws {
        let coco = try load("L22c_robococo")
        #expect(coco.classNames == ["cat"] && coco[.train].count == 1 && coco[.val].count == 1)
        let voc = try load("V04_beside")
        #expect(voc[.train].count == 1 && voc[.train][0].labels.count >= 1 && voc.problems.isEmpty)
    }

    @Test func boxesALittleOverTheEdgeAreClipped() throws {
        let data = try load("V08_edges")
        #expect(data.problems.isEmpty && data[.train].count == 1)
        #expect(data.remarks.contains { $0.contains("over the edge of the image, and is clipped") })
        #expect(data[.train][0].labels.allSatisfy { $0.box == $0.box.clipped(height: 1, width: 1) })
    }

    /// The pixels are Pillow's: `Tests/Fixtures/vision/hash_images.py`.
    @Test func formatsOfImages() throws {
        let data = try load("L19_formats/data.yaml")
        #expect(data.problems.isEmpty)
        let hashes = try data[.train].map { example in
            let image = try Image.load(example.imagePath)
            #expect(image.height == example.height && image.width == example.width)
            return (
                (example.imagePath as NSString).lastPathComponent,
                image.pixels.reduce(0) { $0 &* 31 &+ UInt32($1) }
            )
        }
        #expect(
            Dictionary(uniqueKeysWithValues: hashes) == [
                "disguise.jpg": 2_805_472_487, "f_bmp.bmp": 1_033_436_046, "f_gif.gif": 1_033_436_046,
                "f_tiff.tiff": 1_033_436_046, "f_webp.webp": 473_506_698, "pnginjpg.jpg": 1_730_690_770,
            ])
    }

    /// Bitmaps of few bits, with masks and from the top, which Pillow does not write.
    @Test func formsOfBitmaps() throws {
        func bitmap(bits: Int, height: Int, compression: Int, extra: [UInt8], rows: [UInt8]) -> [UInt8] {
            func number(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
            let start = 54 + extra.count
            let parts: [[UInt8]] = [
                Array("BM".utf8), number(start + rows.count, 4), number(0, 4), number(start, 4), number(40, 4),
                number(2, 4), number(height, 4), number(1, 2), number(bits, 2), number(compression, 4),
                number(rows.count, 4), number(0, 16), extra, rows,
            ]
            return Array(parts.joined())
        }
        func pixels(_ bytes: [UInt8]) throws -> [UInt8] {
            try bytes.withUnsafeBytes { try Image.decode($0, name: "a.bmp").pixels }
        }
        let palette: [UInt8] = [0, 0, 0, 0, 30, 20, 10, 0]
        let bit = bitmap(bits: 1, height: 1, compression: 0, extra: palette, rows: [0b0100_0000, 0, 0, 0])
        #expect(try pixels(bit) == [0, 0, 0, 10, 20, 30])
        let four = bitmap(bits: 4, height: 1, compression: 0, extra: palette, rows: [0x10, 0, 0, 0])
        #expect(try pixels(four) == [10, 20, 30, 0, 0, 0])
        let masks: [UInt8] = [0, 0xF8, 0, 0, 0xE0, 0x07, 0, 0, 0x1F, 0, 0, 0]
        let masked = bitmap(bits: 16, height: -1, compression: 3, extra: masks, rows: [0, 0xF8, 0xE0, 0x07])
        #expect(try pixels(masked) == [255, 0, 0, 0, 255, 0])
        let deep = bitmap(
            bits: 32, height: -2, compression: 0, extra: [],
            rows: [3, 2, 1, 0, 6, 5, 4, 0, 9, 8, 7, 0, 12, 11, 10, 0])
        #expect(try pixels(deep) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
        for count in 0..<deep.count { #expect(throws: InputError.self) { try pixels(Array(deep.prefix(count))) } }
        let packed = bitmap(bits: 8, height: 1, compression: 1, extra: palette, rows: [0, 1])
        #expect(throws: InputError.self) { try pixels(packed) }
    }

    @Test func imagesThatLackTheirEndAreReadAndBrokenOnesNamed() throws {
        let data = try load("L20_broken/data.yaml")
        let names = Set(data[.train].map { ($0.imagePath as NSString).lastPathComponent })
        #expect(names.isSuperset(of: ["ok.jpg", "noeoi.jpg", "trail.jpg"]))
        let broken = Set(data.problems.map { ($0.subject as NSString).lastPathComponent })
        #expect(broken.isSuperset(of: ["half.jpg", "zero.jpg", "text.jpg"]) && broken.isDisjoint(with: names))
        // What only decoding shows, the report names too.
        let report = DataReport(data)
        #expect(report.problems.count == 4 && report.problems.contains { $0.contains("mid.jpg: is damaged") })
    }

    @Test func labelsWithoutImagesAndImagesWithoutLabels() throws {
        let folder = try TemporaryFolder()
        func write(_ bytes: some Sequence<UInt8>, _ name: String) throws {
            let url = folder.url.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url)
        }
        for name in ["a", "b", "c"] {
            try write(Image(height: 40, width: 50, filledWith: 7).pngData(), "images/\(name).png")
        }
        try write("train: images\nval: images\nnames: [x]\n".utf8, "data.yaml")
        let bare = try DetectionData.load(folder.path("data.yaml"))
        #expect(DataReport(bare).parts[0].unlabeled == 3)
        let error = #expect(throws: InputError.self) { try bare.checkForObjects() }
        #expect("\(error as Any)".contains("no image has labels: there is no"))
        #expect(throws: InputError.self) { try bare.keepingLabeled() }
        try write("0 0.5 0.5 0.2 0.2\n".utf8, "labels/a.txt")
        try write([], "labels/b.txt")
        try write("0 0.5 0.5 0.2 0.2\n".utf8, "labels/z.txt")
        try write("x\n".utf8, "labels/classes.txt")
        let data = try DetectionData.load(folder.path("data.yaml"))
        let kept = try data.keepingLabeled()[.train].map { ($0.imagePath as NSString).lastPathComponent }
        #expect(kept == ["a.png", "b.png"])
        try data.checkForObjects()
        let report = DataReport(data)
        #expect(report.parts[0].unlabeled == 1 && report.parts[0].backgrounds == 2)
        #expect(report.remarks.count == 1 && report.remarks[0].contains("labels/z.txt: there is no image"))
    }

    @Test func aShareIsHeldOutByNames() throws {
        func data(_ count: Int, moved: String = "") -> DetectionData {
            let examples = (0..<count).map {
                DetectionExample(imagePath: "\(moved)images/\($0).jpg", height: 10, width: 10, labels: [])
            }
            return DetectionData(kind: "test", path: "d", classNames: ["x"], splits: [.train: examples])
        }
        func names(_ data: DetectionData) -> Set<String> {
            Set(data[.val].map { ($0.imagePath as NSString).lastPathComponent })
        }
        let divided = data(50).holdingOut(0.1)
        #expect(divided[.val].count == 5 && divided[.train].count == 45)
        #expect(Set(divided[.val]).isDisjoint(with: divided[.train]))
        #expect(names(divided) == names(data(50, moved: "elsewhere/").holdingOut(0.1)))
        #expect(names(divided).isSubset(of: names(data(50).holdingOut(0.5))))
        #expect(data(50).holdingOut(0)[.val].isEmpty && data(1).holdingOut(0.5)[.val].isEmpty)
    }

    @Test func boxesOfSomeClassesAlone() throws {
        let all = try load("L14a_strkeys/data.yaml")
        for wanted in [["b"], ["1"]] {
            let some = try all.keepingBoxes(of: wanted)
            #expect(some[.train].count == 1 && some[.train][0].labels.map(\.classIndex) == [1])
            #expect(some[.val][0].labels.isEmpty && some.classNames == all.classNames)
        }
        #expect(try all.keepingBoxes(of: [])[.train] == all[.train])
        #expect(throws: InputError.self) { try all.keepingBoxes(of: ["c"]) }
    }

    @Test func aClassMayBeCalledAsAPartIs() throws {
        let folder = try TemporaryFolder()
        for name in ["bus", "train"] {
            for number in 0..<5 {
                let url = folder.url.appendingPathComponent("\(name)/\(number).png")
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(Image(height: 40, width: 50, filledWith: UInt8(number)).pngData()).write(to: url)
            }
        }
        #expect(try ClassificationData.load(folder.url.path).classNames == ["bus", "train"])
    }
}
