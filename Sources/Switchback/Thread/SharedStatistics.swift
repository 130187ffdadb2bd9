/// Brings together what batch normalization sums over a batch of which this thread computes a part, a slot, and others the
/// rest.
package protocol SharedStatistics: AnyObject, Sendable {
    /// Whether this slot is the one that moves the running averages, which are the same for all.
    var movesAverages: Bool { get }

    /// The position of the next normalization of the forward pass, counted from 0.
    func nextPosition() -> Int

    /// The sums over all slots, after each has given its own numbers of the same normalization.
    ///
    /// - Parameter isBackward: whether they are the gradient's.
    func sum(_ own: [Double], at position: Int, isBackward: Bool) -> [Double]
}

/// Runs `body` with batch normalization over the batch that this thread computes a slot of.
package func withSharedStatistics<Result>(
    _ statistics: any SharedStatistics, _ body: () throws -> Result
) rethrows -> Result {
    let state = ThreadState.current
    let previous = state.settings.sharedStatistics
    state.settings.sharedStatistics = statistics
    defer { state.settings.sharedStatistics = previous }
    return try body()
}
