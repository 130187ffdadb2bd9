import Kernels

extension CPUBackend {
    public static func layerNorm(
        _ x: NDArray, columns: Int, weight: NDArray?, bias: NDArray?, epsilon: Double
    ) -> (y: NDArray, mean: NDArray, inverseDeviation: NDArray)? {
        guard areFloats(x, weight, bias), columns > 0 else { return nil }
        let operands = DenseOperands(x, weight, bias)
        let rows = x.count / columns
        let y = NDArray(empty: x.shape, dtype: .float32, backend: self)
        let mean = floatVector(rows)
        let inverseDeviation = floatVector(rows)
        withExtendedLifetime(operands) {
            sb_layer_norm(
                rows, columns, operands[0]!, operands[1], operands[2], Float(epsilon), y.floats, mean.floats,
                inverseDeviation.floats)
        }
        return (y, mean, inverseDeviation)
    }

    public static func layerNormGradient(
        _ gradient: NDArray, _ x: NDArray, columns: Int, weight: NDArray?, mean: NDArray, inverseDeviation: NDArray,
        wanted: NormalizationGradients<Bool>
    ) -> NormalizationGradients<NDArray?>? {
        guard areFloats(gradient, x, weight, mean) else { return nil }
        let operands = DenseOperands(gradient, x, weight)
        let result = emptyGradients(x.shape, features: [columns], wanted)
        withExtendedLifetime(operands) {
            sb_layer_norm_backward(
                x.count / columns, columns, operands[0]!, operands[1]!, operands[2], mean.floats,
                inverseDeviation.floats, result.x?.floats, result.weight?.floats, result.bias?.floats)
        }
        return result
    }

    public static func rmsNorm(
        _ x: NDArray, columns: Int, weight: NDArray?, epsilon: Double
    ) -> (y: NDArray, inverseDeviation: NDArray)? {
        guard areFloats(x, weight), columns > 0 else { return nil }
        let operands = DenseOperands(x, weight)
        let rows = x.count / columns
        let y = NDArray(empty: x.shape, dtype: .float32, backend: self)
        let inverseDeviation = floatVector(rows)
        withExtendedLifetime(operands) {
            sb_rms_norm(
                rows, columns, operands[0]!, operands[1], Float(epsilon), y.floats, inverseDeviation.floats)
        }
        return (y, inverseDeviation)
    }

    public static func rmsNormGradient(
        _ gradient: NDArray, _ x: NDArray, columns: Int, weight: NDArray?, inverseDeviation: NDArray,
        wanted: NormalizationGradients<Bool>
    ) -> NormalizationGradients<NDArray?>? {
        guard areFloats(gradient, x, weight, inverseDeviation) else { return nil }
        let operands = DenseOperands(gradient, x, weight)
        let result = emptyGradients(x.shape, features: [columns], wanted)
        withExtendedLifetime(operands) {
            sb_rms_norm_backward(
                x.count / columns, columns, operands[0]!, operands[1]!, operands[2], inverseDeviation.floats,
                result.x?.floats, result.weight?.floats)
        }
        return result
    }

    private static func floatVector(_ count: Int) -> NDArray {
        NDArray(empty: [count], dtype: .float32, backend: self)
    }

    private static func emptyGradients(
        _ shape: Shape, features: Shape, _ wanted: NormalizationGradients<Bool>
    ) -> NormalizationGradients<NDArray?> {
        func empty(_ shape: Shape, _ isWanted: Bool) -> NDArray? {
            isWanted ? NDArray(empty: shape, dtype: .float32, backend: self) : nil
        }
        return NormalizationGradients(
            x: empty(shape, wanted.x), weight: empty(features, wanted.weight), bias: empty(features, wanted.bias))
    }
}

// MARK: - Batch normalization, over the columns of channels-last memory

extension CPUBackend {
    public static func batchNorm(
        _ x: NDArray, weight: NDArray?, bias: NDArray?, epsilon: Double
    ) -> BatchNormResult? {
        guard areFloats(x, weight, bias), x.count > 0 else { return nil }
        let image = x.channelsLast()
        defer { withExtendedLifetime(image) {} }
        let channels = x.shape[1]
        let rows = x.count / channels
        let result: BatchNormResult = (
            image.emptyLike(), floatVector(channels), floatVector(channels), floatVector(channels)
        )
        sb_batch_norm_statistics(rows, channels, image.floats, result.mean.floats, result.variance.floats)
        let variances = result.variance.floats
        let inverses = result.inverseDeviation.floats
        for c in 0..<channels { inverses[c] = 1 / (variances[c] + Float(epsilon)).squareRoot() }
        let (scale, shift) = folded(result, weight, bias)
        withExtendedLifetime((scale, shift)) {
            sb_batch_norm_apply(
                rows, channels, image.floats, scale.floats, shift.floats, nil, Int32(SB_ACT_NONE.rawValue),
                result.y.floats)
        }
        return result
    }

    /// Normalization and affine map as one: y = x·scale + shift.
    private static func folded(
        _ statistics: BatchNormResult, _ weight: NDArray?, _ bias: NDArray?
    ) -> (scale: NDArray, shift: NDArray) {
        let scale = NDArray(empty: statistics.mean.shape, dtype: .float32, backend: self)
        let shift = NDArray(empty: statistics.mean.shape, dtype: .float32, backend: self)
        let operands = DenseOperands(statistics.mean, statistics.inverseDeviation, weight, bias)
        withExtendedLifetime(operands) {
            let (means, inverses) = (operands[0]!, operands[1]!)
            for c in 0..<scale.count {
                scale.floats[c] = inverses[c] * (operands[2]?[c] ?? 1)
                shift.floats[c] = (operands[3]?[c] ?? 0) - means[c] * scale.floats[c]
            }
        }
        return (scale, shift)
    }

    public static func batchNormGradient(
        _ gradient: NDArray, _ x: NDArray, weight: NDArray?, mean: NDArray, inverseDeviation: NDArray,
        wanted: NormalizationGradients<Bool>
    ) -> NormalizationGradients<NDArray?>? {
        guard areFloats(gradient, x, weight, mean) else { return nil }
        let image = x.channelsLast()
        let gradient = gradient.channelsLast()
        let weight = weight?.contiguous()
        defer { withExtendedLifetime((image, gradient, weight)) {} }
        let channels = x.shape[1]
        var result = emptyGradients([], features: [channels], wanted)
        result.x = wanted.x ? image.emptyLike() : nil
        sb_batch_norm_backward(
            x.count / channels, channels, gradient.floats, image.floats, mean.floats, inverseDeviation.floats,
            weight?.floats, result.x?.floats, result.weight?.floats, result.bias?.floats)
        return result
    }

    public static func scaleChannels(_ x: NDArray, scale: NDArray, shift: NDArray) -> NDArray? {
        guard areFloats(x, scale, shift) else { return nil }
        let image = x.channelsLast()
        let operands = DenseOperands(scale, shift)
        let y = image.emptyLike()
        withExtendedLifetime((image, operands)) {
            sb_batch_norm_apply(
                x.count / Swift.max(x.shape[1], 1), x.shape[1], image.floats, operands[0]!, operands[1]!, nil,
                Int32(SB_ACT_NONE.rawValue), y.floats)
        }
        return y
    }
}

/// Float32 operands in row-major order, copied where they lie otherwise. Alive as long as this is.
final class DenseOperands {
    private let arrays: [NDArray?]

    init(_ arrays: NDArray?...) { self.arrays = arrays.map { $0?.contiguous() } }

    subscript(position: Int) -> UnsafeMutablePointer<Float>? { arrays[position]?.floats }
}
