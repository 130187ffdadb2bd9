/// Fused normalizations; `nil` for element types that are not covered, as the default does for all.
///
/// Mean and inverse deviation (1/√(variance + epsilon)) are what the gradients need of the forward pass: float32, one
/// for each group of elements that is normalized together.
public protocol NormalizationKernels {
    /// Over the last dimensions, as many as `weight` has; y = (x − mean)·inverseDeviation·weight + bias.
    static func layerNorm(
        _ x: NDArray, columns: Int, weight: NDArray?, bias: NDArray?, epsilon: Double
    ) -> (y: NDArray, mean: NDArray, inverseDeviation: NDArray)?
    static func layerNormGradient(
        _ gradient: NDArray, _ x: NDArray, columns: Int, weight: NDArray?, mean: NDArray, inverseDeviation: NDArray,
        wanted: NormalizationGradients<Bool>
    ) -> NormalizationGradients<NDArray?>?

    /// y = x·inverseDeviation·weight, where the deviation is the root of the mean square.
    static func rmsNorm(
        _ x: NDArray, columns: Int, weight: NDArray?, epsilon: Double
    ) -> (y: NDArray, inverseDeviation: NDArray)?
    static func rmsNormGradient(
        _ gradient: NDArray, _ x: NDArray, columns: Int, weight: NDArray?, inverseDeviation: NDArray,
        wanted: NormalizationGradients<Bool>
    ) -> NormalizationGradients<NDArray?>?

    /// Over all dimensions but the second, with the batch's own statistics; `variance` is the biased one. The residual,
    /// of the shape of x, is added before the activation.
    static func batchNorm(
        _ x: NDArray, weight: NDArray?, bias: NDArray?, epsilon: Double, residual: NDArray?, activation: FusedActivation
    ) -> BatchNormResult?
    /// `output` is what `batchNorm` gave; it is there where there was a residual and an activation. It and `x` may have been
    /// rounded to bfloat16. `inPlace` allows a result to take the place of `gradient`.
    static func batchNormGradient(
        _ gradient: NDArray, _ x: NDArray, weight: NDArray?, bias: NDArray?, mean: NDArray, inverseDeviation: NDArray,
        activation: FusedActivation, output: NDArray?, wanted: NormalizationGradients<Bool>, wantsResidual: Bool,
        inPlace: Bool
    ) -> (operands: NormalizationGradients<NDArray?>, residual: NDArray?)?
    /// y = activation(x·scale + shift + residual) for each channel, the second dimension.
    static func scaleChannels(
        _ x: NDArray, scale: NDArray, shift: NDArray, residual: NDArray?, activation: FusedActivation
    ) -> NDArray?
}

public typealias BatchNormResult = (y: NDArray, mean: NDArray, variance: NDArray, inverseDeviation: NDArray)

/// Something for each operand of a normalization.
public struct NormalizationGradients<Value> {
    public var x: Value
    public var weight: Value
    public var bias: Value

    public init(x: Value, weight: Value, bias: Value) {
        self.x = x
        self.weight = weight
        self.bias = bias
    }

    func map<Result>(_ transform: (Value) -> Result) -> NormalizationGradients<Result> {
        NormalizationGradients<Result>(x: transform(x), weight: transform(weight), bias: transform(bias))
    }
}

extension NormalizationKernels {
    public static func layerNorm(
        _ x: NDArray, columns: Int, weight: NDArray?, bias: NDArray?, epsilon: Double
    ) -> (y: NDArray, mean: NDArray, inverseDeviation: NDArray)? { nil }

    public static func layerNormGradient(
        _ gradient: NDArray, _ x: NDArray, columns: Int, weight: NDArray?, mean: NDArray, inverseDeviation: NDArray,
        wanted: NormalizationGradients<Bool>
    ) -> NormalizationGradients<NDArray?>? { nil }

    public static func rmsNorm(
        _ x: NDArray, columns: Int, weight: NDArray?, epsilon: Double
    ) -> (y: NDArray, inverseDeviation: NDArray)? { nil }

    public static func rmsNormGradient(
        _ gradient: NDArray, _ x: NDArray, columns: Int, weight: NDArray?, inverseDeviation: NDArray,
        wanted: NormalizationGradients<Bool>
    ) -> NormalizationGradients<NDArray?>? { nil }

    public static func batchNorm(
        _ x: NDArray, weight: NDArray?, bias: NDArray?, epsilon: Double, residual: NDArray?, activation: FusedActivation
    ) -> BatchNormResult? { nil }

    public static func batchNormGradient(
        _ gradient: NDArray, _ x: NDArray, weight: NDArray?, bias: NDArray?, mean: NDArray, inverseDeviation: NDArray,
        activation: FusedActivation, output: NDArray?, wanted: NormalizationGradients<Bool>, wantsResidual: Bool,
        inPlace: Bool
    ) -> (operands: NormalizationGradients<NDArray?>, residual: NDArray?)? { nil }

    public static func scaleChannels(
        _ x: NDArray, scale: NDArray, shift: NDArray, residual: NDArray?, activation: FusedActivation
    ) -> NDArray? { nil }
}
