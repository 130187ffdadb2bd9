/// Matrix products.
public protocol MatmulKernels {
    /// `y = a · b` for each matrix of a batch: a is [batch, m, k], b is [batch, k, n], y is [batch, m, n]. Any strides
    /// for `a` and `b` (0 repeats a matrix), rows dense for `y`; all of one type, or operands of bfloat16 with sums and
    /// results in float32.
    static func matmul(_ a: NDArray, _ b: NDArray, into y: NDArray)
    /// `y = x · weightᵀ + bias`: x is [m, k], weight [n, k], bias [n] or none, y is [m, n], its rows dense.
    /// Types as those of `matmul`; the bias is of y's.
    static func linear(_ x: NDArray, weight: NDArray, bias: NDArray?, into y: NDArray)
    /// The products of all matrices of a batch whose dimensions broadcast, [..., m, k] × [..., k, n], of the shape
    /// given; `nil` if the backend walks one batch dimension at a time, by `matmul`.
    static func matmul(_ a: NDArray, _ b: NDArray, outputShape: Shape) -> NDArray?
}

extension MatmulKernels {
    public static func matmul(_ a: NDArray, _ b: NDArray, outputShape: Shape) -> NDArray? { nil }
}

extension MatmulKernels where Self: ElementwiseKernels {
    public static func linear(_ x: NDArray, weight: NDArray, bias: NDArray?, into y: NDArray) {
        linearComposed(x, weight: weight, bias: bias, into: y)
    }

    static func linearComposed(_ x: NDArray, weight: NDArray, bias: NDArray?, into y: NDArray) {
        matmul(x.unsqueezed(at: 0), weight.permuted([1, 0]).unsqueezed(at: 0), into: y.unsqueezed(at: 0))
        if let bias { binary(.add, y, bias.expanded(to: y.shape), into: y) }
    }
}
