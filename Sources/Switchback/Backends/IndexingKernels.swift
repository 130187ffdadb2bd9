/// How a value that is scattered meets what is there.
public enum ScatterReduction: Sendable { case set, add, product, maximum, minimum }

/// Reading and writing at positions given by int64 arrays. Indices are in range and not negative: the caller checks.
public protocol IndexingKernels {
    /// `y[…, i, …] = x[…, index[i], …]` along `dim`.
    static func indexSelect(_ x: NDArray, dim: Int, index: NDArray, into y: NDArray)
    /// `y[…, index[i], …] += scale * source[…, i, …]`, in the order of `i`.
    static func indexAdd(_ y: NDArray, dim: Int, index: NDArray, source: NDArray, scale: Double)
    /// `y[…, index[i], …] = source[…, i, …]`, in the order of `i`.
    static func indexCopy(_ y: NDArray, dim: Int, index: NDArray, source: NDArray)
    /// `y[i, j, …] = x[i, index[i, j, …], …]`, with the index in the place of coordinate `dim`.
    static func gather(_ x: NDArray, dim: Int, index: NDArray, into y: NDArray)
    /// The writing twin of `gather`: `source` has the shape of `index`.
    static func scatter(_ reduction: ScatterReduction, _ y: NDArray, dim: Int, index: NDArray, source: NDArray)
    /// `y[i] = x[index[i]]`, where `index` counts the elements of the contiguous `x`.
    static func take(_ x: NDArray, index: NDArray, into y: NDArray)
    /// The writing twin of `take`; repeated positions are summed if `accumulate`, else the last one stays.
    static func put(_ y: NDArray, index: NDArray, values: NDArray, accumulate: Bool)
    /// The coordinates [count, rank] of the elements that are not zero, int64, in row-major order.
    static func nonzero(_ x: NDArray) -> NDArray
    /// The position and value of the first index outside `-limit ..< limit`.
    static func firstIndexOutOfRange(_ index: NDArray, limit: Int) -> (position: Int, value: Int)?
    /// Adds `limit` to negative indices.
    static func wrapIndices(_ index: NDArray, limit: Int, into y: NDArray)
}
