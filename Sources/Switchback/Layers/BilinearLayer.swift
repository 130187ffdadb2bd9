/// A bilinear form, `x₁ᵀ · weight[o] · x₂ + bias[o]`: [..., inputs1] and [..., inputs2] → [..., outputs].
public final class Bilinear: Module {
    /// [outputs, inputs1, inputs2].
    public let weight: Parameter
    /// [outputs].
    public let bias: Parameter?

    public init(
        _ inputs1: Int, _ inputs2: Int, _ outputs: Int, bias: Bool = true, dtype: DType = .float32,
        generator: Generator? = nil
    ) {
        let bound = 1 / Double(inputs1).squareRoot()
        weight = Parameter([outputs, inputs1, inputs2], .uniform(bound: bound), dtype: dtype, generator: generator)
        self.bias = bias ? Parameter([outputs], .uniform(bound: bound), dtype: dtype, generator: generator) : nil
    }

    public func callAsFunction(_ input1: Tensor, _ input2: Tensor) -> Tensor {
        running(input1) { input1.bilinear(input2, weight: weight, bias: bias) }
    }

    public override var configuration: String {
        "\(weight.size(1)), \(weight.size(2)), \(weight.size(0)), bias: \(bias != nil)"
    }

    public override func operationCount(input: Tensor, output: Tensor) -> Int {
        output.count * 2 * (weight.size(1) + 1) * weight.size(2)
    }
}
