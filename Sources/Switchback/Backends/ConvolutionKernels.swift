/// How the filter of a two-dimensional convolution moves over an image.
public struct Convolution2D: Sendable, Hashable {
    public var stride: IntPair = 1
    /// Zeros before the first row and column; those after the last follow from the size of the output.
    public var padding: IntPair = 0
    public var dilation: IntPair = 1
    public var groups = 1

    public init(stride: IntPair = 1, padding: IntPair = 0, dilation: IntPair = 1, groups: Int = 1) {
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
    }
}

/// Fused convolutions of images x [N, C, H, W] with weights [O, C / groups, KH, KW] into y [N, O, OH, OW].
///
/// As all fused kernels, they return new arrays in whatever memory order suits them, and `nil` for element types that
/// they do not cover: the operation then composes itself of simpler ones. That is also the default.
public protocol ConvolutionKernels {
    /// y = activation(x ∗ weight + bias + residual), where the residual is as y. `laidOut` is what `layOutFilters` made
    /// of the weight, if it has been called.
    static func convolution(
        _ x: NDArray, _ weight: NDArray, laidOut: NDArray?, bias: NDArray?, residual: NDArray?,
        activation: FusedActivation, _ convolution: Convolution2D, outputShape: Shape
    ) -> NDArray?
    /// The weight as `convolution` reads it, for many calls; `nil` if each reads it as it lies. A copy, which later
    /// changes of the weight do not reach.
    static func layOutFilters(_ weight: NDArray, groups: Int) -> NDArray?
    /// The gradient of x, which is also a transposed convolution of `gradient`.
    static func convolutionInputGradient(
        _ gradient: NDArray, _ weight: NDArray, _ convolution: Convolution2D, inputShape: Shape
    ) -> NDArray?
    /// The gradients of the weight, and of the bias if it is wanted. `x` may have been rounded to bfloat16.
    static func convolutionWeightGradient(
        _ x: NDArray, _ gradient: NDArray, _ convolution: Convolution2D, weightShape: Shape, withBias: Bool
    ) -> (weight: NDArray, bias: NDArray?)?
}

extension ConvolutionKernels {
    public static func convolution(
        _ x: NDArray, _ weight: NDArray, laidOut: NDArray?, bias: NDArray?, residual: NDArray?,
        activation: FusedActivation, _ convolution: Convolution2D, outputShape: Shape
    ) -> NDArray? { nil }

    public static func layOutFilters(_ weight: NDArray, groups: Int) -> NDArray? { nil }

    public static func convolutionInputGradient(
        _ gradient: NDArray, _ weight: NDArray, _ convolution: Convolution2D, inputShape: Shape
    ) -> NDArray? { nil }

    public static func convolutionWeightGradient(
        _ x: NDArray, _ gradient: NDArray, _ convolution: Convolution2D, weightShape: Shape, withBias: Bool
    ) -> (weight: NDArray, bias: NDArray?)? { nil }
}
