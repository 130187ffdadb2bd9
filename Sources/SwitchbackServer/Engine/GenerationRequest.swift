import Foundation
import SwitchbackLanguage

/// A piece of the response to a request.
package enum GenerationEvent: Sendable {
    case text(String)
    /// The last event.
    case finished(GenerationSummary)
}

package struct GenerationSummary: Sendable {
    package let promptTokens, tokens: Int
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
