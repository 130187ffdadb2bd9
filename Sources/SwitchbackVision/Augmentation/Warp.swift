import Foundation
import Switchback

/// A projective map of the plane, as a 3×3 matrix: (x, y, 1) to (u, v, t), which stands for (u/t, v/t).
public struct PlaneMap: Hashable, Sendable {
    /// Row by row.
    public let matrix: [Double]

    /// Stops unless there are 9 numbers.
    public init(_ matrix: [Double]) {
        require(matrix.count == 9, "PlaneMap", "a matrix of 9 numbers is needed, not of \(matrix.count)")
        self.matrix = matrix
    }

    public static let identity = PlaneMap([1, 0, 0, 0, 1, 0, 0, 0, 1])

    public static func translation(x: Double, y: Double) -> PlaneMap { PlaneMap([1, 0, x, 0, 1, y, 0, 0, 1]) }

    /// Counterclockwise as one sees it, about the origin, and scaled.
    public static func rotation(degrees: Double, scale: Double = 1) -> PlaneMap {
        let angle = degrees * .pi / 180
        let (a, b) = (scale * cos(angle), scale * sin(angle))
        return PlaneMap([a, b, 0, -b, a, 0, 0, 0, 1])
    }

    /// Each axis leans by an angle.
    public static func shear(xDegrees: Double, yDegrees: Double) -> PlaneMap {
        PlaneMap([1, tan(xDegrees * .pi / 180), 0, tan(yDegrees * .pi / 180), 1, 0, 0, 0, 1])
    }

    public static func perspective(x: Double, y: Double) -> PlaneMap { PlaneMap([1, 0, 0, 0, 1, 0, x, y, 1]) }

    /// The map that goes through `other` first.
    public func after(_ other: PlaneMap) -> PlaneMap {
        PlaneMap(
            (0..<9).map { position in
                let (row, column) = (position / 3, position % 3)
                return (0..<3).reduce(0) { $0 + matrix[3 * row + $1] * other.matrix[3 * $1 + column] }
            })
    }

    /// The map back, or `nil` if there is none.
    public var inverse: PlaneMap? {
        let m = matrix
        let cofactors = [
            m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
            m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
            m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3],
        ]
        let determinant = m[0] * cofactors[0] + m[1] * cofactors[3] + m[2] * cofactors[6]
        guard abs(determinant) > 1e-12, determinant.isFinite else { return nil }
        return PlaneMap(cofactors.map { $0 / determinant })
    }

    public func callAsFunction(x: Double, y: Double) -> (x: Double, y: Double) {
        let t = matrix[6] * x + matrix[7] * y + matrix[8]
        return (
            (matrix[0] * x + matrix[1] * y + matrix[2]) / t, (matrix[3] * x + matrix[4] * y + matrix[5]) / t
        )
    }

    /// The upright box around the image of a box.
    public func callAsFunction(_ box: Box) -> Box {
        let corners = [(box.x1, box.y1), (box.x2, box.y1), (box.x1, box.y2), (box.x2, box.y2)].map {
            self(x: Double($0.0), y: Double($0.1))
        }
        let (xs, ys) = (corners.map { Float($0.x) }, corners.map { Float($0.y) })
        return Box(x1: xs.min() ?? 0, y1: ys.min() ?? 0, x2: xs.max() ?? 0, y2: ys.max() ?? 0)
    }

    public func callAsFunction(_ point: PlanePoint) -> PlanePoint {
        let (x, y) = self(x: Double(point.x), y: Double(point.y))
        return PlanePoint(Float(x), Float(y))
    }

    /// The object where the map puts it, as far as that lies in a frame. The box of an outline is the one around what the
    /// frame holds of it, and corners outside are drawn to that.
    package func callAsFunction(_ label: LabeledBox, in frame: (height: Int, width: Int)) -> LabeledBox {
        let frame = Box(height: frame.height, width: frame.width)
        var moved = label
        moved.polygon = label.polygon.map { self($0) }
        moved.keypoints = label.keypoints.map { $0.at(self($0.point)) }
        if label.isOriented { return moved.clipped(to: frame) }
        if label.polygon.isEmpty {
            moved.box = self(label.box)
            return moved.clipped(to: frame)
        }
        moved.box = Box(around: moved.polygon.cut(by: frame))
        return moved.clipped(to: moved.box)
    }
}

