import Switchback

/// The masks of an image's objects before they are cut out: for each object logits over the whole image, at a quarter of
/// the size that the network saw.
package struct MaskPlanes {
    private let logits: [Float]
    private let count, height, width: Int

    /// - Parameters:
    ///   - candidates: of image number `image`.
    ///   - output: of a head that predicts masks.
    package init?(_ candidates: [Candidate], _ output: DetectHead.Output, image: Int) {
        guard let coefficients = output.extras, let prototypes = output.prototypes else { return nil }
        count = candidates.count
        (height, width) = (prototypes.shape[2], prototypes.shape[3])
        guard count > 0 else {
            logits = []
            return
        }
        let rows = Tensor(candidates.map(\.position), shape: [count]).to(coefficients.backend)
        let planes = prototypes[image].flatten(start: 1)
        logits = noGrad {
            coefficients[image].indexSelect(dim: 0, index: rows).matmul(planes).toArray(as: Float.self)
        }
    }

    /// The masks as validation compares them: [objects, h · w] of 0 and 1, without what lies outside the boxes.
    ///
    /// - Parameter boxes: in pixels of what the network saw.
    package func binary(_ boxes: [Box]) -> Tensor {
        var values = [Float](repeating: 0, count: count * height * width)
        for (number, box) in boxes.enumerated() {
            let part = box.scaled(x: 1 / Float(MaskMap.ratio), y: 1 / Float(MaskMap.ratio))
            let (rows, columns) = part.pixels(height: height, width: width)
            for row in rows {
                for column in columns {
                    let place = (number * height + row) * width + column
                    values[place] = logits[place] > 0 ? 1 : 0
                }
            }
        }
        return Tensor(values, shape: [count, height * width])
    }

    /// The mask of one object in the pixels of what the network saw.
    package func mask(_ number: Int, in box: Box) -> InstanceMask {
        let rows = Enlargement(from: height, to: height * MaskMap.ratio)
        let columns = Enlargement(from: width, to: width * MaskMap.ratio)
        return cut(number, in: box, rows, columns)
    }

    /// The mask of one object in the pixels of the image that a frame holds, sampled there at once, which gives finer
    /// edges than a mask that is enlarged.
    ///
    /// - Parameter box: in the image's pixels.
    package func mask(_ number: Int, in box: Box, ofImageIn letterbox: Letterbox) -> InstanceMask {
        let rows = Enlargement(from: height, to: height * MaskMap.ratio)
            .followed(by: letterbox.top, letterbox.scaledHeight, to: letterbox.imageHeight)
        let columns = Enlargement(from: width, to: width * MaskMap.ratio)
            .followed(by: letterbox.left, letterbox.scaledWidth, to: letterbox.imageWidth)
        return cut(number, in: box, rows, columns)
    }

    /// The pixels of a box where logits, enlarged, are above 0.
    private func cut(_ number: Int, in box: Box, _ rows: Enlargement, _ columns: Enlargement) -> InstanceMask {
        let (boxRows, boxColumns) = box.pixels(height: rows.count, width: columns.count)
        let plane = number * height * width
        var line = [Float](repeating: 0, count: width)
        var known: Int?
        return InstanceMask(
            imageHeight: rows.count, imageWidth: columns.count, rows: boxRows, columns: boxColumns
        ) { row, column in
            if known != row {
                for x in 0..<width {
                    line[x] = rows[row].reduce(0) { $0 + logits[plane + $1.position * width + x] * $1.weight }
                }
                known = row
            }
            return columns[column].reduce(0) { $0 + line[$1.position] * $1.weight } > 0
        }
    }
}

/// What each pixel of a row takes from the pixels of a shorter one when it is enlarged with straight lines between them:
/// PyTorch's bilinear interpolation without aligned corners.
private struct Enlargement {
    typealias Part = (position: Int, weight: Float)

    private let parts: [[Part]]
    var count: Int { parts.count }
    subscript(pixel: Int) -> [Part] { parts[pixel] }

    init(from small: Int, to count: Int) {
        parts = (0..<count).map { position in
            let place = max((Float(position) + 0.5) * (Float(small) / Float(count)) - 0.5, 0)
            let low = min(Int(place), small - 1)
            let share = place - Float(low)
            return [(low, 1 - share), (min(low + 1, small - 1), share)]
        }
    }

    private init(_ parts: [[Part]]) { self.parts = parts }

    /// The enlargement of a part of the result.
    func followed(by start: Int, _ length: Int, to count: Int) -> Enlargement {
        let second = Enlargement(from: length, to: count)
        return Enlargement(
            second.parts.map { own in
                own.flatMap { part in
                    parts[start + part.position].map { ($0.position, $0.weight * part.weight) }
                }
            })
    }
}

extension Box {
    /// The pixels whose corners at the top left lie in the box, within an image.
    func pixels(height: Int, width: Int) -> (rows: Range<Int>, columns: Range<Int>) {
        func range(_ low: Float, _ high: Float, _ limit: Int) -> Range<Int> {
            func within(_ value: Float) -> Int { Int(min(max(value.rounded(.up), 0), Float(limit))) }
            return within(low)..<max(within(low), within(high))
        }
        return (range(y1, y2, height), range(x1, x2, width))
    }
}
