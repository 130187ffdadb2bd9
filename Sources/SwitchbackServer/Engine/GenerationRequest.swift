import Foundation
import SwitchbackLanguage

/// A piece of the response to a request.
package enum GenerationEvent: Sendable {
    case text(String)
    /// A token's probability, where it was asked for; the token's text comes later.
    case score(TokenScore)
    /// The last event.
    case finished(GenerationSummary)
}

package struct GenerationSummary: Sendable {
    package let promptTokens: Int
    /// How many tokens of the prompt were not read again, since another text began with them.
    package let cachedTokens: Int
    package let tokens: Int
    package let ending: Continuation.Ending
}

/// A request for a text.
///
/// `text` belongs to the engine's thread; the rest does not change, but for the wish to be cancelled, which has a lock.
package final class GenerationRequest: @unchecked Sendable {
    let prompt: [Int]
    let options: GenerationOptions
    let arrival = ContinuousClock.now
    let deadline: ContinuousClock.Instant
    /// The resulting events; ends with an error if something goes wrong.
    package let events: AsyncThrowingStream<GenerationEvent, any Error>
    var text: Continuation?

    private let receiver: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    private let lock = NSLock()
    private var wantsNoMore = false
    private var isOver = false

    init(prompt: [Int], _ options: GenerationOptions, seconds: Double) {
        self.prompt = prompt
        self.options = options
        deadline = arrival + .seconds(seconds)
        (events, receiver) = AsyncThrowingStream.makeStream()
    }

    /// Whether it has its last event.
    var isFinished: Bool { lock.withLock { isOver } }

    var isCancelled: Bool { lock.withLock { wantsNoMore } }

    /// Nobody waits for it any more. Returns whether there was still something to wait for.
    @discardableResult package func cancel() -> Bool {
        lock.withLock {
            defer { wantsNoMore = true }
            return !wantsNoMore && !isOver
        }
    }

    func give(_ event: GenerationEvent) {
        receiver.yield(event)
        guard case .finished = event else { return }
        lock.withLock { isOver = true }
        receiver.finish()
    }

    func fail(_ error: any Error) {
        lock.withLock { isOver = true }
        receiver.finish(throwing: error)
    }
}

extension [GenerationRequest] {
    /// The events of all of them in the order in which they come, each with the number of its text.
    var events: AsyncThrowingStream<(number: Int, event: GenerationEvent), any Error> {
        let (events, receiver) = AsyncThrowingStream<(number: Int, event: GenerationEvent), any Error>.makeStream()
        let task = Task {
            do {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (number, request) in enumerated() {
                        group.addTask { for try await event in request.events { receiver.yield((number, event)) } }
                    }
                    try await group.waitForAll()
                }
                receiver.finish()
            } catch {
                receiver.finish(throwing: error)
            }
        }
        receiver.onTermination = { _ in task.cancel() }
        return events
    }
}
