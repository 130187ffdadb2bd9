import Switchback

/// A thread on which a model handles one request after another: tensors belong to the thread that created them.
package final class ModelThread<Model>: @unchecked Sendable {
    private let model: Model
    private let limits: ServerLimits
    private let queue: WorkQueue

    /// - Parameter model: is used by nobody else from now on.
    init(_ model: Model, _ limits: ServerLimits) {
        self.model = model
        self.limits = limits
        queue = WorkQueue("model", threads: 1, limit: limits.queue, standsBack: true)
    }

    /// What the model gives. Throws `APIError` if too many wait already, the time is over, or the server stops; what the
    /// work throws; and `ShapeError` where the model does not fit its input or itself.
    package func run<Result: Sendable>(_ work: @escaping @Sendable (Model) throws -> Result) async throws -> Result {
        try await queue.run(within: limits.seconds) { [self] in try catchingErrors { [model] in try work(model) } }
    }

    func stop() { queue.stop() }
}
