/// A cumulative operation along one dimension.
public enum Scan: Sendable { case sum, product, maximum, minimum }

/// Kernels that order or accumulate along one dimension.
public protocol ArrangementKernels {
    /// `y[i]` combines `x[0...i]` along `dim`.
    static func scan(_ scan: Scan, _ x: NDArray, dim: Int, into y: NDArray)
    /// A stable sort along `dim`; NaN counts as the greatest. `indices` is int64.
    static func sort(_ x: NDArray, dim: Int, descending: Bool, values: NDArray, indices: NDArray)
    /// The `k` largest (or smallest) along `dim`, in order, where `k` is the size of the results.
    static func topK(_ x: NDArray, dim: Int, largest: Bool, values: NDArray, indices: NDArray)
}
