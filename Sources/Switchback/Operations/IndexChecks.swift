// Checks of indices and classes, without making a device wait: a kernel looks through the numbers, and what it found is
// read at once only where the host reads the memory itself. Elsewhere it is read with the next numbers that the host
// asks for, and until then kernels use indices that are safe.

extension Tensor {
    /// These integers as int64 indices, negative ones wrapped. Traps on the first that is out of range; where the
    /// host cannot read the memory, when it next reads any number.
    ///
    /// - Parameter message: what is wrong with an index: its position in row-major order, and its value.
    final func checked(
        _ range: IndexRange, _ operation: String, _ message: @escaping (_ position: Int, _ value: Int) -> String
    ) -> Tensor {
        let index = array.cast(to: .int64)
        if index.count == 0 { return Tensor(index) }
        let outcome = NDArray(empty: [3], dtype: .int64, backend: index.backend)
        index.backend.checkIndices(index, range, into: outcome)
        if index.backend.isHostReadable {
            let found = (0..<3).map { Int(outcome.integer(at: $0)) }
            if found[0] >= 0 { fail(operation, message(found[0], found[1])) }
            if found[2] == 0 { return Tensor(index) }
        } else {
            PendingCheck(outcome, operation, message).enqueue()
        }
        let safe = NDArray(empty: index.shape, dtype: .int64, backend: index.backend)
        index.backend.normalizeIndices(index, range, into: safe)
        return Tensor(safe)
    }

    /// Reads the outcomes of the checks that no one has read yet, if this tensor's values are about to be read from
    /// where the host cannot see them.
    final func settleChecks() {
        if backend.isHostReadable { return }
        for check in ThreadState.current.takePendingChecks() {
            check.settle(position: Int(check.outcome.integer(at: 0)), value: Int(check.outcome.integer(at: 1)))
        }
    }
}
