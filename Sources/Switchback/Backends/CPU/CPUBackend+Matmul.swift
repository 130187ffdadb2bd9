import Kernels

extension CPUBackend {
    public static func matmul(_ a: NDArray, _ b: NDArray, into y: NDArray) {
        switch y.dtype {
        case .float32 where a.dtype == .bfloat16:
            sb_matmul_rounded(
                y.shape[0], y.shape[1], y.shape[2], a.shape[2], a.roundedMatrices, b.roundedMatrices, 0, y.floats,
                y.strides[0], y.strides[1], nil)
        case .float32:
            sb_matmul_batched_f32(
                y.shape[0], y.shape[1], y.shape[2], a.shape[2], 1,
                a.floats, a.strides[0], a.strides[1], a.strides[2],
                b.floats, b.strides[0], b.strides[1], b.strides[2],
                0, y.floats, y.strides[0], y.strides[1])
        case .float64:
            sb_matmul_batched_f64(
                y.shape[0], y.shape[1], y.shape[2], a.shape[2], 1,
                a.pointer(to: Double.self), a.strides[0], a.strides[1], a.strides[2],
                b.pointer(to: Double.self), b.strides[0], b.strides[1], b.strides[2],
                0, y.pointer(to: Double.self), y.strides[0], y.strides[1])
        default:
            matmulConverted(a, b, into: y)
        }
    }

    public static func linear(_ x: NDArray, weight: NDArray, bias: NDArray?, into y: NDArray) {
        guard y.dtype == .float32, bias?.isContiguous ?? true else {
            return linearComposed(x, weight: weight, bias: bias, into: y)
        }
        var epilogue = sb_epilogue(
            column_bias: bias.map { UnsafePointer($0.floats) }, activation: SB_ACT_NONE)
        if x.dtype == .bfloat16 {
            return sb_matmul_rounded(
                1, y.shape[0], y.shape[1], x.shape[1], x.roundedMatrix, weight.permuted([1, 0]).roundedMatrix, 0,
                y.floats,
                0, y.strides[0], &epilogue)
        }
        sb_matmul_f32(
            y.shape[0], y.shape[1], x.shape[1], 1, x.floats, x.strides[0], x.strides[1],
            weight.floats, weight.strides[1], weight.strides[0], 0, y.floats, y.strides[0], &epilogue)
    }

    /// The short floats through float32, integers through int64.
    private static func matmulConverted(_ a: NDArray, _ b: NDArray, into y: NDArray) {
        let type: DType = y.dtype.isFloatingPoint ? .float32 : .int64
        if y.dtype == .int64 {
            sb_matmul_batched_i64(
                y.shape[0], y.shape[1], y.shape[2], a.shape[2],
                a.pointer(to: Int64.self), a.strides[0], a.strides[1], a.strides[2],
                b.pointer(to: Int64.self), b.strides[0], b.strides[1], b.strides[2],
                y.pointer(to: Int64.self), y.strides[0], y.strides[1])
            return
        }
        let wide = NDArray(empty: y.shape, dtype: type, backend: self)
        matmul(a.cast(to: type), b.cast(to: type), into: wide)
        copy(wide, into: y)
    }
}

extension NDArray {
    /// A batch of matrices, of float32 or bfloat16, as an operand that is rounded to bfloat16.
    fileprivate var roundedMatrices: sb_rounded { rounded(batch: strides[0], row: strides[1], column: strides[2]) }

    /// The same of one matrix.
    var roundedMatrix: sb_rounded { rounded(batch: 0, row: strides[0], column: strides[1]) }

    private func rounded(batch: Int, row: Int, column: Int) -> sb_rounded {
        sb_rounded(data: pointer, dtype: kernelArray.dtype, batch: batch, row: row, col: column)
    }
}
