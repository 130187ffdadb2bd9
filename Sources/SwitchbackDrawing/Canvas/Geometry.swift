/// A place on a canvas, from its top left corner: `x` to the right, `y` down, in units of one pixel at scale 1.
public struct Point: Hashable, Sendable {
    public var x, y: Double

    public init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }
}

public struct Size: Hashable, Sendable {
    public var width, height: Double

    public init(_ width: Double, _ height: Double) {
        self.width = width
        self.height = height
    }
}

/// A rectangle whose sides lie along those of the canvas.
public struct Rectangle: Hashable, Sendable {
    public var x, y, width, height: Double

    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    public init(_ size: Size) { self.init(x: 0, y: 0, width: size.width, height: size.height) }

    public var maxX: Double { x + width }
    public var maxY: Double { y + height }
    public var center: Point { Point(x + width / 2, y + height / 2) }

    /// The rectangle without a margin on each side.
    public func inset(top: Double = 0, left: Double = 0, bottom: Double = 0, right: Double = 0) -> Rectangle {
        Rectangle(x: x + left, y: y + top, width: max(width - left - right, 0), height: max(height - top - bottom, 0))
    }

    /// The rectangle without the same margin on all sides.
    public func inset(_ margin: Double) -> Rectangle {
        inset(top: margin, left: margin, bottom: margin, right: margin)
    }
}
