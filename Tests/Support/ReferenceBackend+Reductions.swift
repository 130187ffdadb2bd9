import Switchback

extension ReferenceBackend {
    public static func reduce(_ reduction: Reduction, _ x: NDArray, into y: NDArray) {
        let groups = x.groups(reducedTo: y.shape)
        if !x.dtype.isFloatingPoint, let (start, combine) = reduction.onIntegers(x.dtype) {
            let elements = x.integers
            y.store(groups.map { $0.reduce(start) { combine($0, elements[$1]) } })
        } else {
            let elements = x.doubles
            y.store(groups.map { group in reduction(group.map { elements[$0] }) })
        }
    }

    public static func argReduce(minimum: Bool, _ x: NDArray, dim: Int, indices: NDArray, values: NDArray) {
        let elements = x.doubles
        let winners = x.lines(along: dim).map { line -> Int in
            line.indices.dropFirst().reduce(0) { best, i in
                isBetter(elements[line[i]], than: elements[line[best]], minimum: minimum) ? i : best
            }
        }
        indices.store(winners.map(Int64.init))
        let positions = zip(x.lines(along: dim), winners).map { $0[$1] }
        if x.dtype.isFloatingPoint {
            values.store(positions.map { elements[$0] })
        } else {
            let integers = x.integers
            values.store(positions.map { integers[$0] })
        }
    }

    public static func meanAndVariance(_ x: NDArray, mean: NDArray, variance: NDArray) {
        let elements = x.doubles
        let groups = x.groups(reducedTo: mean.shape)
        let means = groups.map { group in group.reduce(0) { $0 + elements[$1] } / Double(group.count) }
        mean.store(means)
        variance.store(
            zip(groups, means).map { group, mean in
                group.reduce(0) { $0 + (elements[$1] - mean) * (elements[$1] - mean) } / Double(group.count)
            })
    }
}

/// Whether `a` displaces `b`, which came before it; NaN displaces every number.
private func isBetter(_ a: Double, than b: Double, minimum: Bool) -> Bool {
    if a.isNaN || b.isNaN { return a.isNaN && !b.isNaN }
    return minimum ? a < b : a > b
}

extension Reduction {
    /// The start and the step for integers that must stay exact; `nil` if a `Double` will do.
    fileprivate func onIntegers(_ dtype: DType) -> (start: Int64, combine: (Int64, Int64) -> Int64)? {
        switch self {
        case .sum: (0, { $0 &+ $1 })
        case .product: (1, { $0 &* $1 })
        case .maximum: (dtype.integerRange.lowerBound, { Swift.max($0, $1) })
        case .minimum: (dtype.integerRange.upperBound, { Swift.min($0, $1) })
        default: nil
        }
    }

    fileprivate func callAsFunction(_ elements: [Double]) -> Double {
        switch self {
        case .sum: elements.reduce(0, +)
        case .product: elements.reduce(1, *)
        case .maximum: elements.contains { $0.isNaN } ? .nan : elements.max() ?? -.infinity
        case .minimum: elements.contains { $0.isNaN } ? .nan : elements.min() ?? .infinity
        case .any: elements.contains { $0 != 0 } ? 1 : 0
        case .all: elements.allSatisfy { $0 != 0 } ? 1 : 0
        case .sumOfSquares: elements.reduce(0) { $0 + $1 * $1 }
        case .sumOfMagnitudes: elements.reduce(0) { $0 + Swift.abs($1) }
        case .countNonzero: Double(elements.count { $0 != 0 })
        }
    }
}

extension DType {
    fileprivate var integerRange: ClosedRange<Int64> {
        switch self {
        case .int32: Int64(Int32.min)...Int64(Int32.max)
        case .uint8: 0...255
        case .bool: 0...1
        default: Int64.min...Int64.max
        }
    }
}
