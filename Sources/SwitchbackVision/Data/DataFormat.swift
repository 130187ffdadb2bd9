import Foundation
import Switchback
import SwitchbackFormats

/// The formats of detection data sets.
public enum DataFormat: String, CaseIterable, Sendable {
    /// `data.yaml`, `images/train/…`, `labels/train/….txt`.
    case yolo
    /// `annotations/instances_train.json`, `images/train/…`.
    case coco
    /// `Annotations/….xml`, `JPEGImages/…`, `ImageSets/Main/train.txt`, `classes.txt`.
    case voc
    /// `train/….json` beside the images, `classes.txt`.
    case labelme
    /// `annotations.xml`, `images/train/…`.
    case cvat
    /// `masks/train/….png`, `images/train/…`, `classes.txt`.
    case masks
}

extension DetectionData {
    /// Writes the data, images included, in some format to a new folder, which appears whole or not at all.
    ///
    /// - Parameter copies: whether images are copied, or hard links to them are made, which take no space.
    /// Warns of outlines where the format has boxes alone. A split without images is left out.
    ///
    /// - Throws: `InputError` where the folder exists already, or cannot be written, or the format cannot say what the data is.
    public func write(as format: DataFormat, to folder: String, copies: Bool = true) throws {
        if keypoints != nil && (format == .voc || format == .masks) {
            throw InputError(
                path, "has keypoints, which \(format.rawValue) is not written with",
                remedy: "choose yolo, coco, labelme or cvat")
        }
        if classNames.isEmpty {
            throw InputError(path, "has no object of any class, and none can be written without the names of classes")
        }
        if format == .voc, splits.values.joined().contains(where: { $0.labels.contains { !$0.polygon.isEmpty } }) {
            Diagnostics.warn("\(folder): Pascal VOC has boxes alone, so outlines are left out, and their boxes written")
        }
        try ImageFolderWriter.make(folder, copies: copies) { files in
            var writer = DataWriter(data: self, files: files)
            switch format {
            case .yolo: try writer.writeYOLO()
            case .coco: try writer.writeCOCO()
            case .voc: try writer.writeVOC()
            case .labelme: try writer.writeLabelMe()
            case .cvat: try writer.writeCVAT()
            case .masks: try writer.writeMasks()
            }
        }
    }
}

extension [PlanePoint] {
    /// What the outline encloses (Gauss's area formula).
    var area: Double {
        guard let first, let last else { return 0 }
        var (sum, before) = (0.0, last)
        for point in [first] + dropFirst() {
            sum += Double(before.x) * Double(point.y) - Double(point.x) * Double(before.y)
            before = point
        }
        return abs(sum) / 2
    }
}

/// Writes data into a folder that does not exist yet.
struct DataWriter {
    let data: DetectionData
    var files: ImageFolderWriter

    var parts: [(split: DataSplit, examples: [DetectionExample])] {
        DataSplit.allCases.map { ($0, data[$0]) }.filter { !$0.1.isEmpty }
    }

    /// Pixels as files of JSON have them.
    func hundredths(_ numbers: [Float]) -> [Double] { numbers.map { (Double($0) * 100).rounded() / 100 } }

    // MARK: - YOLO

    mutating func writeYOLO() throws {
        for (split, examples) in parts {
            for example in examples {
                let name = try files.place(example.imagePath, in: "images/\(split.rawValue)")
                let rows = example.labels.map { label in
                    let box = label.box
                    let numbers =
                        label.polygon.isEmpty
                        ? [box.centerX, box.centerY, box.width, box.height] + keypointNumbers(label)
                        : label.polygon.flatMap { [$0.x, $0.y] }
                    return "\(label.classIndex) " + numbers.map { String(format: "%.6f", $0) }.joined(separator: " ")
                        + "\n"
                }
                // No file of labels says that nobody has looked, and an empty one that there is nothing.
                if !example.isLabeled { continue }
                try files.write(rows.joined(), "labels/\(split.rawValue)/\(Folder.stem(name)).txt")
            }
        }
        let places = parts.map { "\($0.split.rawValue): images/\($0.split.rawValue)\n" }.joined()
        let names = data.classNames.enumerated().map { "  \($0): \(quoted($1))\n" }.joined()
        let keypoints = data.keypoints.map { "\n\($0.yaml)" } ?? ""
        try files.write("\(places)\(keypoints)\nnames:\n\(names)", "data.yaml")
    }

