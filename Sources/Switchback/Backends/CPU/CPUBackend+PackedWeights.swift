import Kernels

extension CPUBackend {
    public static func quantize(_ matrix: NDArray, bits: Int) -> QuantizedArray? {
        let (n, k) = (matrix.shape[0], matrix.shape[1])
        let result = QuantizedArray(
            n: n, k: k, bits: bits,
            numbers: NDArray(empty: [sb_quantized_bytes(n, k, Int32(bits))], dtype: .uint8, backend: self),
            scales: NDArray(empty: [sb_quantized_scales(n, k)], dtype: .bfloat16, backend: self))
        result.withKernelMatrix { sb_quantize(matrix.floats, matrix.strides[0], matrix.strides[1], $0) }
        return result
    }

    public static func rows(_ rows: NDArray, of matrix: QuantizedArray) -> NDArray {
        let rows = rows.contiguous()
        let result = NDArray(empty: [rows.count, matrix.k], dtype: .float32, backend: self)
        matrix.withKernelMatrix { sb_quantized_rows($0, rows.count, rows.pointer(to: Int64.self), result.floats) }
        return result
    }

    public static func linear(_ x: NDArray, _ matrix: QuantizedArray, bias: NDArray?) -> NDArray {
        let (x, bias) = (x.contiguous(), bias?.contiguous())
        let result = NDArray(empty: [x.shape[0], matrix.n], dtype: .float32, backend: self)
        matrix.withKernelMatrix { sb_quantized_linear(x.shape[0], x.floats, $0, bias?.floats, result.floats) }
        return result
    }

    public static func linear(_ x: NDArray, bfloatWeight weight: NDArray, bias: NDArray?) -> NDArray? {
        let (x, weight, bias) = (x.contiguous(), weight.contiguous(), bias?.contiguous())
        let result = NDArray(empty: [x.shape[0], weight.shape[0]], dtype: .float32, backend: self)
        sb_bfloat_linear(
            x.shape[0], weight.shape[0], weight.shape[1], x.floats, weight.pointer(to: UInt16.self), bias?.floats,
            result.floats)
        return result
    }
}

extension QuantizedArray {
    /// Calls `body` with the matrix as kernels see it.
    fileprivate func withKernelMatrix(_ body: (UnsafePointer<sb_quantized>) -> Void) {
        var matrix = sb_quantized(
            n: n, k: k, bits: Int32(bits), numbers: numbers.pointer(to: UInt8.self),
            scales: scales.pointer(to: UInt16.self))
        withExtendedLifetime((numbers, scales)) { body(&matrix) }
    }
}
