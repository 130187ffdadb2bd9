/// A table of trained vectors, looked up by integers: [...] → [..., width].
///
/// With `sparse: true` the gradient has the rows alone that were used (``Tensor/rowGrad``), as PyTorch's
/// `Embedding(sparse=True)`. `SGD` without momentum and weight decay then changes those rows alone, to the same bits as
/// with a dense gradient; `SparseAdam` does, too, and leaves the averages of the others as they are. Every other
/// optimizer takes the whole gradient, with its usual results.
public final class Embedding: Module {
    /// [count, width].
    public let weight: Parameter
    private let paddingIndex: Int?
    private let sparse: Bool

    /// - Parameters:
    ///   - paddingIndex: a row that starts as zeros and is not trained.
    ///   - sparse: whether the gradient has only the rows that were used: for large tables.
    public init(
        _ count: Int, _ width: Int, paddingIndex: Int? = nil, sparse: Bool = false, dtype: DType = .float32,
        generator: Generator? = nil
    ) {
        weight = Parameter([count, width], .normal(), dtype: dtype, generator: generator)
        self.paddingIndex = paddingIndex
        self.sparse = sparse
        guard let paddingIndex else { return }
        weight.detach().select(dim: 0, index: paddingIndex).initialize(.zeros)
    }

    public override func forward(_ input: Tensor) -> Tensor {
        input.embedding(weight: weight, paddingIndex: paddingIndex, sparse: sparse)
    }

    public override var configuration: String { "\(weight.size(0)), \(weight.size(1))" }
}