extension Image {
    /// The image moved by a map, in a frame of another size; what the image does not reach is `fill`. Pixel centers
    /// have whole coordinates. Stops where the map has no inverse.
    public func warped(
        _ map: PlaneMap, height: Int, width: Int, fill: UInt8 = Letterbox.border,
        _ interpolation: Pixels.Interpolation = .bilinear
    ) -> Image {
        guard let inverse = map.inverse else { preconditionFailure("warped: the map \(map.matrix) has no inverse") }
        let scale = inverse.matrix[8]
        // Of affine maps the last number is 1 but for rounding.
        let isAffine = inverse.matrix[6] == 0 && inverse.matrix[7] == 0
        let numbers = isAffine ? inverse.matrix.map { $0 / scale } : inverse.matrix
        let target = Pixels.Layout(height: height, width: width, channels: channels)
        return Image(height: height, width: width, colorModel) { bytes in
            pixels.withUnsafeBufferPointer {
                Pixels.warp($0, layout, into: bytes, target, map: numbers, fill: fill, interpolation)
            }
        }
    }
}

/// Moves, scales, turns, shears and tilts the image at random, in a frame of its own size.
///
/// A box continues as the upright box around its moved corners, without what is outside; it is left away where it has
/// become narrower than 2 pixels, has lost nine tenths of its area, or is a hundred times as long as it is wide. The box
/// of an outline is drawn anew around it, and may lose all but a hundredth of its area.
public struct RandomAffine: Augmentation {
    /// The frame; the sample's own size by default.
    public var size: (height: Int, width: Int)?
    /// The greatest angle of rotation.
    public var degrees = 0.0
    /// The greatest shift of the center, as a part of the frame.
    public var translate = 0.1
    /// The greatest change of scale: the factor is from 1 - scale to 1 + scale.
    public var scale = 0.5
    /// The greatest angle of shear, in degrees.
    public var shear = 0.0
    /// The greatest tilt, of the order of 0.001.
    public var perspective = 0.0

    public init(size: (height: Int, width: Int)? = nil) { self.size = size }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        let frame = size ?? (sample.image.height, sample.image.width)
        let (map, factor) = draw(sample.image, frame, context.generator)
        guard map.inverse != nil else { return sample }
        let image = sample.image.warped(map, height: frame.height, width: frame.width)
        let labels = sample.labels.compactMap { label -> LabeledBox? in
            let moved = map(label, in: frame)
            return isKept(moved, from: label.box.scaled(x: factor, y: factor)) ? moved : nil
        }
        return Sample(image, labels: labels)
    }

    /// The map from the image to the frame, and the factor by which it scales.
    private func draw(
        _ image: Image, _ frame: (height: Int, width: Int), _ generator: Generator
    ) -> (map: PlaneMap, factor: Float) {
        let center = PlaneMap.translation(x: -Double(image.width) / 2, y: -Double(image.height) / 2)
        let tilt = PlaneMap.perspective(
            x: generator.uniform(-perspective...perspective), y: generator.uniform(-perspective...perspective))
        let angle = generator.uniform(-degrees...degrees)
        let factor = max(0.01, generator.uniform(1 - scale...1 + scale))
        let turn = PlaneMap.rotation(degrees: angle, scale: factor)
        let lean = PlaneMap.shear(
            xDegrees: generator.uniform(-shear...shear), yDegrees: generator.uniform(-shear...shear))
        let move = PlaneMap.translation(
            x: generator.uniform(0.5 - translate...0.5 + translate) * Double(frame.width),
            y: generator.uniform(0.5 - translate...0.5 + translate) * Double(frame.height))
        return (move.after(lean).after(turn).after(tilt).after(center), Float(factor))
    }

    private func isKept(_ label: LabeledBox, from before: Box) -> Bool {
        let box = label.box
        guard box.width > 2, box.height > 2 else { return false }
        let aspect = max(box.width / box.height, box.height / box.width)
        // Of an outline less is enough: the box around it says more of what is left than that of a turned box.
        let share: Float = label.polygon.isEmpty ? 0.1 : 0.01
        return box.area / (before.area + 1e-16) > share && aspect < 100
    }
}
