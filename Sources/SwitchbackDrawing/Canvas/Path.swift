/// An outline of lines, curves and arcs, to be filled or stroked.
public struct Path: Sendable {
    enum Element: Sendable {
        case move(Point)
        case line(Point)
        case curve(Point, Point, Point)
        case arc(center: Point, radius: Double, from: Double, to: Double)
        case close
    }

    private(set) var elements: [Element] = []

    public init() {}

    // MARK: Step by step

    public mutating func move(to point: Point) { elements.append(.move(point)) }

    public mutating func line(to point: Point) { elements.append(.line(point)) }

    /// A cubic Bézier curve with two control points.
    public mutating func curve(to point: Point, _ first: Point, _ second: Point) {
        elements.append(.curve(first, second, point))
    }

    /// Part of a circle, clockwise between two angles in radians, of which 0 points to the right; a line leads there.
    public mutating func arc(center: Point, radius: Double, from: Double, to: Double) {
        elements.append(.arc(center: center, radius: radius, from: from, to: to))
    }

    public mutating func close() { elements.append(.close) }

    // MARK: Whole shapes

    public static func line(from start: Point, to end: Point) -> Path { lines([start, end]) }

    /// Straight lines from point to point.
    public static func lines(_ points: [Point]) -> Path {
        var path = Path()
        for (i, point) in points.enumerated() { i == 0 ? path.move(to: point) : path.line(to: point) }
        return path
    }

    public static func polygon(_ points: [Point]) -> Path {
        var path = lines(points)
        path.close()
        return path
    }

    public static func circle(_ center: Point, radius: Double) -> Path {
        var path = Path()
        path.move(to: Point(center.x + radius, center.y))
        path.arc(center: center, radius: radius, from: 0, to: 2 * .pi)
        path.close()
        return path
    }

    public static func rectangle(_ rectangle: Rectangle, cornerRadius: Double = 0) -> Path {
        let r = min(cornerRadius, rectangle.width / 2, rectangle.height / 2)
        let (left, top, right, bottom) = (rectangle.x, rectangle.y, rectangle.maxX, rectangle.maxY)
        if r <= 0 {
            return polygon([Point(left, top), Point(right, top), Point(right, bottom), Point(left, bottom)])
        }
        var path = Path()
        path.move(to: Point(left + r, top))
        path.arc(center: Point(right - r, top + r), radius: r, from: -.pi / 2, to: 0)
        path.arc(center: Point(right - r, bottom - r), radius: r, from: 0, to: .pi / 2)
        path.arc(center: Point(left + r, bottom - r), radius: r, from: .pi / 2, to: .pi)
        path.arc(center: Point(left + r, top + r), radius: r, from: .pi, to: 1.5 * .pi)
        path.close()
        return path
    }
}
