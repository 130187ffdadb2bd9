import Switchback

/// The events of a training, in the order in which they happen.
///
/// ```swift
/// trainer.listeners.append { event in
///     if case .epoch(let result) = event, result.training["loss"] ?? 1 < 0.01 { return .stop }
///     return .continue
/// }
/// ```
public enum TrainingEvent {
    /// Before the first batch, of a resumed run as well.
    case started(TrainingStart)
    /// The operations that the loss of the first batch was computed by; not told again when a run is resumed.
    case graph(Graph)
    /// The gradients of an optimizer's step are complete, not yet clipped, and the weights are still the old ones.
    case gradients(step: Int)
    /// After a batch.
    case batch(BatchResult)
    /// As many epochs as fit into the time, so many seconds in all, were planned anew: after the first epoch, and after
    /// another one where the number has changed.
    case planned(TrainingPlan, seconds: Double)
    /// After a validation: at the end of an epoch, or every so many steps where that was requested. The weights are
    /// saved with the next state.
    case epoch(EpochResult)
    /// The state of a step, from which the run can be resumed, has reached the disk, and the weights of the validations
    /// before it. It was written beside the training, so that more steps may have been made since.
    case checkpoint(path: String, step: Int, seconds: Double)
    /// A loss or a gradient is not a number: an error ends the training after this.
    case failed(TrainingFailure)
    /// After the last batch.
    case finished(TrainingOutcome)
}

public enum TrainingDecision { case `continue`, stop }

/// Is told of every event. Where one listener returns `.stop`, the training saves its state and ends; what it throws
/// ends the training at once.
public typealias TrainingListener = (TrainingEvent) throws -> TrainingDecision

/// The start of a training.
public struct TrainingStart {
    /// The task's name.
    public let task: String
    public let model: Module
    /// The first is the one that the configuration names.
    public let optimizers: [Optimizer]
    public let configuration: TrainingConfiguration
    /// Where the run is saved, if it is.
    public let folder: RunFolder?
    /// In an epoch.
    public let batchCount: Int
    /// The optimizer's steps in the whole training, as it is planned now.
    public let stepCount: Int
    /// How many of them were made before the run was interrupted; 0 for a new run.
    public let stepsMade: Int
    /// The results of validations before the run was interrupted.
    public let history: [EpochResult]
    /// Which weights of the initial file fitted the model, if there was one.
    public let transfer: WeightTransfer?
    /// Sentences on what was passed over in order to continue: a checkpoint that is damaged.
    public let warnings: [String]
}

/// Where a training stands after a batch.
public struct BatchResult {
    /// Counted from 1.
    public let epoch, batch: Int
    public let epochCount, batchCount: Int
    /// The optimizer's steps so far, and in all.
    public let step, stepCount: Int
    /// Whether the batch completed a step of the optimizer.
    public let madeStep: Bool
    /// The batch's own numbers: the loss and the items.
    public let values: Metrics
    /// Averages since the last validation.
    public let means: Metrics
    /// Of the first group.
    public let learningRate: Double
    /// The norm of all gradients before clipping, where they are clipped and a step was made.
    public let gradientNorm: Double?
    /// Since the epoch began or was resumed.
    public let itemsPerSecond: Double
    /// Until the end of the epoch, or of the training where that comes first.
    public let secondsLeft: Double
}

/// The results of an epoch, or, if validation runs every n steps, of the steps since the last one.
public struct EpochResult: Codable, Sendable {
    /// Counted from 1.
    public let epoch: Int
    public let epochCount: Int
    /// The optimizer's steps so far.
    public let step: Int
    /// Averages over the batches.
    public let training: Metrics
    /// The metrics of the task's `validate`.
    public let validation: Metrics
    public let learningRate: Double
    /// Whether no validation before was better.
    public let isBest: Bool
    /// Of the epoch, its validation included.
    public let seconds: Double
}

/// How a training ended.
public struct TrainingOutcome {
    public enum Reason: String, Codable, Sendable {
        /// All epochs or steps are done, or all epochs that fit into the time.
        case completed
        /// A listener asked for it.
        case stopped
        /// The metrics have not improved for as long as the configuration bears.
        case noImprovement = "no improvement"
        /// The time that the configuration allows is used up, before an epoch has ended.
        case timeLimit = "time limit"
    }

    public let reason: Reason
    public let history: [EpochResult]
    /// The optimizer's steps.
    public let step: Int
    /// Spent on training and validation, those before an interruption included.
    public let seconds: Double
    /// Seconds beside the training, since the run was begun or resumed: for listeners and for saving.
    public let overhead: Double

    /// The result of the validation that was best.
    public var best: EpochResult? { history.last(where: \.isBest) }
}
