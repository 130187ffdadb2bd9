import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import Testing

/// Small data sets of images for the vision commands.
extension BuiltProgram {
    /// A JPEG file of dark and light rectangles on gray; returns its path in the test's folder.
    func image(_ name: String, height: Int, width: Int, boxes: [LabeledBox]) throws -> String {
        var pixels = [UInt8](repeating: 114, count: height * width * 3)
        for label in boxes {
            let box = label.box
            for y in Int(box.y1)..<Int(box.y2) {
                for x in Int(box.x1)..<Int(box.x2) {
                    for channel in 0..<3 {
                        pixels[(y * width + x) * 3 + channel] = channel == label.classIndex ? 230 : UInt8(y * 7 % 60)
                    }
                }
            }
        }
        let url = folder.url.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Image(height: height, width: width, pixels: pixels).save(to: url.path)
        return url.path
    }

    /// What the label files of an example say of objects.
    enum Labels {
        /// Center, width and height.
        case boxes
        /// The corners.
        case outlines
        /// Center, width and height, and the corners as keypoints.
        case keypoints
    }

    /// A detection data set in YOLO's layout: four images for training, four for validation, rectangles of three
    /// classes; returns the path of its description.
    func detectionSet(_ name: String = "shapes", labels: Labels = .boxes) throws -> String {
        let (height, width) = (64, 96)
        for part in ["train", "val"] {
            try FileManager.default.createDirectory(
                at: folder.url.appendingPathComponent("\(name)/labels/\(part)"), withIntermediateDirectories: true)
            for number in 0..<4 {
                let boxes = (0..<2).map { side in
                    LabeledBox(
                        Box(
                            x1: Float(4 + 46 * side + number), y1: Float(6 + 3 * number),
                            x2: Float(34 + 46 * side + 2 * number), y2: Float(36 + 5 * number)),
                        classIndex: (number + side) % 3)
                }
                _ = try image("\(name)/images/\(part)/\(number).jpg", height: height, width: width, boxes: boxes)
                let rows = boxes.map { label -> String in
                    let box = label.box
                    let center = [(box.x1 + box.x2) / 2 / Float(width), (box.y1 + box.y2) / 2 / Float(height)]
                    let size = [(box.x2 - box.x1) / Float(width), (box.y2 - box.y1) / Float(height)]
                    let corners = [(box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2)].flatMap {
                        [$0.0 / Float(width), $0.1 / Float(height)]
                    }
                    let numbers =
                        switch labels {
                        case .boxes: center + size
                        case .outlines: corners
                        case .keypoints:
                            center + size
                                + stride(from: 0, to: 8, by: 2).flatMap { [corners[$0], corners[$0 + 1], 2] }
                        }
                    return "\(label.classIndex) " + numbers.map { "\($0)" }.joined(separator: " ")
                }
                _ = try folder.write(rows.joined(separator: "\n") + "\n", to: "\(name)/labels/\(part)/\(number).txt")
            }
        }
        _ = try folder.write(
            "path: .\ntrain: images/train\nval: images/val\nnames: [red, green, blue]\n"
                + (labels == .keypoints ? "kpt_shape: [4, 3]\nflip_idx: [1, 0, 3, 2]\n" : ""), to: "\(name)/data.yaml")
        return "\(name)/data.yaml"
    }

    /// Trains a detector, or a network of another task, for a moment: the run is `runs/TASK/train`.
    @discardableResult
    func trainDetector(
        _ task: String = "detect", on data: String, epochs: Int = 1, _ options: String...,
        location: SourceLocation = #_sourceLocation
    ) throws -> Run {
        let train = try run(
            [task, "train", "--data", data, "--imgsz", "32", "--epochs", "\(epochs)", "--batch", "4", "--quiet"]
                + ["--no-plots"] + options)
        #expect(train.code == 0, "\(train.errors)", sourceLocation: location)
        return train
    }

    /// An archive as MedMNIST distributes its sets: gray images of two classes, in three parts. One label in eight is
    /// wrong, so that there are mistakes to show.
    func archive(_ name: String) throws {
        var arrays: [String: Tensor] = [:]
        for (part, count) in [("train", 64), ("val", 16), ("test", 16)] {
            let classes = Tensor((0..<count).map { $0 % 2 })
            let noise = Tensor.rand([count, 28, 28], generator: Generator(seed: UInt64(count)))
            let bright = Tensor((0..<count).map { $0 % 8 == 3 ? 0 : Float($0 % 2) }, shape: [count, 1, 1])
            let images = (noise * 100 + bright * 120).to(.uint8)
            arrays["\(part)_images"] = images
            arrays["\(part)_labels"] = classes.to(.uint8).reshape([count, 1])
        }
        try NumPy.saveArchive(arrays, to: folder.path(name))
    }
}
