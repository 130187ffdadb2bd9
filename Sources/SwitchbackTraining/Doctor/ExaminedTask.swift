import Foundation
import Switchback

/// A task that a ``Doctor`` can examine: it can also make batches that are ill on purpose.
public protocol ExaminedTask: TrainingTask {
    /// The model's answers to a batch, one row for each of its examples.
    func answers(to batch: Batch) throws -> Tensor

    /// The batch with each example's target given to another one.
    func shufflingTargets(of batch: Batch, by generator: Generator) -> Batch

    /// Whether a few dozen steps show that inputs and labels matter: not where the model first learns what it can from
    /// the targets before.
    var learnsFromInputsSoon: Bool { get }

    /// The batch with inputs that say nothing, all the same, in the examples from position `first` on.
    func blankingInputs(of batch: Batch, from first: Int) -> Batch

    /// What is known of the targets without a look at the inputs; `nil` where the loss is no entropy of classes.
    var chance: Chance? { get }

    /// Whether the model knows something before it is trained, because it begins with trained weights.
    var beginsTrained: Bool { get }

    /// Looks at the data: at its values, its classes, and at what is in several of its parts.
    func dataChecks() throws -> [DoctorCheck]

    /// Whether held-out examples are exact copies of ones for training, which is told in little time; `nil`, which it is
    /// if not defined, where that is not looked at.
    func exactCopies() throws -> DoctorCheck?
}

extension ExaminedTask {
    public var beginsTrained: Bool { false }
    public var learnsFromInputsSoon: Bool { true }
    public func exactCopies() throws -> DoctorCheck? { nil }
}

/// The loss, in nats, of one who does not look at the inputs.
public struct Chance: Equatable, Sendable {
    /// How many classes, or tokens, there are.
    public let classes: Int
    /// The entropy of how often they occur: the least loss that can be reached without inputs.
    public let entropy: Double

    /// - Parameter counts: how often each class occurs.
    public init(counts: [Int]) {
        let total = Double(max(counts.reduce(0, +), 1))
        classes = counts.count
        entropy = counts.filter { $0 > 0 }.map { Double($0) / total }.reduce(0) { $0 - $1 * log($1) }
    }

    /// The loss of one who takes all classes for equally likely.
    public var uniform: Double { log(Double(max(classes, 1))) }
}
