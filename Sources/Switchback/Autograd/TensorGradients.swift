extension Tensor {
    /// Whether `backward()` computes a gradient for this tensor or flows through it.
    ///
    /// Set it on tensors that you made yourself; for the results of operations it follows from their operands.
    public final var requiresGrad: Bool {
        get { node != nil }
        set {
            if newValue == (node != nil) { return }
            require(
                isLeaf, "requiresGrad",
                "only a leaf can stop requiring a gradient; use detach() on the result of an operation")
            require(
                !newValue || dtype.isFloatingPoint, "requiresGrad",
                "only floating-point tensors have gradients, and this one is \(dtype)")
            node = newValue ? GradientAccumulator(for: self) : nil
        }
    }

    /// Whether no recorded operation made this tensor: gradients end here, in `grad`.
    public final var isLeaf: Bool { node == nil || node is GradientAccumulator }

    /// The sum of the gradients that `backward()` has brought here since the last `zeroGrad()`, in the tensor's shape;
    /// `nil` before the first. Results of operations have one only after `retainGrad()`.
    public final var grad: Tensor? {
        get {
            if let leaf = node as? GradientAccumulator { return leaf.wholeGradient }
            return node?.retainedGradient(ofOutput: outputIndex)
        }
        set {
            guard let leaf = node as? GradientAccumulator else {
                fail("grad", "only a leaf that requires a gradient has one that can be set")
            }
            if let newValue {
                requireSameBackend("grad", newValue)
                require(
                    newValue.shape == shape, "grad", "the gradient has shape \(newValue.shape), the tensor \(shape)")
            }
            leaf.replaceGradient(newValue)
        }
    }

    /// The gradient of single rows of this table, where only `embedding(weight:sparse:)` has used it since the last
    /// `zeroGrad()`; else `nil`. Then `grad` is the same as a whole tensor, made anew whenever it is requested.
    public final var rowGrad: RowGradient? {
        get { (node as? GradientAccumulator)?.stayingRows }
        set {
            guard let leaf = node as? GradientAccumulator else {
                fail("rowGrad", "only a leaf that requires a gradient has one that can be set")
            }
            if let newValue {
                require(
                    newValue.shape == shape, "rowGrad", "the gradient has shape \(newValue.shape), the tensor \(shape)")
            }
            leaf.replaceGradient(rows: newValue)
        }
    }

    /// The numbers of the gradient in the memory that holds them, to be read or changed in place: the whole gradient,
    /// or those of `gradRows`, [n, width], beside which all is 0.
    package final var gradElements: Tensor? { gradRows?.values ?? grad }

    /// The rows beside which all of the gradient is 0, as far as they are known: those of `rowGrad`, and of a large
    /// table of which few were used, until its `grad` is requested.
    package final var gradRows: RowGradient? { (node as? GradientAccumulator)?.rowGradient }

    /// Clears the gradient.
    public final func zeroGrad() { (node as? GradientAccumulator)?.replaceGradient(nil) }

    /// Makes `grad` keep the gradient that flows through the result of an operation, as all hooks have left it.
    public final func retainGrad() {
        if let node, !isLeaf { node.retainGradient(ofOutput: outputIndex) }
    }

    /// The same values outside the graph: no gradient flows through the result. Memory is shared.
    public final func detach() -> Tensor {
        guard let operation = node as? OperationNode else { return Tensor(array) }
        return DetachedTensor(array, from: operation)
    }

    /// Calls `hook` with the whole gradient of this tensor during `backward()`; what it returns, unless `nil`, takes
    /// the gradient's place.
    public final func registerHook(_ hook: @escaping (Tensor) -> Tensor?) {
        guard let node else { fail("registerHook", "the tensor does not require a gradient") }
        node.addHook(GradientHook(output: outputIndex, run: hook))
    }

    /// A view that was recorded and whose memory has since been changed through another tensor has a gradient that
    /// no longer fits its values.
    final func checkNotChangedElsewhere(_ operation: OperationName) {
        if node == nil || recordedVersion == array.storage.version || isLeaf { return }
        fail(
            "\(operation)",
            "an operand of shape \(shape) shares memory that was changed in place by \(array.storage.lastChange) "
                + "after it was computed, so its gradient would be wrong; clone() it before the change")
    }
}

/// What `detach()` gives of an operation's result: it knows the operation, for images of the graph and for what is said of
/// a model that gradients do not reach.
final class DetachedTensor: Tensor {
    let operation: OperationName
    let place: ModulePlace?

    fileprivate init(_ array: NDArray, from node: OperationNode) {
        (operation, place) = (node.name, node.place)
        super.init(array)
    }
}
