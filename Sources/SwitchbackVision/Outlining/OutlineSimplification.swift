extension [PlanePoint] {
    /// The closed outline with fewer corners: none of those that are left out lies farther from it than a tolerance
    /// (Douglas and Peucker, "Algorithms for the reduction of the number of points required to represent a digitized line",
    /// 1973).
    ///
    /// - Parameter tolerance: in units of the outline; by default three quarters of a pixel, and more of long ones.
    package func simplified(tolerance: Float? = nil) -> [PlanePoint] {
        guard count > 3 else { return self }
        let length = zip(self, dropFirst() + prefix(1)).reduce(Float(0)) { $0 + Self.distance($1.0, $1.1) }
        let tolerance = tolerance ?? Swift.max(0.75, length / 600)
        // A closed outline has no ends: the corner farthest from the first one is the other.
        let far = indices.max { Self.distance(self[$0], self[0]) < Self.distance(self[$1], self[0]) } ?? 0
        let closed = self + [self[0]]
        var isKept = [Bool](repeating: false, count: closed.count)
        for end in [0, far, count] { isKept[end] = true }
        var open = [(0, far), (far, count)]
        while let (from, to) = open.popLast() {
            guard to - from > 1 else { continue }
            let inner = from + 1..<to
            let distances = inner.map { Self.distance(closed[$0], from: closed[from], to: closed[to]) }
            guard let place = distances.indices.max(by: { distances[$0] < distances[$1] }), distances[place] > tolerance
            else { continue }
            isKept[inner.lowerBound + place] = true
            open += [(from, inner.lowerBound + place), (inner.lowerBound + place, to)]
        }
        return indices.filter { isKept[$0] }.map { self[$0] }
    }

    private static func distance(_ a: PlanePoint, _ b: PlanePoint) -> Float { ((a - b) * (a - b)).sum().squareRoot() }

    /// The distance of a point from a line between two.
    private static func distance(_ point: PlanePoint, from a: PlanePoint, to b: PlanePoint) -> Float {
        let line = b - a
        let length = (line * line).sum()
        if length == 0 { return distance(point, a) }
        let share = Swift.min(1, Swift.max(0, ((point - a) * line).sum() / length))
        return distance(point, a + share * line)
    }
}
