import Kernels

// Over the columns of channels-last memory.
extension CPUBackend {
    public static func batchNorm(
        _ x: NDArray, weight: NDArray?, bias: NDArray?, epsilon: Double, residual: NDArray?, activation: FusedActivation
    ) -> BatchNormResult? {
        guard areFloats(x, weight, bias, residual), x.count > 0 else { return nil }
        let image = x.channelsLast()
        let residual = residual?.channelsLast()
        defer { withExtendedLifetime((image, residual)) {} }
        let channels = x.shape[1]
        let rows = x.count / channels
        let result: BatchNormResult = (
            image.emptyLike(), floatVector(channels), floatVector(channels), floatVector(channels)
        )
        sb_batch_norm_statistics(rows, channels, image.floats, result.mean.floats, result.variance.floats)
        let variances = result.variance.floats
        let inverses = result.inverseDeviation.floats
        for c in 0..<channels { inverses[c] = 1 / (variances[c] + Float(epsilon)).squareRoot() }
        let map = AffineMap(mean: result.mean, inverseDeviation: result.inverseDeviation, weight, bias)
        withExtendedLifetime(map) {
            sb_batch_norm_apply(
                rows, channels, image.floats, map.scale.floats, map.shift.floats, residual?.floats,
                activation.kernelForm, result.y.floats)
        }
        return result
    }

    public static func batchNormGradient(
        _ gradient: NDArray, _ x: NDArray, weight: NDArray?, bias: NDArray?, mean: NDArray, inverseDeviation: NDArray,
        activation: FusedActivation, output: NDArray?, wanted: NormalizationGradients<Bool>, wantsResidual: Bool,
        inPlace: Bool
    ) -> (operands: NormalizationGradients<NDArray?>, residual: NDArray?)? {
        guard areFloats(gradient, weight, bias, mean), areKept(x, output) else { return nil }
        let image = x.channelsLast()
        let gradient = gradient.channelsTogether()
        let output = output?.channelsLast()
        let weight = weight?.contiguous()
        // The map tells what the activation was applied to, if there is no output to tell it.
        let map =
            activation == .none || output != nil
            ? nil : AffineMap(mean: mean, inverseDeviation: inverseDeviation, weight, bias)
        defer { withExtendedLifetime((image, gradient, output, weight, map)) {} }
        let channels = x.shape[1]
        var operands = emptyGradients([], features: [channels], wanted)
        // The residual's is the first that is stored, and the last that needs what was there.
        var place = inPlace && gradient.isChannelsLast ? gradient : nil
        let residual = wantsResidual ? place.take() ?? image.emptyLike(dtype: .float32) : nil
        operands.x = wanted.x ? place.take() ?? image.emptyLike(dtype: .float32) : nil
        sb_batch_norm_backward(
            x.count / channels, channels, gradient.floats, gradient.pixelStride,
            sb_batch_norm_pass(
                x: image.kept, mean: mean.floats, rstd: inverseDeviation.floats, weight: weight?.floats,
                scale: map?.scale.floats, shift: map?.shift.floats, y: output?.kept ?? sb_kept(),
                activation: activation.kernelForm),
            sb_batch_norm_gradients(
                x: operands.x?.floats, weight: operands.weight?.floats, bias: operands.bias?.floats,
                residual: residual?.floats))
        return (operands, residual)
    }

    public static func scaleChannels(
        _ x: NDArray, scale: NDArray, shift: NDArray, residual: NDArray?, activation: FusedActivation
    ) -> NDArray? {
        guard areFloats(x, scale, shift, residual) else { return nil }
        let image = x.channelsLast()
        let residual = residual?.channelsLast()
        let operands = DenseOperands(scale, shift)
        let y = image.emptyLike()
        withExtendedLifetime((image, residual, operands)) {
            sb_batch_norm_apply(
                x.count / Swift.max(x.shape[1], 1), x.shape[1], image.floats, operands[0]!, operands[1]!,
                residual?.floats, activation.kernelForm, y.floats)
        }
        return y
    }
}

/// Normalization with its weight and bias as one map: y = x·scale + shift for each channel.
private struct AffineMap {
    let scale: NDArray
    let shift: NDArray

    init(mean: NDArray, inverseDeviation: NDArray, _ weight: NDArray?, _ bias: NDArray?) {
        let (scale, shift) = (CPUBackend.floatVector(mean.count), CPUBackend.floatVector(mean.count))
        let operands = DenseOperands(mean, inverseDeviation, weight, bias)
        withExtendedLifetime(operands) {
            let (means, inverses) = (operands[0]!, operands[1]!)
            for c in 0..<scale.count {
                scale.floats[c] = inverses[c] * (operands[2]?[c] ?? 1)
                shift.floats[c] = (operands[3]?[c] ?? 0) - means[c] * scale.floats[c]
            }
        }
        (self.scale, self.shift) = (scale, shift)
    }
}

extension NDArray {
    /// Numbers as a gradient reads what was saved.
    fileprivate var kept: sb_kept {
        dtype == .bfloat16
            ? sb_kept(floats: nil, bfloats: pointer(to: UInt16.self))
            : sb_kept(floats: floats, bfloats: nil)
    }
}
