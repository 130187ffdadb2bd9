import Switchback

/// Fills polygons on a grid of pixels as OpenCV's `fillPoly` does: corners are cut to whole pixels, spans between edges
/// are filled row by row, and the edges themselves belong to the polygon (drawn after Bresenham, "Algorithm for computer
/// control of a digital plotter", 1965).
package struct PolygonRaster {
    package let height, width: Int
    /// 1 where a polygon lies, row by row.
    package private(set) var pixels: [UInt8]

    package init(height: Int, width: Int) {
        self.height = height
        self.width = width
        pixels = [UInt8](repeating: 0, count: height * width)
    }

    private struct Pixel { var x, y: Int }

    /// An edge that goes down: rows from `top` to before `bottom`, where it is at the top, and how far it goes to the
    /// right with each row, in parts of 1/65536.
    private struct Edge { let top, bottom, start, slope: Int }

    private static let shift = 16

    /// Adds a polygon, whose corners are in pixels.
    package mutating func fill(_ polygon: [PlanePoint]) {
        let corners = polygon.map { Pixel(x: Self.truncated($0.x), y: Self.truncated($0.y)) }
        guard var last = corners.last else { return }
        var edges: [Edge] = []
        for corner in corners {
            let seen = clipped(last, corner)
            if let seen { draw(seen.0, seen.1) }
            if let edge = edge(last, corner, seen) { edges.append(edge) }
            last = corner
        }
        fillSpans(edges.sorted { $0.top < $1.top })
    }

    /// Toward zero; far beyond any image where the number is too large.
    private static func truncated(_ value: Float) -> Int { Int(max(-1e6, min(1e6, value.isNaN ? 0 : value))) }

    /// - Parameter seen: the ends of the part within the grid, where there is one.
    private func edge(_ a: Pixel, _ b: Pixel, _ seen: (Pixel, Pixel)?) -> Edge? {
        if a.y == b.y { return nil }
        var (from, to) = (a, b)
        // The slope of what is seen, so that the span ends where the line is drawn.
        if let seen, seen.0.y != seen.1.y { (from, to) = seen }
        let slope = ((to.x - from.x) << Self.shift) / (to.y - from.y)
        let (top, bottom, anchor) = a.y < b.y ? (a.y, b.y, from) : (b.y, a.y, to)
        return Edge(top: top, bottom: bottom, start: anchor.x << Self.shift + (top - anchor.y) * slope, slope: slope)
    }

    /// Fills every other span between the edges of each row.
    ///
    /// - Parameter edges: sorted by their tops.
    private mutating func fillSpans(_ edges: [Edge]) {
        guard let first = edges.first else { return }
        let end = min(edges.map(\.bottom).max() ?? 0, height)
        var active: [Edge] = []
        var next = 0
        for row in first.top..<max(end, first.top) {
            active.removeAll { $0.bottom <= row }
            while next < edges.count, edges[next].top <= row {
                if edges[next].bottom > row { active.append(edges[next]) }
                next += 1
            }
            if row < 0 { continue }
            let crossings = active.map { $0.start + $0.slope * (row - $0.top) }.sorted()
            for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                let left = max((crossings[pair] + (1 << Self.shift) - 1) >> Self.shift, 0)
                let right = min(crossings[pair + 1] >> Self.shift, width - 1)
                guard left <= right else { continue }
                for column in left...right { pixels[row * width + column] = 1 }
            }
        }
    }

    /// Draws a line whose ends lie within.
    private mutating func draw(_ a: Pixel, _ b: Pixel) {
        var (from, to) = (a, b)
        if to.x < from.x { swap(&from, &to) }
        let (across, down) = (to.x - from.x, abs(to.y - from.y))
        let rowStep = to.y < from.y ? -1 : 1
        let isSteep = down > across
        let (long, short) = isSteep ? (down, across) : (across, down)
        var error = long - 2 * short
        var (x, y) = (from.x, from.y)
        for _ in 0...long {
            pixels[y * width + x] = 1
            let turns = error < 0
            error += (turns ? 2 * long : 0) - 2 * short
            if isSteep || turns { y += rowStep }
            if !isSteep || turns { x += 1 }
        }
    }

    /// The ends of the part of a line within the grid (Cohen and Sutherland); `nil` where there is none.
    private func clipped(_ a: Pixel, _ b: Pixel) -> (Pixel, Pixel)? {
        func isAboveOrBelow(_ p: Pixel) -> Bool { p.y < 0 || p.y >= height }
        func isBeside(_ p: Pixel) -> Bool { p.x < 0 || p.x >= width }
        func sides(_ p: Pixel) -> Int {
            (p.x < 0 ? 1 : 0) | (p.x >= width ? 2 : 0) | (p.y < 0 ? 4 : 0) | (p.y >= height ? 8 : 0)
        }
        var (a, b) = (a, b)
        if sides(a) & sides(b) != 0 { return nil }
        func rowCut(_ p: Pixel, _ other: Pixel) -> Pixel {
            let row = p.y < 0 ? 0 : height - 1
            return Pixel(x: p.x + Int(Double(row - p.y) * Double(other.x - p.x) / Double(other.y - p.y)), y: row)
        }
        func columnCut(_ p: Pixel, _ other: Pixel) -> Pixel {
            let column = p.x < 0 ? 0 : width - 1
            return Pixel(x: column, y: p.y + Int(Double(column - p.x) * Double(other.y - p.y) / Double(other.x - p.x)))
        }
        if isAboveOrBelow(a) { a = rowCut(a, b) }
        if isAboveOrBelow(b) { b = rowCut(b, a) }
        if sides(a) & sides(b) != 0 { return nil }
        if isBeside(a) { a = columnCut(a, b) }
        if isBeside(b) { b = columnCut(b, a) }
        return sides(a) | sides(b) == 0 ? (a, b) : nil
    }

    /// The grid in a size smaller by a whole factor, as OpenCV's bilinear `resize` makes it: of an even factor the mean
    /// of the four pixels in the middle of each block, of which one half counts as 1. Stops where the factor does not
    /// divide both sides.
    package func shrunk(by factor: Int) -> PolygonRaster {
        require(
            factor == 1 || factor % 2 == 0 && height % factor == 0 && width % factor == 0, "shrunk",
            "a grid of \(height)×\(width) cannot be shrunk by \(factor)")
        if factor == 1 { return self }
        var small = PolygonRaster(height: height / factor, width: width / factor)
        for row in 0..<small.height {
            for column in 0..<small.width {
                let corner = (row * factor + factor / 2 - 1) * width + column * factor + factor / 2 - 1
                let sum = pixels[corner] + pixels[corner + 1] + pixels[corner + width] + pixels[corner + width + 1]
                small.pixels[row * small.width + column] = sum >= 2 ? 1 : 0
            }
        }
        return small
    }

    /// How many pixels are filled.
    package var area: Int { pixels.reduce(0) { $0 + Int($1) } }
}

extension [PlanePoint] {
    /// The outline with so many points, as Ultralytics has it: they lie evenly, counted by corners and not by length,
    /// and the corners are among them where the points suffice.
    package func resampled(to count: Int) -> [PlanePoint] {
        guard let first else { return self }
        let closed = self + [first]
        let steps = self.count
        let keepsCorners = count > closed.count
        let even = keepsCorners ? count - closed.count : count
        var positions = keepsCorners ? (0...steps).map(Double.init) : []
        for number in 0..<even { positions.append(Double(steps) * Double(number) / Double(Swift.max(even - 1, 1))) }
        return positions.sorted().map { position in
            let corner = Swift.min(Int(position), steps - 1)
            let share = Float(position - Double(corner))
            return closed[corner] + (closed[corner + 1] - closed[corner]) * share
        }
    }
}
