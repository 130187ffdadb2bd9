/// The line constant + slope · x with the smallest squares of relative deviations.
struct LinearFit {
    let constant, slope: Double
    /// As a part of what was measured.
    private(set) var largestDeviation = 0.0

    init(_ points: [(x: Double, y: Double)]) {
        // Divided by y, the deviations are 1 - constant / y - slope · x / y: two normal equations.
        var (aa, ab, bb, a, b) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for (x, y) in points {
            let (u, v) = (1 / y, x / y)
            aa += u * u
            ab += u * v
            bb += v * v
            a += u
            b += v
        }
        let determinant = aa * bb - ab * ab
        constant = determinant == 0 ? 0 : (a * bb - b * ab) / determinant
        slope = determinant == 0 ? points[0].y / points[0].x : (b * aa - a * ab) / determinant
        for (x, y) in points { largestDeviation = max(largestDeviation, abs(value(at: x) / y - 1)) }
    }

    func value(at x: Double) -> Double { constant + slope * x }
}
