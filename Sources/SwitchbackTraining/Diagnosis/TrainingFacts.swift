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

    /// The path of a linear layer of one unit that stands before others.
    public var narrowLayer: String?

    public init() {}
}
