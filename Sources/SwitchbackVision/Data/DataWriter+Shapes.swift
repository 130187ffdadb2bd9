import Foundation
import Switchback
import SwitchbackFormats

// The formats of programs for labeling.

extension DataWriter {
    // MARK: - LabelMe

    private struct LabelMeFile: Encodable {
        struct Shape: Encodable {
            let label: String
            let points: [[Double]]
            let shape_type: String
            /// What a keypoint and its object have in common.
            var group_id: Int?
            /// Of a keypoint: whether it is hidden.
            var difficult: Bool?
            let flags: [String: Bool] = [:]
        }
        let version = "5.0.1"
        let flags: [String: Bool] = [:]
        /// Written, where an optional that is `nil` would be left out.
        struct Null: Encodable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encodeNil()
            }
        }
        let shapes: [Shape]
        let imagePath: String
        /// Must be there: LabelMe takes anything but `null` for the image.
        let imageData = Null()
        let imageHeight, imageWidth: Int
    }

    mutating func writeLabelMe() throws {
        for (split, examples) in parts {
            for example in examples {
                let name = try files.place(example.imagePath, in: split.rawValue)
                let shapes = example.pixelLabels.enumerated().flatMap { labelMeShapes($1, group: $0 + 1) }
                let file = LabelMeFile(
                    shapes: shapes, imagePath: name, imageHeight: example.height, imageWidth: example.width)
                try files.write(JSON.text(file) + "\n", "\(split.rawValue)/\(Folder.stem(name)).json")
            }
        }
        try files.write(ClassNamesFile.text(data.classNames), ClassNamesFile.name)
    }

    /// An object, and behind it those of its keypoints that are known.
    private func labelMeShapes(_ label: LabeledBox, group: Int) -> [LabelMeFile.Shape] {
        let box = label.box
        let isBox = label.polygon.isEmpty
        let points = isBox ? [PlanePoint(box.x1, box.y1), PlanePoint(box.x2, box.y2)] : label.polygon
        let object = LabelMeFile.Shape(
            label: data.classNames[label.classIndex], points: points.map { hundredths([$0.x, $0.y]) },
            shape_type: isBox ? "rectangle" : "polygon", group_id: data.keypoints == nil ? nil : group)
        let keypoints = zip(data.keypoints?.shownNames ?? [], label.keypoints).filter(\.1.isKnown).map { name, point in
            LabelMeFile.Shape(
                label: name, points: [hundredths([point.x, point.y])], shape_type: "point", group_id: group,
                difficult: point.visibility == 1)
        }
        return [object] + keypoints
    }

    // MARK: - CVAT

    mutating func writeCVAT() throws {
        var (images, number) = ("", 0)
        for (split, examples) in parts {
            for example in examples {
                let name = try files.place(example.imagePath, in: "images/\(split.rawValue)")
                images +=
                    "  <image id=\"\(number)\" name=\"\(escaped("\(split.rawValue)/\(name)"))\" "
                    + "subset=\"\(split.rawValue)\" width=\"\(example.width)\" height=\"\(example.height)\">\n"
                    + example.pixelLabels.enumerated().map { elements($1, group: $0 + 1) }.joined() + "  </image>\n"
                number += 1
            }
        }
        let parts = data.keypoints?.shownNames ?? []
        let labels = data.classNames.map { name in
            let inner = parts.map {
                "      <label><name>\(escaped($0))</name><type>points</type><parent>\(escaped(name))</parent></label>\n"
            }
            return "      <label><name>\(escaped(name))</name></label>\n" + inner.joined()
        }.joined()
        try files.write(
            """
            <?xml version="1.0" encoding="utf-8"?>
            <annotations>
              <version>1.1</version>
              <meta><job><labels>
            \(labels)  </labels></job></meta>
            \(images)</annotations>

            """, "annotations.xml")
    }

    private func text(_ number: Float) -> String { String(format: "%.2f", number) }

    /// An object, and behind it its keypoints as a skeleton of the same group.
    private func elements(_ label: LabeledBox, group: Int) -> String {
        let belongs = data.keypoints == nil ? "" : " group_id=\"\(group)\""
        let name = "label=\"\(escaped(data.classNames[label.classIndex]))\" occluded=\"0\"\(belongs)"
        guard label.polygon.isEmpty else {
            let points = label.polygon.map { "\(text($0.x)),\(text($0.y))" }.joined(separator: ";")
            return "    <polygon \(name) points=\"\(points)\"/>\n"
        }
        let box = label.box
        let object =
            "    <box \(name) xtl=\"\(text(box.x1))\" ytl=\"\(text(box.y1))\" xbr=\"\(text(box.x2))\" "
            + "ybr=\"\(text(box.y2))\"/>\n"
        guard let layout = data.keypoints else { return object }
        let points = zip(layout.shownNames, label.keypoints).map { keypointName, point in
            "      <points label=\"\(escaped(keypointName))\" outside=\"\(point.isKnown ? 0 : 1)\" "
                + "occluded=\"\(point.visibility == 1 ? 1 : 0)\" points=\"\(text(point.x)),\(text(point.y))\"/>\n"
        }
        return object + "    <skeleton \(name)>\n\(points.joined())    </skeleton>\n"
    }

    // MARK: - Images of masks

    /// Smaller objects lie on larger ones. Objects of a class that touch become one when the masks are read.
    mutating func writeMasks() throws {
        guard data.classNames.count < 256 else {
            throw InputError(
                data.path, "has \(data.classNames.count.counted("class")), and an image of masks holds 255")
        }
        for (split, examples) in parts {
            for example in examples {
                let name = try files.place(example.imagePath, in: "images/\(split.rawValue)")
                var image = Image(height: example.height, width: example.width, .gray, filledWith: 0)
                let labels = example.pixelLabels
                for number in labels.positionsDescending({ $0.polygon.area }) {
                    let label = labels[number]
                    guard !label.polygon.isEmpty else {
                        throw InputError(
                            data.path, "has objects without an outline, and masks need them",
                            remedy: "give --task segment, and data with outlines")
                    }
                    let mask = InstanceMask(
                        polygon: label.polygon, imageHeight: example.height, imageWidth: example.width)
                    for (pixel, value) in mask.pixels.enumerated() where value > 0 {
                        image.pixels[pixel] = UInt8(label.classIndex + 1)
                    }
                }
                let path = "masks/\(split.rawValue)/\(Folder.stem(name)).png"
                _ = try files.make(Folder.parent(path))
                try image.save(to: Folder.join(files.root, path))
            }
        }
        try files.write(ClassNamesFile.text(data.classNames), ClassNamesFile.name)
    }
}
