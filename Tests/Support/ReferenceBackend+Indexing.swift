import Switchback

extension ReferenceBackend {
    public static func indexSelect(_ x: NDArray, dim: Int, index: NDArray, into y: NDArray) {
        let positions = index.integers.map(Int.init)
        var origins = [Int](repeating: 0, count: y.count)
        for (from, to) in zip(x.lines(along: dim), y.lines(along: dim)) {
            for (place, position) in zip(to, positions) { origins[place] = from[position] }
        }
        move(x, from: origins, into: y)
    }

    public static func indexAdd(_ y: NDArray, dim: Int, index: NDArray, source: NDArray, scale: Double) {
        combine(.add, y, at: slicePlaces(y, dim, index, source), source, scale: scale)
    }

    public static func indexCopy(_ y: NDArray, dim: Int, index: NDArray, source: NDArray) {
        combine(.set, y, at: slicePlaces(y, dim, index, source), source)
    }

    public static func gather(_ x: NDArray, dim: Int, index: NDArray, into y: NDArray) {
        move(x, from: elementPlaces(x.shape, dim, index), into: y)
    }

    public static func scatter(_ reduction: ScatterReduction, _ y: NDArray, dim: Int, index: NDArray, source: NDArray) {
        combine(reduction, y, at: elementPlaces(y.shape, dim, index), source)
    }

    public static func take(_ x: NDArray, index: NDArray, into y: NDArray) {
        move(x, from: index.integers.map(Int.init), into: y)
    }

    public static func put(_ y: NDArray, index: NDArray, values: NDArray, accumulate: Bool) {
        combine(accumulate ? .add : .set, y, at: index.integers.map(Int.init), values)
    }

    public static func nonzero(_ x: NDArray) -> NDArray {
        let found = zip(coordinates(of: x.shape), x.doubles).filter { $0.1 != 0 }.map(\.0)
        let result = NDArray(empty: [found.count, x.rank], dtype: .int64, backend: self)
        result.store(found.joined().map(Int64.init))
        return result
    }

    public static func checkIndices(_ index: NDArray, _ range: IndexRange, into outcome: NDArray) {
        let values = index.integers.map(Int.init)
        let position = values.firstIndex { !range.contains($0) }
        let countsFromEnd = range.wraps && values.prefix(position ?? values.count).contains { $0 < 0 }
        outcome.store([Int64(position ?? -1), Int64(position.map { values[$0] } ?? 0), countsFromEnd ? 1 : 0])
    }

    public static func normalizeIndices(_ index: NDArray, _ range: IndexRange, into y: NDArray) {
        y.store(
            index.integers.map { value in
                if !range.contains(Int(value)) { return Int64(range.ignored ?? 0) }
                return range.wraps && value < 0 ? value + Int64(range.limit) : value
            })
    }

    // MARK: Places, in row-major numbering

    /// Where each element of `source` belongs in `y`, whose slices along `dim` the index names.
    private static func slicePlaces(_ y: NDArray, _ dim: Int, _ index: NDArray, _ source: NDArray) -> [Int] {
        let positions = index.integers.map(Int.init)
        var places = [Int](repeating: 0, count: source.count)
        for (from, to) in zip(source.lines(along: dim), y.lines(along: dim)) {
            for (element, position) in zip(from, positions) { places[element] = to[position] }
        }
        return places
    }

    /// For each index, the element of an array of `shape` that has the index as coordinate `dim` and the index's own
    /// coordinates otherwise.
    private static func elementPlaces(_ shape: Shape, _ dim: Int, _ index: NDArray) -> [Int] {
        let strides = shape.contiguousStrides
        return zip(coordinates(of: index.shape), index.integers).map { coordinates, position in
            zip(coordinates, strides).enumerated().reduce(0) { sum, term in
                sum + (term.offset == dim ? Int(position) : term.element.0) * term.element.1
            }
        }
    }

    private static func coordinates(of shape: Shape) -> [[Int]] {
        shape.reduce([[]]) { prefixes, size in prefixes.flatMap { prefix in (0..<size).map { prefix + [$0] } } }
    }

    // MARK: Movement

    private static func move(_ x: NDArray, from origins: [Int], into y: NDArray) {
        if y.dtype.isFloatingPoint {
            let elements = x.doubles
            y.store(origins.map { elements[$0] })
        } else {
            let elements = x.integers
            y.store(origins.map { elements[$0] })
        }
    }

    private static func combine(
        _ reduction: ScatterReduction, _ y: NDArray, at places: [Int], _ source: NDArray, scale: Double = 1
    ) {
        if y.dtype.isFloatingPoint {
            var elements = y.doubles
            for (place, value) in zip(places, source.doubles) {
                elements[place] = reduction(elements[place], value * scale)
            }
            y.store(elements)
        } else {
            var elements = y.integers
            for (place, value) in zip(places, source.integers) {
                elements[place] = reduction(elements[place], value &* Int64(scale))
            }
            y.store(elements)
        }
    }
}

extension ScatterReduction {
    fileprivate func callAsFunction(_ old: Double, _ value: Double) -> Double {
        switch self {
        case .set: value
        case .add: old + value
        case .product: old * value
        case .maximum: old.isNaN || value.isNaN ? .nan : Swift.max(old, value)
        case .minimum: old.isNaN || value.isNaN ? .nan : Swift.min(old, value)
        }
    }

    fileprivate func callAsFunction(_ old: Int64, _ value: Int64) -> Int64 {
        switch self {
        case .set: value
        case .add: old &+ value
        case .product: old &* value
        case .maximum: Swift.max(old, value)
        case .minimum: Swift.min(old, value)
        }
    }
}
