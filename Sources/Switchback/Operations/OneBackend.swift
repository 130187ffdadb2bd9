// Operations compute where their operands lie, and so all operands of one lie in the memory of one backend.

extension Tensor {
    /// Stops unless the other operands of an operation lie in the memory of this one's backend.
    final func requireSameBackend(_ operation: @autoclosure () -> String, _ others: Tensor?...) {
        for case let other? in others { array.requireSameBackend(operation(), other.array) }
    }

    /// This tensor in the memory of a backend, whose kernels will compute with it: itself if it lies there already. The
    /// gradient comes back to where this tensor lies.
    public final func to(_ backend: any Backend.Type) -> Tensor {
        let origin = self.backend
        if backend == origin { return self }
        return Tensor.record("to", array.transferred(to: backend), of: self) { $1.to(origin) }
    }
}

extension NDArray {
    /// Stops unless the other operand of an operation lies in the memory of this one's backend.
    @inline(__always)
    func requireSameBackend(_ operation: @autoclosure () -> String, _ other: NDArray) {
        require(
            backend == other.backend, operation(),
            "the operands lie in the memory of different backends, \(backend.name) and \(other.backend.name); "
                + "move them to one with to(_:)")
    }
}
