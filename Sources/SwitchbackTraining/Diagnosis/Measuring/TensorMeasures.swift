import Switchback

// The sums that a diagnosis is made of, in few passes over memory.

extension Tensor {
    /// The sum of the squares of all elements.
    var sumOfSquares: Double {
        let memory = inMemoryOrder.array
        let sum = Tensor.withBackend(memory.backend) { Tensor.zeros([], dtype: .float64) }
        memory.backend.addSumOfSquares(of: memory, to: sum.array)
        return sum.item()
    }

    /// The same elements in the order in which they lie in memory, where that is channels last: no copy is made to read
    /// them one after another.
    private var inMemoryOrder: Tensor {
        guard memoryOrder == .channelsLast else { return self }
        return permute(Shape([0] + Array(2..<rank) + [1]))
    }

    /// How many elements are enough to tell of all in every measured step, and how many are looked at in the first one.
    static let (fewElements, manyElements) = (1 << 16, 1 << 20)

    /// The first examples, about `size` elements; of rows, each of which shows a unit once, at least so many.
    func sample(of size: Int = Tensor.manyElements) -> Tensor {
        guard rank > 1, count > size, shape[0] > 0 else { return self }
        let perExample = Swift.max(1, count / shape[0])
        let least = rank == 2 ? 64 : 1
        return narrow(dim: 0, start: 0, length: Swift.min(shape[0], Swift.max(least, size / perExample)))
    }

    /// The mean of the elements and their standard deviation.
    var meanAndDeviation: (mean: Double, deviation: Double) {
        guard count > 0 else { return (.nan, .nan) }
        let mean = sum().item() / Double(count)
        let variance = sumOfSquares / Double(count) - mean * mean
        return (mean, variance < 0 ? 0 : variance.squareRoot())
    }

    /// How much the elements at a place differ from example to example: the root of their mean variance over the first
    /// dimension; `nil` of a single example.
    var variationOverExamples: Double? {
        guard rank > 1, shape[0] > 1, count > 0 else { return nil }
        return ((self - mean(dim: 0, keepDim: true)).sumOfSquares / Double(count)).squareRoot()
    }

    /// Where an element is 0 or subnormal: smaller than the smallest normal number of its type.
    var isBelowNormal: Tensor { abs().lt(dtype == .float16 ? 6.1035e-5 : 1.1754944e-38) }

    /// The share of elements that lie further than `distance` from `center`.
    func share(fartherThan distance: Double, from center: Double) -> Double {
        (self - center).abs().gt(distance).to(.float32).mean().item()
    }
}
