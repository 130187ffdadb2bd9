/// A table of trained vectors, looked up by whole numbers: [...] → [..., width].
public final class Embedding: Module {
    /// [count, width].
    public let weight: Parameter
    private let paddingIndex: Int?

    /// - Parameter paddingIndex: a row that starts as zeros and is not trained.
    public init(
        _ count: Int, _ width: Int, paddingIndex: Int? = nil, dtype: DType = .float32, generator: Generator? = nil
    ) {
        weight = Parameter([count, width], .normal(), dtype: dtype, generator: generator)
        self.paddingIndex = paddingIndex
        guard let paddingIndex else { return }
        weight.detach().select(dim: 0, index: paddingIndex).initialize(.zeros)
    }

    public override func forward(_ input: Tensor) -> Tensor {
        input.embedding(weight: weight, paddingIndex: paddingIndex)
    }

    public override var configuration: String { "\(weight.size(0)), \(weight.size(1))" }
}
