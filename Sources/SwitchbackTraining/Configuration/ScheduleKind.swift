import Foundation
import Switchback

/// The learning rate schedules by the names that options and configurations use, fitted to the length of a training.
public enum ScheduleKind: String, CaseIterable, Codable, Sendable {
    case constant, step, exponential, linear, polynomial, cosine
    case cosineRestarts = "cosine-restarts"
    case oneCycle = "one-cycle"

    /// How high a rate may be at its peak, beside one that stays: a rise from little and a fall to almost nothing bear
    /// more (Smith and Topin, "Super-convergence", 2018).
    public var peakFactor: Double { self == .oneCycle ? 3 : 1 }

    /// - Parameters:
    ///   - steps: all steps of the training.
    ///   - learningRate: the highest rate of `oneCycle`.
    ///   - finalFraction: what `linear` and `cosine` end with, as a fraction of the highest rate.
    public func schedule(steps: Int, learningRate: Double, finalFraction: Double = 0) -> Schedule {
        switch self {
        case .constant: return .constant
        case .step: return .step(every: max(1, steps / 3), factor: 0.1)
        case .exponential: return .exponential(factor: pow(0.01, 1 / Double(max(steps, 1))))
        case .linear: return .linear(from: 1, to: finalFraction, steps: steps)
        case .polynomial: return .polynomial(steps: steps, power: 2)
        case .cosine: return .cosine(steps: max(steps, 1), toFraction: finalFraction)
        case .cosineRestarts: return .cosineWithRestarts(steps: max(1, steps / 3))
        case .oneCycle: return steps > 1 ? .oneCycle(maximum: learningRate, steps: steps, momentum: nil) : .constant
        }
    }
}
