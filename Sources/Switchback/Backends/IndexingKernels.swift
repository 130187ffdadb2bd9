/// How a scattered value is combined with the existing one.
public enum ScatterReduction: Sendable { case set, add, product, maximum, minimum }

/// Which integers name one of `limit` places.
public struct IndexRange: Sendable, Hashable {
    public var limit: Int
    /// Whether negative numbers count from the end, or are out of range.
    public var wraps = false
    /// A number that names no place, and is in range all the same.
    public var ignored: Int?

    public init(limit: Int, wraps: Bool = false, ignored: Int? = nil) {
        (self.limit, self.wraps, self.ignored) = (limit, wraps, ignored)
    }

    public func contains(_ index: Int) -> Bool {
        (index < limit && index >= (wraps ? -limit : 0)) || index == ignored
    }
}

/// Reading and writing at positions given by int64 arrays. Indices are in range and not negative: the caller has them
/// checked by `checkIndices`, whose outcome may be read only after the kernels that use the indices have run, and
/// passes what `normalizeIndices` made of them.
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
    /// Writes three integers to `outcome`, int64 [3]: the position, in row-major order, of the first index out of
    /// range, or −1; its value; and 1 if an index before it counts from the end, else 0.
    static func checkIndices(_ index: NDArray, _ range: IndexRange, into outcome: NDArray)
    /// `y` = the index, plus the limit where it counts from the end. Instead of one out of range, the number that is
    /// ignored, or else 0: no kernel then touches other memory before the check is read.
    static func normalizeIndices(_ index: NDArray, _ range: IndexRange, into y: NDArray)
}
