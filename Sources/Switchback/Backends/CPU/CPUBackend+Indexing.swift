import Kernels

extension CPUBackend {
    public static func indexSelect(_ x: NDArray, dim: Int, index: NDArray, into y: NDArray) {
        var source = x.kernelArray
        var positions = index.kernelArray
        var target = y.kernelArray
        sb_index_select(&source, Int32(dim), &positions, &target)
    }

    public static func indexAdd(_ y: NDArray, dim: Int, index: NDArray, source: NDArray, scale: Double) {
        var target = y.kernelArray
        var positions = index.kernelArray
        var values = source.kernelArray
        sb_index_add(&target, Int32(dim), &positions, &values, scale)
    }

    public static func indexCopy(_ y: NDArray, dim: Int, index: NDArray, source: NDArray) {
        var target = y.kernelArray
        var positions = index.kernelArray
        var values = source.kernelArray
        sb_index_copy(&target, Int32(dim), &positions, &values)
    }

    public static func gather(_ x: NDArray, dim: Int, index: NDArray, into y: NDArray) {
        var source = x.kernelArray
        var positions = index.kernelArray
        var target = y.kernelArray
        sb_gather(&source, Int32(dim), &positions, &target)
    }

    public static func scatter(_ reduction: ScatterReduction, _ y: NDArray, dim: Int, index: NDArray, source: NDArray) {
        var target = y.kernelArray
        var positions = index.kernelArray
        var values = source.kernelArray
        sb_scatter(reduction.code, &target, Int32(dim), &positions, &values)
    }

    public static func take(_ x: NDArray, index: NDArray, into y: NDArray) {
        var source = x.kernelArray
        var positions = index.kernelArray
        var target = y.kernelArray
        sb_take(&source, &positions, &target)
    }

    public static func put(_ y: NDArray, index: NDArray, values: NDArray, accumulate: Bool) {
        var target = y.kernelArray
        var positions = index.kernelArray
        var source = values.kernelArray
        sb_put(&target, &positions, &source, accumulate ? 1 : 0)
    }

    public static func nonzero(_ x: NDArray) -> NDArray {
        var source = x.kernelArray
        let result = NDArray(empty: [sb_nonzero(&source, nil), x.rank], dtype: .int64, backend: self)
        var target = result.kernelArray
        sb_nonzero(&source, &target)
        return result
    }

    public static func firstIndexOutOfRange(_ index: NDArray, limit: Int) -> (position: Int, value: Int)? {
        var positions = index.kernelArray
        var culprit: Int64 = 0
        let position = sb_index_out_of_range(&positions, Int64(limit), &culprit)
        return position < 0 ? nil : (position, Int(culprit))
    }

    public static func wrapIndices(_ index: NDArray, limit: Int, into y: NDArray) {
        var positions = index.kernelArray
        var target = y.kernelArray
        sb_wrap_indices(&positions, Int64(limit), &target)
    }
}

extension ScatterReduction {
    fileprivate var code: sb_scatter_op {
        switch self {
        case .set: SB_SCATTER_SET
        case .add: SB_SCATTER_ADD
        case .product: SB_SCATTER_PROD
        case .maximum: SB_SCATTER_MAX
        case .minimum: SB_SCATTER_MIN
        }
    }
}
