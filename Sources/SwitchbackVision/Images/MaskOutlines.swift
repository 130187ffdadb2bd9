extension InstanceMask {
    /// The outer outlines of the mask's connected parts, in pixels of the image, the largest part first. Corners are the
    /// centers of pixels on the border; those between neighbors in one line are left out (Suzuki and Abe, "Topological
    /// structural analysis of digitized binary images", 1985, border following).
    public var outlines: [[PlanePoint]] {
        var isKnown = [Bool](repeating: false, count: height * width)
        var found: [(outline: [PlanePoint], size: Int)] = []
        for start in pixels.indices where pixels[start] > 0 && !isKnown[start] {
            let size = mark(from: start, &isKnown)
            found.append((straightened(border(from: start)), size))
        }
        return found.sorted { $0.size > $1.size }.map(\.outline)
    }

    /// All parts in one outline, which goes from part to part and back on the shortest way; empty where the mask has
    /// no area.
    public var outline: [PlanePoint] {
        [PlanePoint].joined(outlines.filter { $0.count > 2 })
    }

    /// The neighbors of a pixel, clockwise from the right one.
    private static let directions = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)]

    private func isOn(_ x: Int, _ y: Int) -> Bool {
        x >= 0 && y >= 0 && x < width && y < height && pixels[y * width + x] > 0
    }

    /// Marks a connected part, and counts its pixels.
    private func mark(from start: Int, _ isKnown: inout [Bool]) -> Int {
        var (open, count) = ([start], 0)
        isKnown[start] = true
        while let pixel = open.popLast() {
            count += 1
            let (x, y) = (pixel % width, pixel / width)
            for (dx, dy) in Self.directions where isOn(x + dx, y + dy) {
                let next = (y + dy) * width + x + dx
                if !isKnown[next] {
                    isKnown[next] = true
                    open.append(next)
                }
            }
        }
        return count
    }

    /// The pixels along the outer border, clockwise from the first one of the part.
    private func border(from start: Int) -> [(x: Int, y: Int)] {
        let first = (x: start % width, y: start / width)
        var points = [first]
        var (place, heading) = (first, 7)
        // At most each pixel from each side.
        for _ in 0..<8 * pixels.count {
            // From the one behind, to the left, on.
            let turns = (0..<8).map { (heading + 6 + $0) % 8 }
            guard
                let turn = turns.first(where: {
                    isOn(place.x + Self.directions[$0].0, place.y + Self.directions[$0].1)
                })
            else { break }
            place = (place.x + Self.directions[turn].0, place.y + Self.directions[turn].1)
            heading = turn
            if place == first && isClosed(points, turn) { break }
            points.append(place)
        }
        return points
    }

    /// Whether a border that has come back to its start goes on as it began: it may pass there more than once.
    private func isClosed(_ points: [(x: Int, y: Int)], _ heading: Int) -> Bool {
        guard points.count > 1 else { return true }
        let turns = (0..<8).map { (heading + 6 + $0) % 8 }
        let next = turns.first { isOn(points[0].x + Self.directions[$0].0, points[0].y + Self.directions[$0].1) }
        guard let next else { return true }
        return points[0].x + Self.directions[next].0 == points[1].x
            && points[0].y + Self.directions[next].1 == points[1].y
    }

    /// The corners of a border in the image's pixels.
    private func straightened(_ border: [(x: Int, y: Int)]) -> [PlanePoint] {
        let count = border.count
        return border.indices.compactMap { index in
            let (before, here, after) = (
                border[(index + count - 1) % count], border[index], border[(index + 1) % count]
            )
            let isStraight = here.x - before.x == after.x - here.x && here.y - before.y == after.y - here.y
            if isStraight && count > 2 { return nil }
            return PlanePoint(Float(left + here.x), Float(top + here.y))
        }
    }
}

extension [PlanePoint] {
    /// Polygons as one, which goes from each to the next and back on the shortest way between two of their corners.
    static func joined(_ parts: [[PlanePoint]]) -> [PlanePoint] {
        guard var whole = parts.first else { return [] }
        for part in parts.dropFirst() where !part.isEmpty {
            var (best, here, there) = (Float.infinity, 0, 0)
            for (i, a) in whole.enumerated() {
                for (j, b) in part.enumerated() {
                    let distance = ((a - b) * (a - b)).sum()
                    if distance < best { (best, here, there) = (distance, i, j) }
                }
            }
            let loop = Array(part[there...] + part[...there])
            whole = Array(whole[...here]) + loop + Array(whole[here...])
        }
        return whole
    }
}
