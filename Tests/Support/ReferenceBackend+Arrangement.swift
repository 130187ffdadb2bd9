import Switchback

extension ReferenceBackend {
    public static func scan(_ scan: Scan, _ x: NDArray, dim: Int, into y: NDArray) {
        if y.dtype.isFloatingPoint {
            y.store(running(x.doubles, along: x.lines(along: dim), scan.onDoubles))
        } else {
            y.store(running(x.integers, along: x.lines(along: dim), scan.onIntegers))
        }
    }

    private static func running<N>(_ elements: [N], along lines: [[Int]], _ combine: (N, N) -> N) -> [N] {
        var results = elements
        for line in lines {
            for (previous, position) in zip(line, line.dropFirst()) {
                results[position] = combine(results[previous], results[position])
            }
        }
        return results
    }

    public static func sort(_ x: NDArray, dim: Int, descending: Bool, values: NDArray, indices: NDArray) {
        arrange(x, dim: dim, descending: descending, values: values, indices: indices)
    }

    public static func topK(_ x: NDArray, dim: Int, largest: Bool, values: NDArray, indices: NDArray) {
        arrange(x, dim: dim, descending: largest, values: values, indices: indices)
    }

    /// Sorts each line and keeps as many of its elements as the results have room for.
    private static func arrange(_ x: NDArray, dim: Int, descending: Bool, values: NDArray, indices: NDArray) {
        let keys = x.doubles
        let integers = x.integers
        var sorted = [Double](repeating: 0, count: values.count)
        var sortedIntegers = [Int64](repeating: 0, count: values.count)
        var places = [Int64](repeating: 0, count: values.count)
        for (line, target) in zip(x.lines(along: dim), values.lines(along: dim)) {
            let order = line.indices.sorted { i, j in
                let (a, b) = (keys[line[i]], keys[line[j]])
                return comesBefore(a, b, descending) || (!comesBefore(b, a, descending) && i < j)
            }
            for (place, i) in zip(target, order) {
                sorted[place] = keys[line[i]]
                sortedIntegers[place] = integers[line[i]]
                places[place] = Int64(i)
            }
        }
        if x.dtype.isFloatingPoint { values.store(sorted) } else { values.store(sortedIntegers) }
        indices.store(places)
    }
}

/// NaN counts as the greatest.
private func comesBefore(_ a: Double, _ b: Double, _ descending: Bool) -> Bool {
    if a.isNaN || b.isNaN { return descending ? a.isNaN && !b.isNaN : !a.isNaN && b.isNaN }
    return descending ? a > b : a < b
}

extension Scan {
    fileprivate var onDoubles: (Double, Double) -> Double {
        switch self {
        case .sum: { $0 + $1 }
        case .product: { $0 * $1 }
        case .maximum: { $0.isNaN || $1.isNaN ? .nan : Swift.max($0, $1) }
        case .minimum: { $0.isNaN || $1.isNaN ? .nan : Swift.min($0, $1) }
        }
    }

    fileprivate var onIntegers: (Int64, Int64) -> Int64 {
        switch self {
        case .sum: { $0 &+ $1 }
        case .product: { $0 &* $1 }
        case .maximum: { Swift.max($0, $1) }
        case .minimum: { Swift.min($0, $1) }
        }
    }
}
