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

    static func floatVector(_ count: Int) -> NDArray {
        NDArray(empty: [count], dtype: .float32, backend: self)
    }

    static func emptyGradients(
        _ shape: Shape, features: Shape, _ wanted: NormalizationGradients<Bool>
    ) -> NormalizationGradients<NDArray?> {
        func empty(_ shape: Shape, _ isWanted: Bool) -> NDArray? {
            isWanted ? NDArray(empty: shape, dtype: .float32, backend: self) : nil
        }
        return NormalizationGradients(
            x: empty(shape, wanted.x), weight: empty(features, wanted.weight), bias: empty(features, wanted.bias))
    }
}

/// Float32 operands in row-major order, copied where they lie otherwise. Alive as long as this is.
final class DenseOperands {
    private let arrays: [NDArray?]

    init(_ arrays: NDArray?...) { self.arrays = arrays.map { $0?.contiguous() } }

    subscript(position: Int) -> UnsafeMutablePointer<Float>? { arrays[position]?.floats }
}
