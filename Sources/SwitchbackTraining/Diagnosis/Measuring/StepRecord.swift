import Foundation
import Switchback

/// The measurements of one training step.
public struct StepRecord: Codable, Equatable, Sendable {
    /// Counted from 0, as the optimizer's steps are.
    public let step: Int
    public internal(set) var loss: Double
    /// The mean and the largest loss of the steps since the measurement before, this one included.
    public internal(set) var meanLoss: Double?
    public internal(set) var largestLoss: Double?
    /// The learning rate of the step; `nil` if it is not known.
    public internal(set) var rate: Double?
    /// In the order in which they were computed.
    public internal(set) var layers: [LayerRecord]
    /// The paths of the parameters that wanted a gradient and got none.
    public internal(set) var missing: [String]
    /// Whether the model was in training mode.
    public internal(set) var isTraining = true
    /// What entered the model; `nil` where nothing was seen to.
    public internal(set) var input: InputRecord?
    /// What entered the loss; `nil` where no loss with class labels or targets was seen.
    public internal(set) var output: OutputRecord?
    /// The optimizer's part; `nil` where none was seen to step.
    public internal(set) var optimizer: OptimizerRecord?

    /// The norm of all gradients together, as the optimizer used them.
    public var gradient: Double {
        layers.reduce(0) { $0 + ($1.gradient ?? 0) * ($1.gradient ?? 0) }.squareRoot()
    }

    /// Whether what entered the loss makes the whole loss, and not one of several terms; `nil` where its value is not known.
    var hasWholeLoss: Bool? { output?.value.map { abs($0 - loss) <= 0.25 * abs(loss) } }
}

extension StepRecord {
    /// What earlier versions wrote does not say how the model was computed: as one that is trained.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            step: try fields.decode(Int.self, forKey: .step), loss: try fields.decode(Double.self, forKey: .loss),
            meanLoss: try fields.decodeIfPresent(Double.self, forKey: .meanLoss),
            largestLoss: try fields.decodeIfPresent(Double.self, forKey: .largestLoss),
            rate: try fields.decodeIfPresent(Double.self, forKey: .rate),
            layers: try fields.decode([LayerRecord].self, forKey: .layers),
            missing: try fields.decode([String].self, forKey: .missing),
            isTraining: try fields.decodeIfPresent(Bool.self, forKey: .isTraining) ?? true,
            input: try fields.decodeIfPresent(InputRecord.self, forKey: .input),
            output: try fields.decodeIfPresent(OutputRecord.self, forKey: .output),
            optimizer: try fields.decodeIfPresent(OptimizerRecord.self, forKey: .optimizer))
    }
}

/// What was measured of one layer in one step: of a module that has parameters of its own, and of the activation that
/// its output went into.
public struct LayerRecord: Codable, Equatable, Sendable {
    /// The module's path; "" is the model itself.
    public let layer: String
    /// The module's type: `Linear`.
    public let type: String
    /// The activation applied to its output, by its operation's name: `relu`, `gelu`, `tanh`; `nil` for none.
    public internal(set) var activation: String?
    /// The norm of the gradients of its parameters, as the optimizer used them; `nil` if there are none.
    public internal(set) var gradient: Double?
    /// The norm of the gradient of its output: what arrives here of the loss.
    public internal(set) var signal: Double?
    /// The norm of its parameters before the step.
    public internal(set) var weight: Double
    /// The norm of their change in the step, divided by `weight`; `nil` if they were not trained.
    public internal(set) var update: Double?
    /// Of its output's elements.
    public internal(set) var mean: Double?
    public internal(set) var std: Double?
    /// How much they differ from example to example, as a standard deviation; `nil` for a single example.
    public internal(set) var variation: Double?
    /// The share of units whose activation lets no gradient through for any example; `nil` without one that can.
    public internal(set) var dead: Double?
    /// The share of elements for which the activation is so flat that less than a twentieth of its steepest slope is
    /// left; `nil` without one that can be.
    public internal(set) var saturated: Double?
    /// The share of its gradient's elements that are 0, and of those that are subnormal.
    public internal(set) var zeros: Double?
    public internal(set) var subnormals: Double?
    /// Whether its units have equal weights, so that they learn the same.
    public internal(set) var hasEqualUnits: Bool?
    /// How many of its parameters' elements are frozen, as a share.
    public internal(set) var frozen: Double?
    /// The norms of the gradient at eight places of a sequence, from its first step to its last; `nil` for layers that
    /// are not recurrent.
    public internal(set) var signalInTime: [Double]?
    /// What a recurrent layer took for the number of time steps and of sequences, in the first step.
    public internal(set) var sequenceShape: [Int]?
    /// How evenly attention is spread, from 0 (all on one place) to 1 (the same on all); `nil` without attention.
    public internal(set) var attention: Double?
    /// Whether the places of a text see those after them; `nil` where no attention among them was seen in the first step.
    public internal(set) var seesAhead: Bool?
    /// Whether a softmax of attention goes over the examples of the batch, in the first step.
    public internal(set) var mixesExamples: Bool?

    /// As messages name it: `fc1 (Linear)`.
    public var name: String { layer.isEmpty ? "the model itself (\(type))" : "\(layer) (\(type))" }
}

