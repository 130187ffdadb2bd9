/// A point of an image: x to the right and y down, in pixels or in fractions of the image's sides.
public typealias PlanePoint = SIMD2<Float>

/// An object of an image: its bounding box and class, and where it is known, its outline.
public struct LabeledBox: Hashable, Sendable {
    public var box: Box
    /// The position of the class among the names of the data.
    public var classIndex: Int
    /// The corners of the object's outline, which goes on from the last to the first; empty where only the box is known.
    public var polygon: [PlanePoint]
    /// Points of the object that are known by their order; empty where there are none.
    public var keypoints: [Keypoint] = []
    /// Whether the outline is an oriented box, which stays one where it is cut.
    public var isOriented = false

    public init(_ box: Box, classIndex: Int, polygon: [PlanePoint] = []) {
        self.box = box
        self.classIndex = classIndex
        self.polygon = polygon
    }

    /// The object of an outline, in the box around it.
    public init(polygon: [PlanePoint], classIndex: Int) {
        self.init(Box(around: polygon), classIndex: classIndex, polygon: polygon)
    }

    func withClass(_ index: Int) -> LabeledBox {
        var label = self
        label.classIndex = index
        return label
    }

    /// The object with its box and its outline elsewhere.
    private func placed(_ box: Box, _ place: (PlanePoint) -> PlanePoint) -> LabeledBox {
        var label = self
        label.box = box
        label.polygon = polygon.map(place)
        label.keypoints = keypoints.map { $0.at(place($0.point)) }
        return label
    }

    /// The object with an outline of many points, so that it keeps its form where it is bent or cut.
    package func withFineOutline() -> LabeledBox {
        if isOriented || polygon.isEmpty { return self }
        let count = max(MaskMap.outlinePoints, polygon.count + 1)
        return LabeledBox(box, classIndex: classIndex, polygon: polygon.resampled(to: count))
    }

    public func scaled(x: Float, y: Float) -> LabeledBox {
        let factor = PlanePoint(x, y)
        return placed(box.scaled(x: x, y: y)) { $0 * factor }
    }

    public func moved(x: Float, y: Float) -> LabeledBox {
        let shift = PlanePoint(x, y)
        return placed(box.moved(x: x, y: y)) { $0 + shift }
    }

    /// The object in the mirror image, left and right exchanged.
    package func flippedHorizontally(width: Int) -> LabeledBox {
        let width = Float(width)
        return placed(Box(x1: width - box.x2, y1: box.y1, x2: width - box.x1, y2: box.y2)) {
            PlanePoint(width - $0.x, $0.y)
        }
    }

    /// The object in the mirror image, top and bottom exchanged.
    package func flippedVertically(height: Int) -> LabeledBox {
        let height = Float(height)
        return placed(Box(x1: box.x1, y1: height - box.y2, x2: box.x2, y2: height - box.y1)) {
            PlanePoint($0.x, height - $0.y)
        }
    }

    /// What is left of the object in an image, or in a part of one; the corners of the outline that lie outside are
    /// drawn to the edge. An oriented box becomes the smallest one around what is left, at its own angle.
    func clipped(to frame: Box) -> LabeledBox {
        if isOriented { return orientedPart(in: frame) }
        let (low, high) = (PlanePoint(frame.x1, frame.y1), PlanePoint(frame.x2, frame.y2))
        var label = placed(box.intersection(frame)) { $0.clamped(lowerBound: low, upperBound: high) }
        label.keypoints = keypoints.map { point in
            let isSeen = frame.x1 <= point.x && point.x <= frame.x2 && frame.y1 <= point.y && point.y <= frame.y2
            return isSeen ? point : Keypoint(x: point.x, y: point.y, visibility: 0)
        }
        return label
    }

    /// The object with its keypoints in another order, as after a reflection.
    func withKeypoints(in order: [Int]?) -> LabeledBox {
        guard let order, order.count == keypoints.count else { return self }
        var label = self
        label.keypoints = order.map { keypoints[$0] }
        return label
    }

    private func orientedPart(in frame: Box) -> LabeledBox {
        let visible = polygon.cut(by: frame)
        var label = self
        label.box = Box(around: visible)
        if label.box != Box(around: polygon) {
            let angle = RotatedBox(around: polygon).angle
            label.polygon = visible.isEmpty ? [] : RotatedBox(around: visible, angle: angle).corners
        }
        return label
    }
}

extension Box {
    /// The upright rectangle around points; empty at the origin where there are none.
    public init(around points: [PlanePoint]) {
        var (low, high) = (points.first ?? .zero, points.first ?? .zero)
        for point in points.dropFirst() {
            low = pointwiseMin(low, point)
            high = pointwiseMax(high, point)
        }
        self.init(x1: low.x, y1: low.y, x2: high.x, y2: high.y)
    }

    /// All of an image.
    init(height: Int, width: Int) { self.init(x1: 0, y1: 0, x2: Float(width), y2: Float(height)) }
}

extension [PlanePoint] {
    /// The corners of the part of a polygon in a frame (Sutherland and Hodgman, 1974); none where there is none.
    func cut(by frame: Box) -> [PlanePoint] {
        cut { $0.x - frame.x1 }.cut { frame.x2 - $0.x }.cut { $0.y - frame.y1 }.cut { frame.y2 - $0.y }
    }

    /// The corners of the part of a polygon in which a linear function is not negative.
    private func cut(_ height: (PlanePoint) -> Float) -> [PlanePoint] {
        guard var before = last else { return [] }
        var kept: [PlanePoint] = []
        for corner in self {
            let (a, b) = (height(before), height(corner))
            if (a < 0) != (b < 0) { kept.append(before + (corner - before) * (a / (a - b))) }
            if b >= 0 { kept.append(corner) }
            before = corner
        }
        return kept
    }
}
