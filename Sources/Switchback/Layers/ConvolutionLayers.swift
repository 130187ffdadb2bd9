// Convolutions with trained filters.

/// A convolution over sequences: [N, inputs, L] → [N, outputs, L'], or without N.
public final class Conv1d: Module, WeightedLayer {
    /// [outputs, inputs / groups, K].
    public let weight: Parameter
    /// [outputs].
    public let bias: Parameter?
    private let stride, dilation, groups: Int
    private let padding: ConvolutionPadding
    private let paddingMode: PaddingMode

    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1,
        padding: some ConvolutionPaddingConvertible = 0, dilation: Int = 1, groups: Int = 1, bias: Bool = true,
        paddingMode: PaddingMode = .zeros, dtype: DType = .float32, generator: Generator? = nil
    ) {
        let shape = Shape.filters(inputs, outputs, [kernelSize], groups: groups, "Conv1d")
        weight = Parameter(shape, .layerDefault, dtype: dtype, generator: generator)
        self.bias = bias ? Parameter([outputs], .biasDefault(weight: shape), dtype: dtype, generator: generator) : nil
        self.stride = stride
        self.padding = padding.convolutionPadding
        self.dilation = dilation
        self.groups = groups
        self.paddingMode = paddingMode
    }

    public override func forward(_ input: Tensor) -> Tensor { forward(input, weight: weight) }

    public func forward(_ input: Tensor, weight: Tensor) -> Tensor {
        input.conv1d(
            weight: weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups,
            paddingMode: paddingMode)
    }

    public override var configuration: String {
        Module.describeFilters(weight, groups: groups, stride: "\(stride)", bias: bias)
    }

    public override func operationCount(input: Tensor, output: Tensor) -> Int {
        output.count * (2 * weight.filterLength + (bias == nil ? 0 : 1))
    }
}

/// A convolution over images: [N, inputs, H, W] → [N, outputs, H', W'], or without N.
public final class Conv2d: Module, WeightedLayer {
    /// [outputs, inputs / groups, KH, KW].
    public let weight: Parameter
    /// [outputs].
    public let bias: Parameter?
    private let stride, dilation: IntPair
    private let padding: ConvolutionPadding
    let groups: Int
    private let paddingMode: PaddingMode

    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: some IntPairConvertible, stride: some IntPairConvertible = 1,
        padding: some ConvolutionPaddingConvertible = 0, dilation: some IntPairConvertible = 1, groups: Int = 1,
        bias: Bool = true, paddingMode: PaddingMode = .zeros, dtype: DType = .float32,
        generator: Generator? = nil
    ) {
        let shape = Shape.filters(inputs, outputs, kernelSize.intPair.shape, groups: groups, "Conv2d")
        weight = Parameter(shape, .layerDefault, dtype: dtype, generator: generator)
        self.bias = bias ? Parameter([outputs], .biasDefault(weight: shape), dtype: dtype, generator: generator) : nil
        self.stride = stride.intPair
        self.padding = padding.convolutionPadding
        self.dilation = dilation.intPair
        self.groups = groups
        self.paddingMode = paddingMode
    }

    public override func forward(_ input: Tensor) -> Tensor { convolved(input, .none, adding: nil) }

    public func forward(_ input: Tensor, weight: Tensor) -> Tensor {
        convolved(input, Filters(weight: weight, bias: bias), .none, adding: nil)
    }

    /// The layer with what follows it in the same pass over memory: `activation(output + residual)`. `Sequential` calls
    /// it where a `ReLU` or `SiLU` follows.
    public func callAsFunction(
        _ input: Tensor, activation: FusedActivation, adding residual: Tensor? = nil
    ) -> Tensor {
        running(input) { convolved(input, activation, adding: residual) }
    }

    override var fusesActivation: Bool { true }

    override func forward(_ input: Tensor, activation: FusedActivation) -> Tensor {
        convolved(input, activation, adding: nil)
    }

    private func convolved(_ input: Tensor, _ activation: FusedActivation, adding residual: Tensor?) -> Tensor {
        let fused = FusionPass.current?.output(of: self, followedBy: activation, adding: residual) {
            convolved(input, $0, $1, adding: nil)
        }
        return fused ?? convolved(input, Filters(weight: weight, bias: bias), activation, adding: residual)
    }

    /// With other filters instead of the layer's own.
    func convolved(
        _ input: Tensor, _ filters: Filters, _ activation: FusedActivation, adding residual: Tensor?
    ) -> Tensor {
        input.conv2d(
            filters, stride: stride, padding: padding, dilation: dilation, groups: groups, paddingMode: paddingMode,
            activation: activation, adding: residual)
    }

    public override var configuration: String {
        Module.describeFilters(weight, groups: groups, stride: "\(stride)", bias: bias)
    }

    public override func operationCount(input: Tensor, output: Tensor) -> Int {
        output.count * (2 * weight.filterLength + (bias == nil ? 0 : 1))
    }
}

/// A convolution over volumes: [N, inputs, D, H, W] → [N, outputs, D', H', W'], or without N.
public final class Conv3d: Module, WeightedLayer {
    /// [outputs, inputs / groups, KD, KH, KW].
    public let weight: Parameter
    /// [outputs].
    public let bias: Parameter?
    private let stride, padding, dilation: [Int]
    private let groups: Int

    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: some IntTripleConvertible,
        stride: some IntTripleConvertible = 1, padding: some IntTripleConvertible = 0,
        dilation: some IntTripleConvertible = 1, groups: Int = 1, bias: Bool = true, dtype: DType = .float32,
        generator: Generator? = nil
    ) {
        let shape = Shape.filters(inputs, outputs, kernelSize.intTriple, groups: groups, "Conv3d")
        weight = Parameter(shape, .layerDefault, dtype: dtype, generator: generator)
        self.bias = bias ? Parameter([outputs], .biasDefault(weight: shape), dtype: dtype, generator: generator) : nil
        self.stride = Array(stride.intTriple)
        self.padding = Array(padding.intTriple)
        self.dilation = Array(dilation.intTriple)
        self.groups = groups
    }

    public override func forward(_ input: Tensor) -> Tensor { forward(input, weight: weight) }

    public func forward(_ input: Tensor, weight: Tensor) -> Tensor {
        input.conv3d(
            weight: weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }

    public override var configuration: String {
        Module.describeFilters(weight, groups: groups, stride: "\(stride)", bias: bias)
    }

    public override func operationCount(input: Tensor, output: Tensor) -> Int {
        output.count * (2 * weight.filterLength + (bias == nil ? 0 : 1))
    }
}

extension Shape {
    /// The shape of the filters of a convolution.
    fileprivate static func filters(
        _ inputs: Int, _ outputs: Int, _ kernel: Shape, groups: Int, _ layer: String
    ) -> Shape {
        require(
            groups > 0 && inputs % groups == 0 && outputs % groups == 0, layer,
            "\(inputs) inputs and \(outputs) outputs cannot be divided into \(groups) groups")
        return Shape([outputs, inputs / groups] + kernel)
    }
}

extension Tensor {
    /// How many products each output of a convolution with these filters sums.
    fileprivate final var filterLength: Int { shape.dropFirst().reduce(1, *) }
}

extension Module {
    /// The arguments by which a convolution describes itself.
    fileprivate static func describeFilters(_ weight: Tensor, groups: Int, stride: String, bias: Tensor?) -> String {
        let kernel = Shape(weight.shape.dropFirst(2))
        return "\(weight.shape[1] * groups), \(weight.shape[0]), kernelSize: \(kernel), stride: \(stride), "
            + "groups: \(groups), bias: \(bias != nil)"
    }
}
