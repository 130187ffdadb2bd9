import Switchback

extension InputRecord {
    /// What a model was given; `nil` of nothing.
    init?(measuring input: Tensor) {
        guard input.count > 0, input.rank > 0 else { return nil }
        let isNumber = input.dtype.isFloatingPoint
        let values = (isNumber ? input : input.to(.float32)).sample()
        let (mean, deviation) = values.meanAndDeviation
        let (smallest, largest) = (values.amin(dim: 0), values.amax(dim: 0))
        let isIndex = !isNumber && input.dtype != .uint8 && input.dtype != .bool
        self.init(
            shape: Array(input.shape), mean: mean.recorded, std: deviation.recorded,
            smallest: smallest.min().item().recorded, largest: largest.max().item().recorded,
            equal: values.shape[0] > 1 ? largest.eq(smallest).to(.float32).mean().item().recorded : 0,
            notFinite: isNumber ? input.notFiniteCount : 0,
            mostFrequent: isIndex ? input.shareOfMostFrequent.recorded : nil,
            repeated: isNumber ? input.shareOfRepeatedRows?.recorded : nil)
    }
}

extension Tensor {
    /// How many numbers of an example are compared, and of how many examples at most.
    private static let (comparedNumbers, comparedRows) = (32, 256)

    /// The share of the first rows that another one is the same as, by some of their numbers, evenly spread; `nil` where
    /// examples have few numbers, and may be the same by chance.
    fileprivate var shareOfRepeatedRows: Double? {
        let rows = Swift.min(shape[0], Self.comparedRows)
        let width = count / shape[0]
        guard rows > 3, width >= 8 else { return nil }
        let chosen = Swift.min(width, Self.comparedNumbers)
        let columns = (0..<chosen).map { $0 * width / chosen }
        let numbers = narrow(dim: 0, start: 0, length: rows).reshape([rows, width])
            .indexSelect(dim: 1, index: Tensor(columns, shape: [chosen]).to(backend)).to(.float32)
            .toArray(as: Float.self)
        var counts: [UInt64: Int] = [:]
        for row in 0..<rows { counts[Self.mark(numbers[row * chosen..<(row + 1) * chosen]), default: 0] += 1 }
        return Double(counts.values.filter { $0 > 1 }.reduce(0, +)) / Double(rows)
    }

    /// A number that next to no other row has (Fowler, Noll and Vo's hash, of whole elements).
    private static func mark(_ row: ArraySlice<Float>) -> UInt64 {
        row.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64(($1 + 0).bitPattern)) &* 0x100_0000_01b3 }
    }

    /// How many elements are NaN or infinite: where there is none, the sum of the squares tells.
    fileprivate var notFiniteCount: Int {
        sumOfSquares.isFinite ? 0 : Int(isfinite().logicalNot().to(.float32).sum().item())
    }

    /// The share of the most frequent of the first integers.
    fileprivate var shareOfMostFrequent: Double {
        let values = reshape([count]).narrow(dim: 0, start: 0, length: Swift.min(count, 4096)).to(.int64)
            .toArray(as: Int64.self)
        var counts: [Int64: Int] = [:]
        for value in values { counts[value, default: 0] += 1 }
        return Double(counts.values.max() ?? 0) / Double(values.count)
    }
}
