// Changes in place: the memory of a tensor is written over, and its place in the graph moves on to the change.

extension Tensor {
    /// Changes this tensor's memory, and makes it the result of that change, so that gradients flow through it.
    ///
    /// Stops, where operations are recorded, for a leaf that requires a gradient: its gradient would be that of
    /// values which are gone. Changes noticed here are found by every operation that saved the old values.
    ///
    /// - Parameters:
    ///   - operands: what the change depends on beside this tensor, which is operand 0.
    ///   - saving: what the gradient needs; not this tensor, whose values change.
    ///   - gradient: the rule, from the gradient of the changed tensor to those of the old one and the operands.
    ///   - write: changes the memory.
    final func changeInPlace(
        by name: StaticString, with operands: [Tensor] = [], saving: @autoclosure () -> [Tensor?] = [],
        gradient: @escaping GradientRule, write: (NDArray) -> Void
    ) {
        let records = ThreadState.current.recordsGradients
        require(
            !(records && node is GradientAccumulator), "\(name)",
            "a leaf that requires a gradient is changed in place only inside noGrad")
        require(
            zip(shape, strides).allSatisfy { $0 <= 1 || $1 != 0 }, "\(name)",
            "several elements of an expanded tensor share memory, which cannot be changed in place; clone() it first")
        write(array)
        // As it was before, with its old place in the graph.
        let before = node.map { Tensor(array, node: $0, outputIndex: outputIndex) } ?? Tensor(array)
        if records { checkNotChangedElsewhere(name) }
        let after = Tensor.record(name, array, from: [before] + operands, saving: saving(), gradient: gradient)
        array.storage.noteChange(by: name)
        if records {
            node = after.node
            outputIndex = after.outputIndex
        }
        recordedVersion = array.storage.version
    }

    /// Takes note that the last change of the memory, through a view, is about to be recorded for this tensor too.
    final func overlookLastChange() {
        if recordedVersion + 1 == array.storage.version { recordedVersion += 1 }
    }
}
