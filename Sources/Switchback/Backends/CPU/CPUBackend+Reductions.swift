import Kernels

extension CPUBackend {
    public static func reduce(_ reduction: Reduction, _ x: NDArray, into y: NDArray) {
        var source = x.kernelArray
        var target = y.kernelArray
        sb_reduce(reduction.code, &source, &target)
    }

    public static func argReduce(minimum: Bool, _ x: NDArray, dim: Int, indices: NDArray, values: NDArray) {
        var source = x.kernelArray
        var positions = indices.kernelArray
        var extremes = values.kernelArray
        sb_arg_reduce(minimum ? 1 : 0, &source, Int32(dim), &positions, &extremes)
    }

    public static func meanAndVariance(_ x: NDArray, mean: NDArray, variance: NDArray) {
        var source = x.kernelArray
        var first = mean.kernelArray
        var second = variance.kernelArray
        sb_mean_variance(&source, &first, &second)
    }
}

extension Reduction {
    fileprivate var code: sb_reduce_op {
        switch self {
        case .sum: SB_SUM
        case .product: SB_PROD
        case .maximum: SB_MAX
        case .minimum: SB_MIN
        case .any: SB_ANY
        case .all: SB_ALL
        case .sumOfSquares: SB_SUM_SQUARES
        case .sumOfMagnitudes: SB_SUM_ABS
        case .countNonzero: SB_COUNT_NONZERO
        }
    }
}
