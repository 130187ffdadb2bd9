import Kernels

extension CPUBackend {
    public static func attention(
        query: NDArray, key: NDArray, value: NDArray, mask: NDArray?, isCausal: Bool, scale: Double
    ) -> (y: NDArray, logSum: NDArray)? {
        guard areFloats(mask), areFloats(query, key, value) || areBFloats(query, key, value) else { return nil }
        let operands = [query, key, value].map { $0.cast(to: .float32).withDenseRows() }
        let shape = query.shape.replacing(3, with: value.shape[3])
        // Heads beside each other in memory, if the query has them so, make the result of all heads one dense row.
        let y =
            operands[0].shape == shape
            ? operands[0].emptyLike() : NDArray(empty: shape, dtype: .float32, backend: self)
        let logSum = NDArray(empty: Shape(shape.dropLast()), dtype: .float32, backend: self)
        var (q, k, v) = (operands[0].kernelArray, operands[1].kernelArray, operands[2].kernelArray)
        var target = y.kernelArray
        withExtendedLifetime(operands) {
            withKernelArray(mask) { mask in
                let kernel = query.dtype == .bfloat16 ? sb_attention_rounded : sb_attention
                kernel(&q, &k, &v, mask, isCausal ? 1 : 0, Float(scale), &target, logSum.floats)
            }
        }
        return (y, logSum)
    }

    public static func attentionGradient(
        _ gradient: NDArray, query: NDArray, key: NDArray, value: NDArray, mask: NDArray?, isCausal: Bool,
        scale: Double, y: NDArray, logSum: NDArray
    ) -> (query: NDArray, key: NDArray, value: NDArray)? {
        guard areFloats(gradient, mask), areFloats(query, key, value) || areBFloats(query, key, value) else {
            return nil
        }
        let operands = [gradient, query, key, value, y].map { $0.cast(to: .float32).withDenseRows() }
        let results = operands[1...3].map { $0.emptyLike() }
        var (gy, q, k, v, output) = (
            operands[0].kernelArray, operands[1].kernelArray, operands[2].kernelArray, operands[3].kernelArray,
            operands[4].kernelArray
        )
        var (gq, gk, gv) = (results[0].kernelArray, results[1].kernelArray, results[2].kernelArray)
        withExtendedLifetime(operands) {
            withKernelArray(mask) { mask in
                let kernel = query.dtype == .bfloat16 ? sb_attention_rounded_backward : sb_attention_backward
                kernel(
                    &gy, &q, &k, &v, mask, isCausal ? 1 : 0, Float(scale), &output, logSum.floats, &gq, &gk, &gv)
            }
        }
        return (results[0], results[1], results[2])
    }

    public static func rotary(_ x: NDArray, cosines: NDArray, sines: NDArray, backwards: Bool) -> NDArray? {
        guard areFloats(x, cosines, sines) else { return nil }
        let source = x.withDenseRows()
        let result = source.emptyLike()
        var (from, to) = (source.kernelArray, result.kernelArray)
        withExtendedLifetime(source) { sb_rotary(&from, cosines.floats, sines.floats, backwards ? 1 : 0, &to) }
        return result
    }
}

extension NDArray {
    /// The same elements with those of the last dimension side by side, and no element repeated.
    fileprivate func withDenseRows() -> NDArray {
        let last = rank - 1
        let isDense = strides[last] == 1 && !zip(shape, strides).contains { $0 > 1 && $1 == 0 }
        return isDense ? self : contiguous()
    }
}
