import Foundation

/// The memory that the bodies and images of all requests together may take.
package final class MemoryBudget: @unchecked Sendable {
    private let lock = NSLock()
    // Guarded by the lock.
    private var left: Int

    package init(bytes: Int) { left = bytes }

    fileprivate func take(_ bytes: Int) throws {
        try lock.withLock {
            guard bytes <= left else { throw APIError.outOfMemory }
            left -= bytes
        }
    }

    fileprivate func giveBack(_ bytes: Int) { lock.withLock { left += bytes } }
}

/// What one request has taken of the budget. It is given back when nobody holds this any more.
package final class MemoryShare: @unchecked Sendable {
    private let budget: MemoryBudget
    private let lock = NSLock()
    // Guarded by the lock.
    private var taken = 0

    package init(of budget: MemoryBudget) { self.budget = budget }

    deinit { budget.giveBack(taken) }

    /// Throws `APIError` if so much is not left.
    package func take(_ bytes: Int) throws {
        try budget.take(bytes)
        lock.withLock { taken += bytes }
    }
}
