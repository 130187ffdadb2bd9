import Switchback

extension InputRecord {
    /// What a model was given; `nil` of nothing.
    ///
    /// - Parameters:
    ///   - marks: those of its examples.
    ///   - unseen: the share of its examples that no measured step before had, where they are those of a training.
    init?(measuring input: Tensor, marks: [UInt64]?, unseen: Double? = nil) {
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
            repeated: isNumber ? marks.flatMap(Self.repeatedShare)?.recorded : nil,
            blank: isNumber ? values.shareOfBlankRows?.recorded : nil,
            unseen: unseen?.recorded)
    }

    /// The share of examples that another one is the same as; `nil` of too few to tell.
    private static func repeatedShare(_ marks: [UInt64]) -> Double? {
        guard marks.count > 3 else { return nil }
        var counts: [UInt64: Int] = [:]
        for mark in marks { counts[mark, default: 0] += 1 }
        return Double(counts.values.filter { $0 > 1 }.reduce(0, +)) / Double(marks.count)
    }
}

extension Tensor {
    /// The share of examples whose numbers are all the same; `nil` where they have few.
    fileprivate var shareOfBlankRows: Double? {
        guard shape[0] > 0, count / shape[0] >= 16 else { return nil }
        let rows = reshape([shape[0], count / shape[0]])
        return rows.amax(dim: 1).eq(rows.amin(dim: 1)).to(.float32).mean().item()
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
