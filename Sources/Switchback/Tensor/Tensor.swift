/// A multi-dimensional array of numbers that can record how it was computed.
///
/// A tensor is a view of a block of memory (`shape`, `strides`, element type `dtype`) and, when it takes part in
/// differentiation, a place in the graph of operations: `loss.backward()` then fills `grad` of the tensors that were
/// made with `requiresGrad`.
///
/// ```swift
/// let w = Tensor([2.0], requiresGrad: true)
/// let loss = (w * 3.0 - 10.0).pow(2)
/// loss.backward()
/// print(w.grad!.item())  // -24.0
/// ```
public class Tensor {
    /// Memory, shape, strides and element type.
    ///
    /// Lent to its readers, who would otherwise each count two references up and down again: for a scalar that is most
    /// of an operation's cost.
    public internal(set) final var array: NDArray {
        _read { yield contents }
        _modify { yield &contents }
    }
    @exclusivity(unchecked) private final var contents: NDArray

    /// The operation that made this tensor, or the accumulator of a leaf; `nil` when no gradient flows to it.
    @exclusivity(unchecked) final var node: Node?
    /// Which of the operation's results this is.
    @exclusivity(unchecked) final var outputIndex: Int
    /// The storage's version when this tensor was recorded: what a change through another view is noticed by.
    @exclusivity(unchecked) final var recordedVersion = 0

    /// A tensor that no gradient flows through.
    public init(_ array: NDArray) {
        contents = array
        outputIndex = 0
    }

    init(_ array: NDArray, node: Node, outputIndex: Int = 0) {
        contents = array
        self.node = node
        self.outputIndex = outputIndex
        recordedVersion = array.storage.version
    }

    public final var shape: Shape { array.shape }
    public final var dtype: DType { array.dtype }
    /// Steps between neighbors along each dimension, in elements.
    public final var strides: Shape { array.strides }
    /// The number of dimensions.
    public final var rank: Int { array.rank }
    /// The number of elements.
    public final var count: Int { array.count }
    public final var isContiguous: Bool { array.isContiguous }

    /// The backend whose kernels compute with the tensor, in whose memory it lies.
    public final var backend: any Backend.Type { array.storage.backend }

    /// The size along one dimension; negative ones count from the end.
    public final func size(_ dim: Int) -> Int { shape[dimension(dim, "size")] }

    /// `dim` counted from the front. Stops if there is no such dimension.
    final func dimension(_ dim: Int, _ operation: String) -> Int {
        // A scalar counts as having one dimension, as in PyTorch.
        let limit = Swift.max(rank, 1)
        require(
            dim >= -limit && dim < limit, operation,
            "there is no dimension \(dim) in \(shape): it must be from \(-limit) to \(limit - 1)")
        return dim < 0 ? dim + limit : dim
    }
}
