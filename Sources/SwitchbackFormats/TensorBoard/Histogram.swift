import Switchback

/// How the numbers of a tensor are distributed, as TensorBoard shows it.
public struct Histogram: Sendable, Equatable {
    /// The smallest and the largest number.
    public let minimum: Double
    public let maximum: Double
    /// How many numbers were counted; NaN and infinite ones are not.
    public let count: Int
    public let sum: Double
    public let sumOfSquares: Double
    /// The upper end of each bin; the first begins at the minimum.
    public let limits: [Double]
    /// How many numbers lie in each bin.
    public let counts: [Double]

    /// Counts the finite numbers of a tensor in bins of equal width; `nil` if there are none.
    public init?(of tensor: Tensor, bins: Int = 64) {
        require(bins > 0, "Histogram", "a histogram has at least one bin, not \(bins)")
        let numbers = tensor.toArray(as: Float.self).lazy.filter(\.isFinite)
        guard let first = numbers.first else { return nil }
        var (low, high, total, squares, count) = (first, first, 0.0, 0.0, 0)
        for number in numbers {
            low = Swift.min(low, number)
            high = Swift.max(high, number)
            total += Double(number)
            squares += Double(number) * Double(number)
            count += 1
        }
        (minimum, maximum) = (Double(low), Double(high))
        (sum, sumOfSquares, self.count) = (total, squares, count)
        let (start, width) = (minimum, (maximum - minimum) / Double(bins))
        guard width > 0 else {
            (limits, counts) = ([maximum], [Double(count)])
            return
        }
        var counts = [Double](repeating: 0, count: bins)
        for number in numbers { counts[Swift.min(Int((Double(number) - start) / width), bins - 1)] += 1 }
        self.counts = counts
        limits = (1...bins).map { start + width * Double($0) }
    }

    init(_ message: TensorBoardHistogram) {
        (minimum, maximum) = (message.min, message.max)
        (sum, sumOfSquares) = (message.sum, message.sumSquares)
        count = Int(exactly: message.num) ?? 0
        (limits, counts) = (message.bucketLimit, message.bucket)
    }

    var message: TensorBoardHistogram {
        .with {
            ($0.min, $0.max) = (minimum, maximum)
            ($0.num, $0.sum, $0.sumSquares) = (Double(count), sum, sumOfSquares)
            ($0.bucketLimit, $0.bucket) = (limits, counts)
        }
    }
}
