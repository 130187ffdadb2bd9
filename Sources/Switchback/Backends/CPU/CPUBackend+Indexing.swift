import Kernels

extension CPUBackend {
    public static func indexSelect(_ x: NDArray, dim: Int, index: NDArray, into y: NDArray) {
        if x.dtype.isComplex { return indexSelect(x.parts, dim: dim, index: index, into: y.parts) }
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
        if y.dtype.isComplex { return indexCopy(y.parts, dim: dim, index: index, source: source.parts) }
        var target = y.kernelArray
        var positions = index.kernelArray
        var values = source.kernelArray
        sb_index_copy(&target, Int32(dim), &positions, &values)
    }

    public static func gather(_ x: NDArray, dim: Int, index: NDArray, into y: NDArray) {
        if x.dtype.isComplex { return gather(x.parts, dim: dim, index: index.forBothParts, into: y.parts) }
        var source = x.kernelArray
        var positions = index.kernelArray
        var target = y.kernelArray
        sb_gather(&source, Int32(dim), &positions, &target)
    }

    public static func scatter(_ reduction: ScatterReduction, _ y: NDArray, dim: Int, index: NDArray, source: NDArray) {
        if y.dtype.isComplex && reduction == .set {
            return scatter(.set, y.parts, dim: dim, index: index.forBothParts, source: source.parts)
        }
        var target = y.kernelArray
        var positions = index.kernelArray
        var values = source.kernelArray
        sb_scatter(reduction.code, &target, Int32(dim), &positions, &values)
    }

    public static func take(_ x: NDArray, index: NDArray, into y: NDArray) {
        if x.dtype.isComplex {
            return indexSelect(x.inOneLine, dim: 0, index: index.inOneLine, into: y.inOneLine)
        }
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

    public static func checkIndices(_ index: NDArray, _ range: IndexRange, into outcome: NDArray) {
        var positions = index.kernelArray
        var range = range.kernelRange
        sb_check_indices(&positions, &range, outcome.pointer(to: Int64.self))
    }

    public static func normalizeIndices(_ index: NDArray, _ range: IndexRange, into y: NDArray) {
        var positions = index.kernelArray
        var range = range.kernelRange
        var target = y.kernelArray
        sb_normalize_indices(&positions, &range, &target)
    }
}

extension IndexRange {
    fileprivate var kernelRange: sb_index_range {
        sb_index_range(
            limit: Int64(limit), ignored: Int64(ignored ?? 0), has_ignored: ignored != nil, wraps: wraps)
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
