import Kernels

extension CPUBackend {
    public static func crossEntropy(
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

    public static func crossEntropyGradient(
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

    public static func ctcLoss(
        _ logProbabilities: NDArray, targets: NDArray, inputLengths: NDArray, targetLengths: NDArray, blank: Int
    ) -> (loss: NDArray, alpha: NDArray)? {
        guard areFloats(logProbabilities) else { return nil }
        let scores = logProbabilities.contiguous()
        let (steps, sequences, classes) = (scores.shape[0], scores.shape[1], scores.shape[2])
        let labels = targets.shape[1]
        let loss = NDArray(empty: [sequences], dtype: .float32, backend: self)
        let alpha = NDArray(empty: [sequences, steps, 2 * labels + 1], dtype: .float32, backend: self)
        withExtendedLifetime(scores) {
            sb_ctc_loss(
                steps, sequences, classes, labels, scores.floats, targets.pointer(to: Int64.self),
                inputLengths.pointer(to: Int64.self), targetLengths.pointer(to: Int64.self), Int64(blank),
                loss.floats, alpha.floats)
        }
        return (loss, alpha)
    }

    public static func ctcLossGradient(
        _ gradient: NDArray, logProbabilities: NDArray, targets: NDArray, inputLengths: NDArray,
        targetLengths: NDArray, blank: Int, zeroInfinity: Bool, loss: NDArray, alpha: NDArray
    ) -> NDArray? {
        guard areFloats(gradient, logProbabilities, loss, alpha) else { return nil }
        let scores = logProbabilities.contiguous()
        let upstream = gradient.contiguous()
        let result = NDArray(empty: scores.shape, dtype: .float32, backend: self)
        withExtendedLifetime((scores, upstream)) {
            sb_ctc_loss_backward(
                scores.shape[0], scores.shape[1], scores.shape[2], targets.shape[1], scores.floats,
                targets.pointer(to: Int64.self), inputLengths.pointer(to: Int64.self),
                targetLengths.pointer(to: Int64.self), Int64(blank), zeroInfinity ? 1 : 0, loss.floats, alpha.floats,
                upstream.floats, result.floats)
        }
        return result
    }
}
