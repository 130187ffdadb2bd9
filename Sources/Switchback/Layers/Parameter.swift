/// A tensor that an optimizer trains: part of a module, and a leaf that requires a gradient.
public final class Parameter: Tensor {
    /// The numbers in fewer bits, after `pack(as:)`; `nil` in training.
    public internal(set) var packed: PackedWeight?

    /// Uses the memory of `tensor`, which is not copied.
    public init(_ tensor: Tensor) {
        super.init(tensor.array)
        requiresGrad = true
    }
}

/// A tensor that belongs to a module and is saved with it, but not trained: running statistics, for example.
public final class Buffer: Tensor {
    /// Whether the buffer is part of the module's state dictionary.
    public let isPersistent: Bool

    /// Uses the memory of `tensor`, which is not copied.
    public init(_ tensor: Tensor, isPersistent: Bool = true) {
        self.isPersistent = isPersistent
        super.init(tensor.array)
    }
}
