/// Examples by index.
///
/// The subscript is called from several threads at once where a `DataLoader` has workers, and must give the same
/// example each time. A dataset that reads files throws an `InputError` which names the file; one in memory does not
/// throw, and its loader can then be walked with `for batch in loader`.
public protocol Dataset<Element, Failure> {
    associatedtype Element
    /// The error of reading an example; `Never` if it cannot fail.
    associatedtype Failure: Error
    /// The number of examples.
    var count: Int { get }
    /// The example at a position from 0 to `count - 1`.
    subscript(index: Int) -> Element { get throws(Failure) }
    /// The examples at `indices` joined into one, where the dataset can do that faster than one by one; `nil`, the
    /// default, where it cannot.
    func batch(at indices: [Int]) throws(Failure) -> Element?
}

extension Dataset {
    public func batch(at indices: [Int]) throws(Failure) -> Element? { nil }
}

/// A type whose values can be joined into one: the examples of a batch.
public protocol Collatable {
    /// The elements joined, each tensor along a new first dimension. There is at least one.
    static func collate(_ elements: [Self]) -> Self
}

/// An input and its target; for a batch, the inputs and the targets.
public struct Example: Collatable {
    /// For example the image [C, H, W]; of a batch, [N, C, H, W].
    public var input: Tensor
    /// For example the class, []; of a batch, [N].
    public var target: Tensor

    public init(input: Tensor, target: Tensor) {
        self.input = input
        self.target = target
    }

    public static func collate(_ examples: [Example]) -> Example {
        Example(input: .stack(examples.map(\.input)), target: .stack(examples.map(\.target)))
    }
}

/// Examples in the processor's memory: the slices of two tensors along their first dimension.
public struct TensorDataset: Dataset {
    /// [count, …]
    public let inputs: Tensor
    /// [count, …]
    public let targets: Tensor

    /// Stops unless both tensors have the same first size.
    public init(_ inputs: Tensor, _ targets: Tensor) {
        require(
            inputs.rank > 0 && targets.rank > 0 && inputs.shape[0] == targets.shape[0], "TensorDataset",
            "the inputs \(inputs.shape) and the targets \(targets.shape) must have the same first size")
        self.inputs = Tensor(inputs.array.contiguous().transferred(to: CPUBackend.self))
        self.targets = Tensor(targets.array.contiguous().transferred(to: CPUBackend.self))
    }

    public var count: Int { inputs.shape[0] }

    public subscript(index: Int) -> Example {
        Example(input: inputs.select(dim: 0, index: index), target: targets.select(dim: 0, index: index))
    }

    public func batch(at indices: [Int]) -> Example? {
        Example(input: Tensor(inputs.array.rows(indices)), target: Tensor(targets.array.rows(indices)))
    }
}

extension NDArray {
    /// The slices at `indices` along the first dimension of a contiguous array, copied one after another.
    ///
    /// Plain copies rather than a kernel: batches are assembled on threads of their own, which should leave the pool
    /// of the kernels to the training step.
    fileprivate func rows(_ indices: [Int]) -> NDArray {
        for index in indices where index < 0 || index >= shape[0] {
            fail("TensorDataset", "there is no example \(index) among \(shape[0])")
        }
        let rowBytes = shape.removing(0).elementCount * dtype.byteCount
        return NDArray(shape: shape.replacing(0, with: indices.count), dtype: dtype) { rows in
            withHostBytes { bytes in
                for (position, index) in indices.enumerated() {
                    let row = UnsafeRawBufferPointer(rebasing: bytes[index * rowBytes..<(index + 1) * rowBytes])
                    UnsafeMutableRawBufferPointer(rebasing: rows[(position * rowBytes)...]).copyMemory(from: row)
                }
            }
        }
    }
}