/// What entered the model in one step: the first tensor that its `forward` got.
public struct InputRecord: Codable, Equatable, Sendable {
    public let shape: [Int]
    public internal(set) var mean: Double
    public internal(set) var std: Double
    public internal(set) var smallest: Double
    public internal(set) var largest: Double
    /// The share of places (pixels, features) at which all examples of the batch have the same number.
    public internal(set) var equal: Double
    /// Whether all examples of the batch are the same.
    public var hasEqualExamples: Bool { shape.first ?? 0 > 1 && equal == 1 }
    /// The number of elements that are NaN or infinite.
    public internal(set) var notFinite: Int
    /// The share of the most frequent number where they are indices: that of padding, say; `nil` for others.
    public internal(set) var mostFrequent: Double?
    /// The share of examples that are in the batch more than once; `nil` where they are indices, or too few numbers to
    /// tell.
    public internal(set) var repeated: Double?
    /// The share of examples whose numbers are all the same; `nil` where they are indices, or few.
    public internal(set) var blank: Double?
    /// The share of examples that no measured step before had; `nil` where they cannot be told apart.
    public internal(set) var unseen: Double?
}

/// What entered the loss in one step.
public struct OutputRecord: Codable, Equatable, Sendable {
    /// The loss, by its operation's name: `crossEntropy`.
    public let loss: String
    /// The number of classes; 1 for a binary loss or a distance.
    public let classes: Int
    public let predictionShape: [Int]
    public let targetShape: [Int]
    /// The mean loss as a measurement of its own, without weights, smoothing and other terms: what can be compared with
    /// what is known of such losses.
    public internal(set) var value: Double?
    /// The range of the numbers that entered it, and their standard deviation.
    public internal(set) var smallest: Double
    public internal(set) var largest: Double
    public internal(set) var std: Double
    /// Whether they are probabilities already: between 0 and 1, and of all classes together 1.
    public internal(set) var areProbabilities: Bool
    /// Of what nllLoss is given: whether they are logarithms of probabilities that sum to 1 over the classes.
    public internal(set) var areLogarithms: Bool?
    /// By how many places targets are ahead of the whole numbers that enter the model: 1 where each is the one that
    /// follows, as in a language model, and 0 where it is the one at its own place; `nil` where they are neither.
    public internal(set) var lead: Int?
    /// The standard deviation over the examples, relative to `std`: 0 where the answer does not depend on the input.
    public internal(set) var variation: Double
    /// The mean entropy of the predicted distributions, in nats; `nil` without classes.
    public internal(set) var entropy: Double?
    /// The share of examples that are predicted as the class predicted most.
    public internal(set) var majority: Double?
    /// The share of examples that are predicted right.
    public internal(set) var accuracy: Double?
    /// The mean probability of the predicted class, and the one that only a twentieth of the examples exceed; `nil`
    /// without classes, and with very many.
    public internal(set) var confidence: Double?
    public internal(set) var surest: Double?
    /// How many examples have each class, the first hundred classes; empty without classes.
    public internal(set) var counts: [Int]
    /// The mean and the standard deviation of targets that are no classes.
    public internal(set) var targetMean: Double?
    public internal(set) var targetStd: Double?
    public internal(set) var targetSmallest: Double?
    public internal(set) var targetLargest: Double?
    /// The loss of one who answers with the mean of the batch's targets, of each column its own; `nil` with classes.
    public internal(set) var blind: Double?
}

/// What the optimizer did in one step.
public struct OptimizerRecord: Codable, Equatable, Sendable {
    /// By its type: `AdamW`.
    public let name: String
    /// The norm of the gradients before they were clipped; `nil` where they were not.
    public internal(set) var unclipped: Double?
    /// Their norm after that.
    public internal(set) var clipped: Double?
    /// The norm of gradients that were left from before when `backward()` began, and that of the gradients used.
    public internal(set) var stale: Double
    public internal(set) var gradient: Double
    /// The share of the step that is weight decay.
    public internal(set) var decay: Double
    /// The cosine of the angle between the step and the way down the gradient.
    public internal(set) var descent: Double?
    public internal(set) var momentum: Double
    public internal(set) var weightDecay: Double
    /// The paths of the model's parameters that it does not have, and the number of those it has that are not the
    /// model's.
    public internal(set) var absent: [String]
    public internal(set) var foreign: Int
    /// How many other optimizers stepped that have none of the model's parameters, as that of an opponent's.
    public internal(set) var opponents: Int?
    /// What the loop left out, so that the optimizer began its step with no gradient; `nil` where it had some.
    public internal(set) var omission: Omission?

    public enum Omission: String, Codable, Sendable {
        /// `backward()` was called, and its gradients were forgotten before the step.
        case gradientsForgotten
        /// `backward()` was not called.
        case notDifferentiated
    }
}

extension Double {
    /// To five digits, which is what a record needs. A power of ten up to 10²² is a `Double`, and so the quotient is the
    /// one that is nearest to those digits.
    var recorded: Double {
        guard isFinite, self != 0 else { return self }
        let places = 4 - Int(log10(magnitude).rounded(.down))
        guard abs(places) <= 22 else { return Double(general(5)) ?? self }
        let power = pow(10, Double(abs(places)))
        return places < 0 ? (self / power).rounded() * power : (self * power).rounded() / power
    }
}
