/// What is known of a training beside its measurements: the options that it was started with.
public struct TrainingFacts: Codable, Equatable, Sendable {
    /// Where the user sets options, and so how remedies name them.
    public enum Interface: String, Codable, Sendable {
        /// `--lr 0.01`
        case commandLine
        /// `learningRate: 0.01`
        case swift
    }

    public var interface = Interface.swift
    /// The options by name, as `args.yaml` has them; `null` of those that were left open.
    public var options: [String: String] = [:]
    /// The learning rate that the user gave or got by default: the highest of the schedule.
    public var learningRate: Double?
    /// The optimizer's name, as the option spells it.
    public var optimizer: String?
    /// The optimizer's steps in all, and those of the warm-up.
    public var stepCount: Int?
    public var warmupSteps: Int?
    /// Whether it began with trained weights.
    public var isFineTuning = false
    /// The number of trained and of all elements of the parameters.
    public var trainedElements = 0
    public var allElements = 0
    /// The highest share of elements that a dropout layer drops, and its path.
    public var dropout: Double?
    public var dropoutLayer: String?
    /// The type of the weights, where they have two bytes each.
    public var halfType: String?
    /// The smallest momentum of running statistics of batch normalization.
    public var batchNormMomentum: Double?

    public init() {}
}

/// The losses and metrics of a validation.
public struct ValidationRecord: Codable, Equatable, Sendable {
    /// The optimizer's steps that were made by then.
    public let step: Int
    /// The mean loss of training since the validation before; `nil` if it is not known.
    public let trainingLoss: Double?
    /// `nil` where the task's validation has no loss.
    public let validationLoss: Double?
    /// What the task says of the training and of the validation: the accuracy.
    public let trainingMetrics: [String: Double]
    public let validationMetrics: [String: Double]

    public init(
        step: Int, trainingLoss: Double? = nil, validationLoss: Double? = nil,
        trainingMetrics: [String: Double] = [:], validationMetrics: [String: Double] = [:]
    ) {
        self.step = step
        self.trainingLoss = trainingLoss
        self.validationLoss = validationLoss
        self.trainingMetrics = trainingMetrics
        self.validationMetrics = validationMetrics
    }
}
