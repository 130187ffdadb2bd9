import Foundation

/// A rectangle that may be turned, in pixels: its center, its sides, and the angle by which the side `width` is turned
/// from the x axis toward the y axis, in radians.
public struct RotatedBox: Hashable, Sendable, Codable {
    public var centerX, centerY, width, height, angle: Float

    public init(centerX: Float, centerY: Float, width: Float, height: Float, angle: Float) {
        self.centerX = centerX
        self.centerY = centerY
        self.width = width
        self.height = height
        self.angle = angle
    }

    /// Of five numbers, in the order of the properties.
    package init(_ numbers: [Float]) {
        self.init(
            centerX: numbers[0], centerY: numbers[1], width: numbers[2], height: numbers[3], angle: numbers[4])
    }

    /// The smallest rectangle around points, the longer side as its width, and the angle from −π/4 to below 3π/4: one of
    /// its sides lies along a side of their convex hull (Freeman and Shapira, 1975).
    public init(around points: [PlanePoint]) {
        let hull = points.convexHull
        var best = (area: Double.infinity, angle: 0.0)
        for (index, corner) in hull.enumerated() {
            let side = hull[(index + 1) % hull.count] - corner
            let angle = atan2(Double(side.y), Double(side.x))
            let area = hull.extentArea(angle)
            if area < best.area { best = (area, angle) }
        }
        self = RotatedBox(around: hull, angle: Float(best.angle)).normalized
    }

    /// The smallest rectangle around points at an angle.
    init(around points: [PlanePoint], angle: Float) {
        let (c, s) = (cos(angle), sin(angle))
        let turned = Box(around: points.map { PlanePoint($0.x * c + $0.y * s, $0.y * c - $0.x * s) })
        self.init(
            centerX: turned.centerX * c - turned.centerY * s, centerY: turned.centerX * s + turned.centerY * c,
            width: turned.width, height: turned.height, angle: angle)
    }

    /// The properties in their order.
    package var numbers: [Float] { [centerX, centerY, width, height, angle] }

    public var area: Float { width * height }

    /// The corners in order around: first that in the direction of both sides.
    public var corners: [PlanePoint] {
        let center = PlanePoint(centerX, centerY)
        let (c, s) = (cos(angle), sin(angle))
        let (across, down) = (PlanePoint(c, s) * (width / 2), PlanePoint(-s, c) * (height / 2))
        return [center + across + down, center + across - down, center - across - down, center - across + down]
    }

    /// The same rectangle with the longer side as its width, and the angle from −π/4 to below 3π/4.
    public var normalized: RotatedBox { withLongerWidth.turned(into: -.pi / 4) }

    /// The same rectangle with an angle from 0 to below π/2.
    public var regularized: RotatedBox {
        let box = turned(into: 0)
        guard box.angle >= .pi / 2 else { return box }
        return RotatedBox(
            centerX: box.centerX, centerY: box.centerY, width: box.height, height: box.width,
            angle: box.angle - .pi / 2)
    }

    private var withLongerWidth: RotatedBox {
        guard height > width else { return self }
        return RotatedBox(centerX: centerX, centerY: centerY, width: height, height: width, angle: angle + .pi / 2)
    }

    /// The same rectangle with an angle from `low` to below `low` + π.
    private func turned(into low: Float) -> RotatedBox {
        var box = self
        box.angle -= ((angle - low) / .pi).rounded(.down) * .pi
        return box
    }

    func scaled(by factor: Float) -> RotatedBox {
        RotatedBox(
            centerX: centerX * factor, centerY: centerY * factor, width: width * factor, height: height * factor,
            angle: angle)
    }

    /// The probabilistic intersection over union: from 0, apart, to nearly 1, equal; see `Tensor.probabilisticIoU`.
    public func probabilisticIoU(_ other: RotatedBox) -> Float { Spread(self).overlap(Spread(other)) }

    /// A normal distribution that stands for a rectangle: that of points spread evenly over it.
    struct Spread {
        private let x, y, xx, yy, xy, determinant: Float

        init(_ box: RotatedBox) {
            let (a, b) = (box.width * box.width / 12, box.height * box.height / 12)
            let (c, s) = (cos(box.angle), sin(box.angle))
            (x, y) = (box.centerX, box.centerY)
            xx = a * c * c + b * s * s
            yy = a * s * s + b * c * c
            xy = (a - b) * c * s
            determinant = max(xx * yy - xy * xy, 0)
        }

        /// The probabilistic intersection over union.
        func overlap(_ other: Spread) -> Float {
            let epsilon: Float = 1e-7
            let (dx, dy) = (x - other.x, y - other.y)
            let (xx, yy, xy) = (xx + other.xx, yy + other.yy, xy + other.xy)
            let whole = xx * yy - xy * xy
            let along = (xx * dy * dy + yy * dx * dx) / (whole + epsilon) / 4
            let across = xy * dx * dy / (whole + epsilon) / 2
            let form = whole / (4 * (determinant * other.determinant).squareRoot() + epsilon)
            let distance = min(max(along - across + log(form + epsilon) / 2, epsilon), 100)
            return 1 - (1 - exp(-distance) + epsilon).squareRoot()
        }
    }
}

extension [PlanePoint] {
    /// The area of the smallest rectangle around points at an angle.
    fileprivate func extentArea(_ angle: Double) -> Double {
        let (c, s) = (cos(angle), sin(angle))
        let along = map { Double($0.x) * c + Double($0.y) * s }
        let across = map { Double($0.y) * c - Double($0.x) * s }
        func extent(_ values: [Double]) -> Double { (values.max() ?? 0) - (values.min() ?? 0) }
        return extent(along) * extent(across)
    }

    /// The corners of the smallest convex polygon around points (Andrew's monotone chain, 1979).
    var convexHull: [PlanePoint] {
        let points = sorted { ($0.x, $0.y) < ($1.x, $1.y) }
        guard points.count > 2 else { return points }
        func chain(_ points: some Sequence<PlanePoint>) -> [PlanePoint] {
            var chain: [PlanePoint] = []
            for point in points {
                while chain.count > 1, turn(chain[chain.count - 2], chain[chain.count - 1], point) <= 0 {
                    chain.removeLast()
                }
                chain.append(point)
            }
            return chain.dropLast()
        }
        let hull = chain(points) + chain(points.reversed())
        return hull.isEmpty ? [points[0]] : hull
    }

    private func turn(_ a: PlanePoint, _ b: PlanePoint, _ c: PlanePoint) -> Double {
        let (abx, aby) = (Double(b.x) - Double(a.x), Double(b.y) - Double(a.y))
        return abx * (Double(c.y) - Double(a.y)) - aby * (Double(c.x) - Double(a.x))
    }
}
