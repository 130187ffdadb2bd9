import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import TestSupport
import Testing

/// Every reader of images and their labels against damaged files; see `Fuzzer`.
@Suite(.seeded(), .serialized) struct FuzzTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func bytes(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) }

    /// Images with something on them, in each color model.
    private var images: [Image] {
        [Image.ColorModel.gray, .rgb, .rgba].map { model in
            let count = 20 * 16 * model.channelCount
            return Image(height: 20, width: 16, model, pixels: (0..<count).map { UInt8(($0 * 7) % 251) })
        }
    }

    private func readImage(_ path: String) throws {
        _ = try ImageHeader.load(path)
        _ = try Image.load(path, pixelLimit: 1 << 22)
        _ = try Image.load(path, as: .gray, minimumSide: 4, pixelLimit: 1 << 22)
    }

    @Test func jpeg() throws {
        var fuzzer = Fuzzer(seeds: try images.map { try $0.jpegData(quality: 80) })
        try fuzzer.run { try readImage($0) }
    }

    @Test func png() throws {
        var fuzzer = Fuzzer(seeds: try images.map { try $0.pngData() })
        try fuzzer.run { try readImage($0) }
        // Past the checksums of the chunks.
        try fuzzer.run(pack: Self.withChecksums) { try readImage($0) }
    }

    /// The bytes with the checksum of each chunk as it should be.
    private static func withChecksums(_ png: [UInt8]) -> [UInt8] {
        var bytes = png
        var position = 8
        while position + 12 <= bytes.count {
            let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            guard position + 12 + length <= bytes.count else { break }
            var sum = ~UInt32(0)
            for byte in bytes[position + 4..<position + 8 + length] {
                sum ^= UInt32(byte)
                for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
            }
            for i in 0..<4 { bytes[position + 8 + length + i] = UInt8(truncatingIfNeeded: ~sum >> UInt32(24 - 8 * i)) }
            position += 12 + length
        }
        return bytes
    }

    // MARK: Labels

    /// Data of two images with boxes, written in a format; returns its folder.
    private func data(as format: DataFormat) throws -> String {
        let examples = try (0..<2).map { number -> DetectionExample in
            let path = folder.path("image\(number).png")
            try Image(height: 40, width: 50, filledWith: UInt8(40 * number)).save(to: path)
            let boxes = [
                LabeledBox(Box(x1: 0.1, y1: 0.2, x2: 0.5, y2: 0.6), classIndex: number),
                LabeledBox(Box(x1: 0, y1: 0, x2: 1, y2: 1), classIndex: 0),
            ]
            return DetectionExample(imagePath: path, height: 40, width: 50, labels: boxes)
        }
        let data = DetectionData(
            kind: "made for the test", path: "test", classNames: ["cat", "dog"],
            splits: [.train: [examples[0]], .val: [examples[1]]])
        let path = folder.path("\(format)")
        try data.write(as: format, to: path)
        return path
    }

    /// Damages one file of a data set, which is read as a whole.
    private func damage(_ file: String, of root: String) throws {
        var fuzzer = Fuzzer(seeds: [try bytes(file)])
        try fuzzer.run(to: file) { _ in _ = try DetectionData.load(root) }
    }

    @Test func coco() throws {
        let root = try data(as: .coco)
        try damage("\(root)/annotations/instances_train.json", of: root)
    }

    @Test func voc() throws {
        let root = try data(as: .voc)
        try damage("\(root)/Annotations/image0.xml", of: root)
    }

    @Test func yolo() throws {
        let root = try data(as: .yolo)
        let files = try FileManager.default.subpathsOfDirectory(atPath: root)
        let labels = try #require(files.first { $0.hasSuffix("image0.txt") })
        try damage("\(root)/\(labels)", of: root)
    }

    @Test func descriptions() throws {
        let root = try data(as: .yolo)
        let files = try FileManager.default.contentsOfDirectory(atPath: root)
        let description = try #require(files.first { $0.hasSuffix(".yaml") })
        try damage("\(root)/\(description)", of: root)
    }

    // MARK: Weights

    @Test func detectors() throws {
        manualSeed(0)
        let path = folder.path("weights.safetensors")
        let detector = YOLO(.yolo11n, classes: ["cat"])
        try DetectorFile.Loaded(detector: detector, imgsz: 64).export(.safetensors, to: path)
        // The head of the file tells what it is; the numbers behind it are all alike to the reader.
        let whole = try bytes(path)
        let length = whole[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) } + 8
        let numbers = Array(whole[length...])
        var fuzzer = Fuzzer(seeds: [Array(whole[..<length])])
        try fuzzer.run(max(1, Fuzzer.inputsPerReader / 20), pack: { $0 + numbers }) { _ = try DetectorFile.load($0) }
    }
}
