/// The losses and metrics of a validation, and what was seen of it.
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
    /// Of its first batches; `nil` where none was seen to be computed.
    public internal(set) var sample: ValidationSample?
    /// Whether the model was in training mode in all that was seen of it; `nil` of nothing, and of inference mode.
    public internal(set) var isInTrainingMode: Bool?

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

/// What was seen of the first batches of a validation.
public struct ValidationSample: Codable, Equatable, Sendable {
    /// What entered the model in the first of them.
    public let input: InputRecord
    /// How many examples were looked at, and how many of them measured steps had trained on.
    public let compared, known: Int
    /// How many of them are the same as another one of them.
    public let repeated: Int
    /// The share of examples that are predicted right; `nil` where no loss with classes was seen.
    public let accuracy: Double?
    /// What entered the loss in the first of them; `nil` where none was seen.
    public internal(set) var output: OutputRecord?
}
