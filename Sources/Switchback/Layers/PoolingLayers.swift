// Pools: the sizes that they take are those of the operations of the same names.

/// The largest element under a window that slides over sequences: [N, C, L] → [N, C, L'].
public final class MaxPool1d: Module {
    private let kernelSize, stride, padding, dilation: Int
    private let ceilMode: Bool

    /// - Parameter stride: as `kernelSize` by default.
    public init(kernelSize: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, ceilMode: Bool = false) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
        self.dilation = dilation
        self.ceilMode = ceilMode
    }

    public override func forward(_ input: Tensor) -> Tensor {
        input.maxPool1d(
            kernelSize: kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    }

    public override var configuration: String { "kernelSize: \(kernelSize), stride: \(stride), padding: \(padding)" }
}

/// The largest element under a window that slides over images: [N, C, H, W] → [N, C, H', W'].
public final class MaxPool2d: Module {
    private let kernelSize, stride, padding, dilation: IntPair
    private let ceilMode: Bool

    /// - Parameter stride: as `kernelSize` by default.
    public init(
        kernelSize: some IntPairConvertible, stride: (any IntPairConvertible)? = nil,
        padding: some IntPairConvertible = 0, dilation: some IntPairConvertible = 1, ceilMode: Bool = false
    ) {
        self.kernelSize = kernelSize.intPair
        self.stride = (stride ?? kernelSize).intPair
        self.padding = padding.intPair
        self.dilation = dilation.intPair
        self.ceilMode = ceilMode
    }

    public override func forward(_ input: Tensor) -> Tensor {
        input.maxPool2d(
            kernelSize: kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    }

    public override var configuration: String { "kernelSize: \(kernelSize), stride: \(stride), padding: \(padding)" }
}

/// The average under a window that slides over sequences: [N, C, L] → [N, C, L'].
public final class AvgPool1d: Module {
    private let kernelSize, stride, padding: Int
    private let ceilMode, countIncludePad: Bool

    /// - Parameters:
    ///   - stride: as `kernelSize` by default.
    ///   - countIncludePad: whether the zeros of the padding count in averages.
    public init(
        kernelSize: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false, countIncludePad: Bool = true
    ) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
        self.ceilMode = ceilMode
        self.countIncludePad = countIncludePad
    }

    public override func forward(_ input: Tensor) -> Tensor {
        input.avgPool1d(
            kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode,
            countIncludePad: countIncludePad)
    }

    public override var configuration: String { "kernelSize: \(kernelSize), stride: \(stride), padding: \(padding)" }
}

/// The average under a window that slides over images: [N, C, H, W] → [N, C, H', W'].
public final class AvgPool2d: Module {
    private let kernelSize, stride, padding: IntPair
    private let ceilMode, countIncludePad: Bool

    /// - Parameters:
    ///   - stride: as `kernelSize` by default.
    ///   - countIncludePad: whether the zeros of the padding count in averages.
    public init(
        kernelSize: some IntPairConvertible, stride: (any IntPairConvertible)? = nil,
        padding: some IntPairConvertible = 0, ceilMode: Bool = false, countIncludePad: Bool = true
    ) {
        self.kernelSize = kernelSize.intPair
        self.stride = (stride ?? kernelSize).intPair
        self.padding = padding.intPair
        self.ceilMode = ceilMode
        self.countIncludePad = countIncludePad
    }

    public override func forward(_ input: Tensor) -> Tensor {
        input.avgPool2d(
            kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode,
            countIncludePad: countIncludePad)
    }

    public override var configuration: String { "kernelSize: \(kernelSize), stride: \(stride), padding: \(padding)" }
}

// MARK: - To a size that is given

/// The average of each of `outputSize` parts of a sequence: [N, C, L] → [N, C, outputSize].
public final class AdaptiveAvgPool1d: Module {
    private let outputSize: Int

    public init(_ outputSize: Int) { self.outputSize = outputSize }

    public override func forward(_ input: Tensor) -> Tensor { input.adaptiveAvgPool1d(outputSize: outputSize) }

    public override var configuration: String { "\(outputSize)" }
}

/// The average of each of `outputSize` parts of an image: [N, C, H, W] → [N, C, H', W'].
public final class AdaptiveAvgPool2d: Module {
    private let outputSize: IntPair

    public init(_ outputSize: some IntPairConvertible) { self.outputSize = outputSize.intPair }

    public override func forward(_ input: Tensor) -> Tensor { input.adaptiveAvgPool2d(outputSize: outputSize) }

    public override var configuration: String { "\(outputSize)" }
}

/// The largest element of each of `outputSize` parts of an image: [N, C, H, W] → [N, C, H', W'].
public final class AdaptiveMaxPool2d: Module {
    private let outputSize: IntPair

    public init(_ outputSize: some IntPairConvertible) { self.outputSize = outputSize.intPair }

    public override func forward(_ input: Tensor) -> Tensor { input.adaptiveMaxPool2d(outputSize: outputSize) }

    public override var configuration: String { "\(outputSize)" }
}
