import Kernels

extension CPUBackend {
    public func crossEntropy(
        _ logits: NDArray, target: NDArray, classWeight: NDArray?, _ options: CrossEntropyOptions
    ) -> CrossEntropyRows? {
        guard areFloats(logits, classWeight) else { return nil }
        let rows = logits.shape[0]
        let source = logits.contiguous()
        let target = target.contiguous()
        let classWeight = classWeight?.contiguous()
        defer { withExtendedLifetime((source, target, classWeight)) {} }
        func perRow() -> NDArray { NDArray(empty: [rows], dtype: .float32, backend: self) }
        let result = (loss: perRow(), weight: perRow(), logSum: perRow())
        sb_cross_entropy(
            rows, logits.shape[1], source.floats, target.pointer(to: Int64.self), classWeight?.floats,
            Int64(options.ignoreIndex), Float(options.labelSmoothing), result.loss.floats, result.weight.floats,
            result.logSum.floats)
        return result
    }

    public func crossEntropyGradient(
        _ rowGradient: NDArray, logits: NDArray, target: NDArray, classWeight: NDArray?, logSum: NDArray,
        _ options: CrossEntropyOptions
    ) -> NDArray? {
        guard areFloats(rowGradient, logits, classWeight, logSum) else { return nil }
        let source = logits.contiguous()
        let target = target.contiguous()
        let classWeight = classWeight?.contiguous()
        let rowGradient = rowGradient.contiguous()
        defer { withExtendedLifetime((source, target, classWeight, rowGradient)) {} }
        let result = NDArray(empty: logits.shape, dtype: .float32, backend: self)
        sb_cross_entropy_backward(
            logits.shape[0], logits.shape[1], source.floats, target.pointer(to: Int64.self), classWeight?.floats,
            Int64(options.ignoreIndex), Float(options.labelSmoothing), logSum.floats, rowGradient.floats,
            result.floats)
        return result
    }
}
