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
                let name = try place(example, in: split.rawValue)
                let shapes = example.pixelLabels.map { label in
                    let box = label.box
                    let isBox = label.polygon.isEmpty
                    let points = isBox ? [PlanePoint(box.x1, box.y1), PlanePoint(box.x2, box.y2)] : label.polygon
                    return LabelMeFile.Shape(
                        label: data.classNames[label.classIndex],
                        points: points.map { hundredths([$0.x, $0.y]) },
                        shape_type: isBox ? "rectangle" : "polygon")
                }
                let file = LabelMeFile(
                    shapes: shapes, imagePath: name, imageHeight: example.height, imageWidth: example.width)
                try write(JSON.text(file) + "\n", "\(split.rawValue)/\(Folder.stem(name)).json")
            }
        }
    }

    // MARK: - CVAT

    mutating func writeCVAT() throws {
        var (images, number) = ("", 0)
        for (split, examples) in parts {
            for example in examples {
                let name = try place(example, in: "images/\(split.rawValue)")
                images +=
                    "  <image id=\"\(number)\" name=\"\(escaped("\(split.rawValue)/\(name)"))\" "
                    + "subset=\"\(split.rawValue)\" width=\"\(example.width)\" height=\"\(example.height)\">\n"
                    + example.pixelLabels.map(element).joined() + "  </image>\n"
                number += 1
            }
        }
        let labels = data.classNames.map { "      <label><name>\(escaped($0))</name></label>\n" }.joined()
        try write(
            """
            <?xml version="1.0" encoding="utf-8"?>
            <annotations>
              <version>1.1</version>
              <meta><job><labels>
            \(labels)  </labels></job></meta>
            \(images)</annotations>

            """, "annotations.xml")
    }

    private func element(_ label: LabeledBox) -> String {
        let name = "label=\"\(escaped(data.classNames[label.classIndex]))\" occluded=\"0\""
        func text(_ number: Float) -> String { String(format: "%.2f", number) }
        if label.polygon.isEmpty {
            let box = label.box
            return "    <box \(name) xtl=\"\(text(box.x1))\" ytl=\"\(text(box.y1))\" xbr=\"\(text(box.x2))\" "
                + "ybr=\"\(text(box.y2))\"/>\n"
        }
        let points = label.polygon.map { "\(text($0.x)),\(text($0.y))" }.joined(separator: ";")
        return "    <polygon \(name) points=\"\(points)\"/>\n"
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
                let name = try place(example, in: "images/\(split.rawValue)")
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
                _ = try make(Folder.parent(path))
                try image.save(to: Folder.join(root, path))
            }
        }
        try write(data.classNames.map { $0 + "\n" }.joined(), MaskImageData.namesFile)
    }
}
