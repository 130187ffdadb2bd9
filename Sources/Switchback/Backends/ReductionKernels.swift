/// The kind of a reduction.
public enum Reduction: Sendable {
    case sum, product, maximum, minimum, any, all, sumOfSquares, sumOfMagnitudes, countNonzero
}

/// Reductions over whichever dimensions have size 1 in the result, which keeps the rank of the operand.
public protocol ReductionKernels {
    /// `y` has the type of `x`, but: `bool` for `any` and `all`, int64 for `countNonzero` and for sums and products
    /// of integers. NaN wins a maximum or a minimum.
    static func reduce(_ reduction: Reduction, _ x: NDArray, into y: NDArray)
    /// The int64 position of the first largest (or smallest) element along `dim`; NaN counts as the extreme.
    static func argReduce(minimum: Bool, _ x: NDArray, dim: Int, indices: NDArray, values: NDArray)
    /// The mean and the biased variance (the mean squared deviation).
    static func meanAndVariance(_ x: NDArray, mean: NDArray, variance: NDArray)
}
