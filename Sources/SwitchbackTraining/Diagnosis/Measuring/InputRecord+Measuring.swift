import Switchback

extension InputRecord {
    /// What a model was given; `nil` of nothing.
    init?(measuring input: Tensor) {
        guard input.count > 0, input.rank > 0 else { return nil }
        let isNumber = input.dtype.isFloatingPoint
        let values = (isNumber ? input : input.to(.float32)).sample
        let (mean, deviation) = values.meanAndDeviation
        let isIndex = !isNumber && input.dtype != .uint8 && input.dtype != .bool
        self.init(
            shape: Array(input.shape), mean: mean.recorded, std: deviation.recorded,
            smallest: values.min().item().recorded, largest: values.max().item().recorded,
            equal: values.shape[0] > 1
                ? values.amax(dim: 0).eq(values.amin(dim: 0)).to(.float32).mean().item().recorded : 0,
            notFinite: isNumber ? Int(input.isfinite().logicalNot().to(.float32).sum().item()) : 0,
            mostFrequent: isIndex ? input.shareOfMostFrequent.recorded : nil)
    }
}

extension Tensor {
    /// The share of the most frequent of the first integers.
    fileprivate var shareOfMostFrequent: Double {
        let values = reshape([count]).narrow(dim: 0, start: 0, length: Swift.min(count, 4096)).to(.int64)
            .toArray(as: Int64.self)
        var counts: [Int64: Int] = [:]
        for value in values { counts[value, default: 0] += 1 }
        return Double(counts.values.max() ?? 0) / Double(values.count)
    }
}
