/// An upright rectangle, in pixels: from the corner (x1, y1) at the top left to (x2, y2).
public struct Box: Hashable, Sendable, Codable {
    public var x1, y1, x2, y2: Float

    public init(x1: Float, y1: Float, x2: Float, y2: Float) {
        self.x1 = x1
        self.y1 = y1
        self.x2 = x2
        self.y2 = y2
    }

    public init(centerX: Float, centerY: Float, width: Float, height: Float) {
        self.init(
            x1: centerX - width / 2, y1: centerY - height / 2, x2: centerX + width / 2, y2: centerY + height / 2)
    }

    public var width: Float { x2 - x1 }
    public var height: Float { y2 - y1 }
    public var centerX: Float { (x1 + x2) / 2 }
    public var centerY: Float { (y1 + y2) / 2 }
    /// 0 where a side is negative.
    public var area: Float { max(0, width) * max(0, height) }

    public func scaled(x: Float, y: Float) -> Box { Box(x1: x1 * x, y1: y1 * y, x2: x2 * x, y2: y2 * y) }
    public func moved(x: Float, y: Float) -> Box { Box(x1: x1 + x, y1: y1 + y, x2: x2 + x, y2: y2 + y) }

    /// The part within an image.
    public func clipped(height: Int, width: Int) -> Box {
        func within(_ value: Float, _ limit: Int) -> Float { min(max(value, 0), Float(limit)) }
        return Box(x1: within(x1, width), y1: within(y1, height), x2: within(x2, width), y2: within(y2, height))
    }

    /// The part that two boxes share; of negative size where they share none.
    public func intersection(_ other: Box) -> Box {
        Box(x1: max(x1, other.x1), y1: max(y1, other.y1), x2: min(x2, other.x2), y2: min(y2, other.y2))
    }

    /// Intersection over union: from 0, apart, to 1, equal.
    public func iou(_ other: Box) -> Float {
        let shared = intersection(other).area
        let union = area + other.area - shared
        return union > 0 ? shared / union : 0
    }
}
