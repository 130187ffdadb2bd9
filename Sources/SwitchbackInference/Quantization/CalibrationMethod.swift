import SwitchbackFormats

/// How the range of numbers that bytes stand for is found from those that a network computes on images.
public enum CalibrationMethod: String, CaseIterable, Sendable {
    /// From the lowest to the highest number.
    case minMax = "min-max"
    /// Without the outermost ten-thousandth on each side.
    case percentile
    /// The range that leaves the least mean squared error.
    case meanSquaredError = "mse"

    /// The share of numbers that the percentile leaves out on each side.
    private static let tail = 1e-4

    /// The scale of a map whose numbers are distributed so.
    func scale(_ histogram: ActivationHistogram) -> ByteScale {
        switch self {
        case .minMax: return ByteScale(lowest: histogram.lowest, highest: histogram.highest)
        case .percentile:
            let range = histogram.range(without: Self.tail)
            return ByteScale(lowest: range.lowerBound, highest: range.upperBound)
        case .meanSquaredError:
            // Both ends move towards 0 in steps; of all pairs of a coarse grid the best counts.
            let shares = stride(from: Float(1), to: 0.15, by: -0.05)
            let lows = histogram.lowest < 0 ? Array(shares) : [1]
            let candidates = shares.flatMap { high in
                lows.map { ByteScale(lowest: histogram.lowest * $0, highest: histogram.highest * high) }
            }
            return candidates.min { histogram.squaredError($0) < histogram.squaredError($1) }!
        }
    }
}
