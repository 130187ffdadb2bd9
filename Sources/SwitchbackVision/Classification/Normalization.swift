import Switchback

/// Normalizes inputs to mean 0 and variance 1: each channel of images, each column of tables.
public struct Normalization: Codable, Sendable {
    public var mean: [Double]
    public var standardDeviation: [Double]

    init(mean: [Double], standardDeviation: [Double]) {
        self.mean = mean
        self.standardDeviation = standardDeviation
    }

    /// The statistics of inputs [N, C, H, W] or [N, columns]. A channel that never varies is only shifted; an example
    /// that is a thousand times as large as the usual one is left out, and named in a warning.
    public init(of all: Tensor) {
        let outliers = all.dtype.isFloatingPoint ? ExampleRange(of: all).outliers : []
        var inputs = all
        if let first = outliers.first {
            let others = outliers.count > 1 ? " and \(outliers.count - 1) others" : ""
            Diagnostics.warn(
                "example \(first)\(others) of the training data is a thousand times as large as the usual one, and was "
                    + "left out of the normalization")
            let kept = Set(0..<all.shape[0]).subtracting(outliers).sorted()
            inputs = all.indexSelect(dim: 0, index: Tensor(kept, shape: [kept.count]))
        }
        let dims = [0] + Array(2..<max(inputs.rank, 2))
        let channels: Shape = [inputs.shape[1]]
        var sum = inputs.newZeros(channels, dtype: .float64)
        var squares = sum
        // In portions, because float64 takes up to eight times the memory of what is in the file.
        for part in inputs.split(4096) {
            let part = part.to(.float64)
            sum = sum + part.sum(dims: dims)
            squares = squares + (part * part).sum(dims: dims)
        }
        let count = Double(max(1, inputs.count / max(1, inputs.shape[1])))
        mean = sum.toArray(as: Double.self).map { $0 / count }
        standardDeviation = zip(squares.toArray(as: Double.self), mean).map { square, mean in
            let variance = square / count - mean * mean
            return variance > 1e-12 * max(1, mean * mean) ? variance.squareRoot() : 1
        }
    }

    /// Whether float32 can hold its numbers, with room for what a network does with the results.
    var isUsable: Bool {
        mean.allSatisfy { $0.magnitude < 1e30 } && standardDeviation.allSatisfy { 1e-30 < $0 && $0 < 1e30 }
            && zip(mean, standardDeviation).allSatisfy { ($0 / $1).magnitude < 1e15 }
    }

    /// Inputs [N, …] of any element type, as normalized float32.
    func apply(to inputs: Tensor) -> Tensor {
        let shape = Shape([mean.count] + [Int](repeating: 1, count: inputs.rank - 2))
        let shift = Tensor(mean.map { Float($0) }, shape: shape, like: inputs)
        let scale = Tensor(standardDeviation.map { Float(1 / $0) }, shape: shape, like: inputs)
        return (inputs.to(.float32) - shift) * scale
    }
}
