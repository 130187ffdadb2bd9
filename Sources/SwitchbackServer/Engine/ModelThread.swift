import Foundation

/// A thread on which a model answers one request after the other: tensors belong to the thread that made them.
final class ModelThread<Model>: @unchecked Sendable {
    private let model: Model
    private let queueLimit: Int
    private let condition = NSCondition()
    // Guarded by the condition.
    private var jobs: [(Model) -> Void] = []
    private var isStopping = false

    /// - Parameter model: is used by nobody else from now on.
    init(_ model: Model, queueLimit: Int) {
        self.model = model
        self.queueLimit = queueLimit
        let thread = Thread { [self] in run() }
        thread.name = "model"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// What the model gives. Throws `APIError` where too many wait already, or the server stops; and what the work throws.
    func run<Result: Sendable>(_ work: @escaping @Sendable (Model) throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try add { model in continuation.resume(with: Swift.Result { try work(model) }) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    private func add(_ job: @escaping (Model) -> Void) throws {
        try condition.withLock {
            if isStopping { throw APIError.stopping }
            guard jobs.count < queueLimit else { throw APIError.tooManyRequests(waiting: jobs.count) }
            jobs.append(job)
            condition.signal()
        }
    }

    /// Ends the thread once all that waits is done.
    func stop() {
        condition.withLock {
            isStopping = true
            condition.signal()
        }
    }

    private func run() {
        while let job = next() { job(model) }
    }

    private func next() -> ((Model) -> Void)? {
        condition.withLock {
            while jobs.isEmpty && !isStopping { condition.wait() }
            return jobs.isEmpty ? nil : jobs.removeFirst()
        }
    }
}
