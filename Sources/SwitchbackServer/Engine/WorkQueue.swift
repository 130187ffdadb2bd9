import Foundation
import Switchback

/// Threads for work that takes long. Requests are read, images decoded and models run on such threads, never on the
/// pool that answers: `/health` and a request to stop are heard whatever is continuing.
package final class WorkQueue: @unchecked Sendable {
    private let limit: Int
    private let condition = NSCondition()
    // Guarded by the condition.
    private var waiting: [() -> Void] = []
    private var isStopping = false

    /// - Parameters:
    ///   - limit: how much work may wait for a thread.
    ///   - standsBack: whether others go first where processors are scarce, those above all that answer.
    package init(_ name: String, threads: Int, limit: Int, standsBack: Bool = false) {
        self.limit = limit
        for _ in 0..<threads {
            let thread = Thread { [self] in
                if standsBack { Platform.standBack() }
                while let work = next() { work() }
            }
            thread.name = name
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// What the work gives.
    ///
    /// Throws `APIError` if too much waits already, the server stops, or `seconds` have passed before the result is
    /// there; and what the work throws. Work that has begun continues to its end in any case.
    package func run<Value: Sendable>(
        within seconds: Double, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let outcome = Outcome<Value>()
        try add {
            if !outcome.isSettled { outcome.settle(Result { try work() }) }
        }
        return try await SwitchbackServer.within(seconds, otherwise: .timeout(seconds: seconds)) {
            try await outcome.value
        }
    }

    /// Has some work done, whose result nobody waits for.
    ///
    /// Throws `APIError` if too much waits already, or the server stops.
    func add(_ work: @escaping () -> Void) throws {
        try condition.withLock {
            if isStopping { throw APIError.stopping }
            guard waiting.count < limit else { throw APIError.tooManyRequests(waiting: waiting.count) }
            waiting.append(work)
            condition.signal()
        }
    }

    /// Ends the threads once all that waits is done.
    package func stop() {
        condition.withLock {
            isStopping = true
            condition.broadcast()
        }
    }

    private func next() -> (() -> Void)? {
        condition.withLock {
            while waiting.isEmpty && !isStopping { condition.wait() }
            return waiting.isEmpty ? nil : waiting.removeFirst()
        }
    }
}

/// A result that somebody waits for. The first one counts; a task that is cancelled waits no longer.
private final class Outcome<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    // Guarded by the lock.
    private var result: Result<Value, any Error>?
    private var receiver: CheckedContinuation<Value, any Error>?

    var isSettled: Bool { lock.withLock { result != nil } }

    func settle(_ result: Result<Value, any Error>) {
        let receiver = lock.withLock { () -> CheckedContinuation<Value, any Error>? in
            guard self.result == nil else { return nil }
            self.result = result
            return self.receiver
        }
        receiver?.resume(with: result)
    }

    /// May be asked for once.
    var value: Value {
        get async throws {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { receiver in
                    let result = lock.withLock { () -> Result<Value, any Error>? in
                        self.receiver = receiver
                        return self.result
                    }
                    if let result { receiver.resume(with: result) }
                }
            } onCancel: {
                settle(.failure(CancellationError()))
            }
        }
    }
}

/// What some work gives; throws `error` where it takes longer than so many seconds.
func within<Value: Sendable>(
    _ seconds: Double, otherwise error: APIError, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask(operation: work)
        group.addTask {
            try await Task.sleep(for: .seconds(seconds))
            throw error
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw error }
        return value
    }
}
