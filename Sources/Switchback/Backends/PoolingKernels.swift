/// How the window of a two-dimensional pooling moves over an image.
public struct Pooling2D: Sendable, Hashable {
    public var kernelSize: IntPair
    public var stride: IntPair
    public var padding: IntPair = 0
    public var dilation: IntPair = 1
    /// For averages: whether padding counts as zeros.
    public var countsPadding = true
    /// For averages: divides by this instead of by the number of elements.
    public var divisor: Int?

    public init(
        kernelSize: IntPair, stride: IntPair, padding: IntPair = 0, dilation: IntPair = 1, countsPadding: Bool = true,
        divisor: Int? = nil
    ) {
        self.kernelSize = kernelSize
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.countsPadding = countsPadding
        self.divisor = divisor
    }
}

/// Fused pooling of images [N, C, H, W]; `nil` for element types that are not covered, as the default does for all.
public protocol PoolingKernels {
    /// The maximum of each window, and, if wanted, where it lies, in a form that only the gradient kernel reads. The
    /// first of several maxima counts; NaN wins over everything.
    static func maxPool(
        _ x: NDArray, _ pooling: Pooling2D, outputSize: IntPair, withIndices: Bool
    ) -> MaximaWithIndices?
    static func maxPoolGradient(
        _ gradient: NDArray, indices: NDArray, _ pooling: Pooling2D, inputShape: Shape
    ) -> NDArray?

    static func averagePool(_ x: NDArray, _ pooling: Pooling2D, outputSize: IntPair) -> NDArray?
    static func averagePoolGradient(_ gradient: NDArray, _ pooling: Pooling2D, inputShape: Shape) -> NDArray?

    /// Output position o of O covers the inputs ⌊o·H/O⌋ ..< ⌈(o + 1)·H/O⌉ along each axis.
    static func adaptiveAveragePool(_ x: NDArray, outputSize: IntPair) -> NDArray?
    static func adaptiveAveragePoolGradient(_ gradient: NDArray, inputShape: Shape) -> NDArray?
    static func adaptiveMaxPool(_ x: NDArray, outputSize: IntPair, withIndices: Bool) -> MaximaWithIndices?
    static func adaptiveMaxPoolGradient(_ gradient: NDArray, indices: NDArray, inputShape: Shape) -> NDArray?
}

public typealias MaximaWithIndices = (values: NDArray, indices: NDArray?)

extension PoolingKernels {
    public static func maxPool(
        _ x: NDArray, _ pooling: Pooling2D, outputSize: IntPair, withIndices: Bool
    ) -> MaximaWithIndices? { nil }

    public static func maxPoolGradient(
        _ gradient: NDArray, indices: NDArray, _ pooling: Pooling2D, inputShape: Shape
    ) -> NDArray? { nil }

    public static func averagePool(_ x: NDArray, _ pooling: Pooling2D, outputSize: IntPair) -> NDArray? { nil }

    public static func averagePoolGradient(_ gradient: NDArray, _ pooling: Pooling2D, inputShape: Shape) -> NDArray? {
        nil
    }

    public static func adaptiveAveragePool(_ x: NDArray, outputSize: IntPair) -> NDArray? { nil }

    public static func adaptiveAveragePoolGradient(_ gradient: NDArray, inputShape: Shape) -> NDArray? { nil }

    public static func adaptiveMaxPool(_ x: NDArray, outputSize: IntPair, withIndices: Bool) -> MaximaWithIndices? {
        nil
    }

    public static func adaptiveMaxPoolGradient(
        _ gradient: NDArray, indices: NDArray, inputShape: Shape
    ) -> NDArray? { nil }
}
