/// Matrix products.
public protocol MatmulKernels {
    /// `y = a · b` for each matrix of a batch: a is [batch, m, k], b is [batch, k, n], y is [batch, m, n]. Any strides
    /// for `a` and `b` (0 repeats a matrix), rows dense for `y`; all of one type.
    func matmul(_ a: NDArray, _ b: NDArray, into y: NDArray)
}
