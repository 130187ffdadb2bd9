/// A check whose outcome lies where the host cannot read it.
struct PendingCheck {
    /// What `checkIndices` wrote.
    let outcome: NDArray
    private let operation: String
    private let message: (Int, Int) -> String
    private let place: ModulePlace?

    init(_ outcome: NDArray, _ operation: String, _ message: @escaping (Int, Int) -> String) {
        (self.outcome, self.operation, self.message, place) = (outcome, operation, message, ThreadState.place)
    }

    /// Leaves the outcome to be read with the next number.
    func enqueue() { ThreadState.current.pendingChecks.append(self) }

    /// Stops if an index was out of range. Not inlined: the optimizer of Swift 6.3 fails on a loop that ends so.
    @inline(never)
    func settle(position: Int, value: Int) {
        if position >= 0 { fail(operation, message(position, value), in: place?.path ?? "") }
    }
}
