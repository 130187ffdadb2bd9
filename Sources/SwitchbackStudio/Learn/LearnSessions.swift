import Foundation
import Switchback
import SwitchbackFormats

/// The trainings that pages are looking at: few, and dropped when nobody has asked for a while.
package final class LearnSessions: @unchecked Sendable {
    /// How many are kept; the one that was used longest ago makes place for another.
    package static let most = 8
    /// After so many seconds without a request a training is dropped.
    package static let idleSeconds = 300.0
    package static let stepRange = 1...50

    private final class Session {
        /// Held while the training is used.
        let lock = NSLock()
        let training: SpiralTraining
        // Guarded by the lock of all sessions.
        var lastUse: Double

        init(_ training: SpiralTraining, _ now: Double) { (self.training, lastUse) = (training, now) }
    }

    private let lock = NSLock()
    // Guarded by the lock.
    private var sessions: [String: Session] = [:]
    private let now: @Sendable () -> Double

    /// - Parameter now: the time in seconds, for tests.
    package init(now: @escaping @Sendable () -> Double = { ProcessInfo.processInfo.systemUptime }) { self.now = now }

    /// A training that has begun.
    package struct Begun: Encodable, Sendable {
        package let id: String
        package let options: SpiralOptions
        package let points: [SpiralState.Point]
        package let side: Int
        package let reach: Double
        package let state: SpiralState
    }

    /// Begins a training.
    package func begin(_ options: SpiralOptions) -> Begun {
        let training = SpiralTraining(options)
        let id = UUID().uuidString.lowercased()
        let begun = Begun(
            id: id, options: options, points: training.points, side: SpiralTraining.side, reach: Spirals.reach,
            state: training.advance(by: 0))
        lock.withLock {
            dropIdle()
            if sessions.count >= Self.most, let oldest = sessions.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                sessions[oldest.key] = nil
            }
            sessions[id] = Session(training, now())
        }
        return begun
    }

    /// Makes so many steps of a training; `nil` where there is none of that id, or no more.
    package func advance(_ id: String, by steps: Int) -> SpiralState? {
        let session = lock.withLock { () -> Session? in
            dropIdle()
            sessions[id]?.lastUse = now()
            return sessions[id]
        }
        return session.map { session in session.lock.withLock { session.training.advance(by: steps) } }
    }

    package var count: Int { lock.withLock { sessions.count } }

    private func dropIdle() {
        let limit = now() - Self.idleSeconds
        sessions = sessions.filter { $0.value.lastUse >= limit }
    }
}
