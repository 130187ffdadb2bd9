import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import TestSupport
import Testing

/// Descriptions of data that were cut short, emptied, or written in another encoding.
@Suite struct DamagedDataTests {
    private let folder: TemporaryFolder

    /// Two images with a box each, in all formats of boxes.
    init() throws {
        folder = try TemporaryFolder()
        let examples = try ["a", "b"].map { name in
            let path = folder.path("\(name).png")
            try Image(height: 40, width: 50, filledWith: 7).save(to: path)
            return DetectionExample(
                imagePath: path, height: 40, width: 50,
                labels: [LabeledBox(Box(x1: 0.125, y1: 0.125, x2: 0.5, y2: 0.75), classIndex: 0)])
        }
        let data = DetectionData(kind: "", path: "", classNames: ["cat"], splits: [.train: examples, .val: examples])
        for format in [DataFormat.yolo, .coco, .voc, .labelme, .cvat] {
            try data.write(as: format, to: folder.path(format.rawValue))
        }
    }

    private func text(_ name: String) throws -> String { try TextFile.read(folder.path(name)) }

    /// What is said of data with such a file in it, whether it is refused as a whole or in part.
    private func complaint(_ name: String, _ bytes: [UInt8]) throws -> String {
        let before = try text(name)
        _ = try folder.write(bytes, to: name)
        defer { _ = try? folder.write(before, to: name) }
        do {
            return try DetectionData.load(folder.path(String(name.prefix { $0 != "/" }))).problems
                .map(\.description).joined(separator: "\n")
        } catch let error as InputError {
            return error.description
        }
    }

    private static let files = [
        "coco/annotations/instances_train.json", "labelme/train/a.json", "cvat/annotations.xml",
        "voc/Annotations/a.xml", "yolo/data.yaml", "yolo/labels/train/a.txt",
    ]

    @Test(arguments: files) func otherEncodings(_ name: String) throws {
        let whole = try text(name)
        var utf16: [UInt8] = [0xFF, 0xFE]
        for unit in whole.utf16 { utf16 += [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
        // Foundation reads JSON in UTF-16 as well.
        let isRead = name.hasSuffix("json")
        let found = try complaint(name, utf16)
        #expect(isRead ? found.isEmpty : found.contains("the text is UTF-16"), "\(found)")
        let latin = try complaint(name, [0xF6] + Array(whole.utf8))
        #expect(latin.contains("the text is not UTF-8") && latin.contains(name), "\(latin)")
    }

    @Test(arguments: files.prefix(4)) func filesThatAreCutShort(_ name: String) throws {
        let whole = Array(try text(name).utf8)
        let found = try complaint(name, Array(whole.prefix(whole.count / 2)))
        #expect(found.contains(name) && found.contains("is not "), "\(found)")
        #expect(found.contains(", line ") || found.contains(", byte "), "\(found)")
        #expect(try !complaint(name, []).isEmpty)
    }

    /// A number would be read as far as the first of them.
    @Test(arguments: ["yolo/labels/train/a.txt", "voc/ImageSets/Main/train.txt"])
    func bytesThatWereLostWithThePower(_ name: String) throws {
        let whole = Array(try text(name).utf8)
        let (half, rest) = (whole.prefix(whole.count - 3), whole.suffix(3))
        let found = try complaint(name, half + [0, 0] + rest)
        #expect(found.contains("holds a byte 0"), "\(found)")
    }

    @Test func namesInListsWithoutAnnotations() throws {
        let found = try complaint("voc/ImageSets/Main/train.txt", Array("a\nb\nc\nd\n".utf8))
        #expect(found.contains("train.txt: there are no annotations of 2 names, such as c"), "\(found)")
        #expect(try complaint("voc/ImageSets/Main/train.txt", Array("a  1\nb -1\n\n".utf8)).isEmpty)
    }

    /// Tiles of large images cut through objects: as in Ultralytics, their corners may lie outside.
    @Test func orientedBoxesOverTheEdge() throws {
        let row = "0 0.9 0.4 1.05 0.5 0.95 0.65 0.8 0.55\n"
        _ = try folder.write(row, to: "yolo/labels/train/a.txt")
        _ = try folder.write(row, to: "yolo/labels/train/b.txt")
        for split in ["a", "b"] { _ = try folder.write(row, to: "yolo/labels/val/\(split).txt") }
        let data = try DetectionData.load(folder.path("yolo"), for: .obb)
        #expect(data.problems.isEmpty, "\(data.problems)")
        // Whole, because a rectangle with one corner moved is none.
        #expect(data[.train][0].labels[0].polygon[1] == PlanePoint(1.05, 0.5))
        let outlines = try DetectionData.load(folder.path("yolo"), for: .segment)
        #expect(outlines[.train][0].labels[0].polygon[1] == PlanePoint(1, 0.5))
        for row in ["0 1.2 0.4 1.4 0.4 1.4 0.6 1.2 0.6\n", "0 90 40 105 50 95 65 80 55\n"] {
            let found = try complaint("yolo/labels/train/a.txt", Array(row.utf8))
            #expect(found.contains("outside the image"), "\(found)")
        }
    }
}
