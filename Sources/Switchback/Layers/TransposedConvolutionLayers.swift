// Transposed convolutions: what a convolution's gradient does to its input's, with trained filters.

/// A transposed convolution over sequences: [N, inputs, L] → [N, outputs, L'], or without N.
public final class ConvTranspose1d: Module, WeightedLayer {
    /// [inputs, outputs / groups, K].
    public let weight: Parameter
    /// [outputs].
    public let bias: Parameter?
    private let stride, padding, outputPadding, dilation, groups: Int

    /// - Parameter outputPadding: how much longer than the shortest possible output this one is.
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
        groups: Int = 1, bias: Bool = true, dilation: Int = 1, dtype: DType = .float32, generator: Generator? = nil
    ) {
        let shape: Shape = [inputs, outputs / groups, kernelSize]
        weight = Parameter(shape, .layerDefault, dtype: dtype, generator: generator)
        self.bias = bias ? Parameter([outputs], .biasDefault(weight: shape), dtype: dtype, generator: generator) : nil
        self.stride = stride
        self.padding = padding
        self.outputPadding = outputPadding
        self.dilation = dilation
        self.groups = groups
    }

    public override func forward(_ input: Tensor) -> Tensor { forward(input, weight: weight) }

    public func forward(_ input: Tensor, weight: Tensor) -> Tensor {
        input.convTranspose1d(
            weight: weight, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding,
            groups: groups, dilation: dilation)
    }

    public static var outputDimension: Int { 1 }

    public override var configuration: String {
        "\(weight.size(0)), \(weight.size(1) * groups), kernelSize: \(weight.size(2)), stride: \(stride)"
    }

    public override func operationCount(input: Tensor, output: Tensor) -> Int {
        2 * input.count * weight.count / weight.size(0)
    }
}

/// A transposed convolution over images: [N, inputs, H, W] → [N, outputs, H', W'], or without N.
public final class ConvTranspose2d: Module, WeightedLayer {
    /// [inputs, outputs / groups, KH, KW].
    public let weight: Parameter
    /// [outputs].
    public let bias: Parameter?
    private let stride, padding, outputPadding, dilation: IntPair
    private let groups: Int

    /// - Parameter outputPadding: how much larger than the smallest possible output this one is.
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: some IntPairConvertible, stride: some IntPairConvertible = 1,
        padding: some IntPairConvertible = 0, outputPadding: some IntPairConvertible = 0, groups: Int = 1,
        bias: Bool = true, dilation: some IntPairConvertible = 1, dtype: DType = .float32,
        generator: Generator? = nil
    ) {
        let shape = Shape([inputs, outputs / groups] + kernelSize.intPair.shape)
        weight = Parameter(shape, .layerDefault, dtype: dtype, generator: generator)
        self.bias = bias ? Parameter([outputs], .biasDefault(weight: shape), dtype: dtype, generator: generator) : nil
        self.stride = stride.intPair
        self.padding = padding.intPair
        self.outputPadding = outputPadding.intPair
        self.dilation = dilation.intPair
        self.groups = groups
    }

    public override func forward(_ input: Tensor) -> Tensor { forward(input, weight: weight) }

    public func forward(_ input: Tensor, weight: Tensor) -> Tensor {
        input.convTranspose2d(
            weight: weight, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding,
            groups: groups, dilation: dilation)
    }

    public static var outputDimension: Int { 1 }

    public override var configuration: String {
        "\(weight.size(0)), \(weight.size(1) * groups), kernelSize: \(Shape(weight.shape.suffix(2))), "
            + "stride: \(stride)"
    }

    public override func operationCount(input: Tensor, output: Tensor) -> Int {
        2 * input.count * weight.count / weight.size(0)
    }
}
