/// Fused softmax along one dimension; `nil` for element types that are not covered, as the default does for all.
public protocol SoftmaxKernels {
    /// e^x / Σ e^x, or its logarithm.
    static func softmax(_ x: NDArray, dim: Int, logarithm: Bool) -> NDArray?
    /// The gradient of x from that of `output`, the result of the forward kernel.
    static func softmaxGradient(_ gradient: NDArray, output: NDArray, dim: Int, logarithm: Bool) -> NDArray?
}

extension SoftmaxKernels {
    public static func softmax(_ x: NDArray, dim: Int, logarithm: Bool) -> NDArray? { nil }

    public static func softmaxGradient(_ gradient: NDArray, output: NDArray, dim: Int, logarithm: Bool) -> NDArray? {
        nil
    }
}