    private func keypointNumbers(_ label: LabeledBox) -> [Float] {
        let hasVisibility = data.keypoints?.dimensions == 3
        return label.keypoints.flatMap { [$0.x, $0.y] + (hasVisibility ? [$0.visibility] : []) }
    }

    /// A name as YAML and JSON both read it.
    private func quoted(_ name: String) -> String { "\(JSON.string(name))" }

    // MARK: - COCO

    private struct COCOFile: Encodable {
        struct ImageEntry: Encodable {
            let id: Int
            let file_name: String
            let width, height: Int
        }
        struct Category: Encodable {
            let id: Int
            let name: String
            /// The names of the keypoints, where objects have some.
            let keypoints: [String]?
            /// Pairs of them, counted from 1 on.
            let skeleton: [[Int]]?
        }
        struct Annotation: Encodable {
            let id, image_id, category_id: Int
            let bbox: [Double]
            /// One polygon: x and y in turn. `nil` where only the box is known.
            let segmentation: [[Double]]?
            let area: Double
            /// x, y and visibility of each.
            let keypoints: [Double]?
            let num_keypoints: Int?
            let iscrowd = 0
        }
        var images: [ImageEntry] = []
        var categories: [Category]
        var annotations: [Annotation] = []
    }

    mutating func writeCOCO() throws {
        for (split, examples) in parts {
            let points = data.keypoints?.shownNames
            let skeleton = data.keypoints?.skeleton?.map { $0.map { $0 + 1 } }
            var file = COCOFile(
                categories: data.classNames.enumerated().map {
                    .init(id: $0 + 1, name: $1, keypoints: points, skeleton: skeleton)
                })
            for (position, example) in examples.enumerated() {
                let name = try files.place(example.imagePath, in: "images/\(split.rawValue)")
                file.images.append(
                    .init(id: position + 1, file_name: name, width: example.width, height: example.height))
                for label in example.pixelLabels {
                    let box = label.box
                    let numbers = hundredths([box.x1, box.y1, box.width, box.height])
                    let outline = hundredths(label.polygon.flatMap { [$0.x, $0.y] })
                    file.annotations.append(
                        .init(
                            id: file.annotations.count + 1, image_id: position + 1,
                            category_id: label.classIndex + 1, bbox: numbers,
                            segmentation: outline.isEmpty ? nil : [outline],
                            area: outline.isEmpty ? numbers[2] * numbers[3] : label.polygon.area,
                            keypoints: points == nil
                                ? nil
                                : label.keypoints.flatMap { hundredths([$0.x, $0.y]) + [Double($0.visibility)] },
                            num_keypoints: points == nil ? nil : label.keypoints.count(where: \.isKnown)))
                }
            }
            try files.write(JSON.text(file) + "\n", "annotations/instances_\(split.rawValue).json")
        }
    }

    // MARK: - Pascal VOC

    mutating func writeVOC() throws {
        for (split, examples) in parts {
            var stems: [String] = []
            for example in examples {
                let name = try files.place(example.imagePath, in: "JPEGImages")
                stems.append(Folder.stem(name))
                try files.write(xml(example, name), "Annotations/\(Folder.stem(name)).xml")
            }
            try files.write(stems.map { $0 + "\n" }.joined(), "ImageSets/Main/\(split.rawValue).txt")
        }
        try files.write(ClassNamesFile.text(data.classNames), ClassNamesFile.name)
    }

    private func xml(_ example: DetectionExample, _ name: String) -> String {
        let objects = example.pixelLabels.map { label in
            let corners = zip(
                ["xmin", "ymin", "xmax", "ymax"], [label.box.x1, label.box.y1, label.box.x2, label.box.y2]
            )
            .map { "<\($0)>\(String(format: "%.2f", $1))</\($0)>" }.joined()
            return """
                    <object>
                        <name>\(escaped(data.classNames[label.classIndex]))</name>
                        <difficult>0</difficult>
                        <bndbox>\(corners)</bndbox>
                    </object>

                """
        }
        return """
            <annotation>
                <folder>JPEGImages</folder>
                <filename>\(escaped(name))</filename>
                <size><width>\(example.width)</width><height>\(example.height)</height><depth>3</depth></size>
            \(objects.joined())</annotation>

            """
    }

    func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }
}
