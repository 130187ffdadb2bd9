/// An affine map, `x · weightᵀ + bias`: [..., inputs] → [..., outputs].
public final class Linear: Module, WeightedLayer {
    /// [outputs, inputs].
    public let weight: Parameter
    /// [outputs].
    public let bias: Parameter?

    public init(
        _ inputs: Int, _ outputs: Int, bias: Bool = true, dtype: DType = .float32, generator: Generator? = nil
    ) {
        weight = Parameter([outputs, inputs], .layerDefault, dtype: dtype, generator: generator)
        self.bias =
            bias
            ? Parameter([outputs], .biasDefault(weight: weight.shape), dtype: dtype, generator: generator) : nil
    }

    /// A layer with parameters that exist already: for a weight that several layers share.
    public init(weight: Parameter, bias: Parameter? = nil) {
        self.weight = weight
        self.bias = bias
    }

    // The parameter itself, which may be packed in fewer bits.
    public override func forward(_ input: Tensor) -> Tensor { input.linear(weight: weight, bias: bias) }

    public func forward(_ input: Tensor, weight: Tensor) -> Tensor { input.linear(weight: weight, bias: bias) }

    public override var configuration: String { "\(weight.size(1)), \(weight.size(0)), bias: \(bias != nil)" }

    public override func operationCount(input: Tensor, output: Tensor) -> Int {
        output.count * (2 * weight.size(1) + (bias == nil ? 0 : 1))
    }
}
