import Switchback

/// What a `Trainer` trains: a model, its batches, a loss and a validation metric.
///
/// ```swift
/// final class DigitTask: TrainingTask {
///     let name = "digits"
///     let model: Module = DigitClassifier()
///     let source = BatchSource(DataLoader(digits.train, batchSize: 64, shuffle: true))
///
///     func loss(_ batch: Example) -> BatchLoss {
///         BatchLoss(model(batch.input).crossEntropy(batch.target), count: batch.target.count)
///     }
///     func validate() -> Metrics { ["accuracy": accuracy(model, digits.test)] }
///     func fitness(_ metrics: Metrics) -> [Double] { [metrics["accuracy"] ?? 0] }
/// }
/// ```
///
/// A task keeps nothing that changes from batch to batch outside the model, apart from the plan that it is told: then a
/// run that was killed and resumed ends with the same bits as one that was not.
public protocol TrainingTask<Batch>: AnyObject {
    associatedtype Batch

    /// One word, the folder in which runs are kept: `classify`.
    var name: String { get }
    var model: Module { get }
    /// The parameters to train, in groups with their own options. All parameters of the model if not defined.
    var parameterGroups: [ParameterGroup] { get }

    /// Where the batches come from; at least 1 in an epoch. Asked for again in each epoch, and may follow the plan.
    var source: BatchSource<Batch> { get }

    /// The loss of a batch in the model as it is, which says what it is a mean over. The model is in training mode. A
    /// batch that is `Movable` lies where the model lies.
    func loss(_ batch: Batch) throws -> BatchLoss

    /// Measures the model, by the code that the command `val` runs. The model is in inference mode, has the
    /// averaged weights if there are such, and nothing is recorded.
    func validate() throws -> Metrics

    /// The same in processes that train together: each measures a part, and all give what one would give that measures all.
    /// Every process measures all by itself if not defined.
    func validate(in group: ProcessGroup) throws -> Metrics

    /// How good these metrics are: the greater the better. Where the first numbers of two are equal the second ones
    /// decide, and so on.
    func fitness(_ metrics: Metrics) -> [Double]

    /// The text that is saved with the weights: what is needed to use them.
    var metadata: [String: String] { get }

    /// How many epochs at the end are unlike those before them: without some augmentation, say. Where the training is
    /// fitted to a time, they stay the last ones once they have begun. None if not defined.
    var closingEpochs: Int { get }

    /// From how many batches batch norm's statistics are taken before a validation, as long as it has seen few; where 0,
    /// which it is if not defined, running averages stay as they are.
    var statisticsBatches: Int { get }

    /// Where an example for training stands, as people find it: a file, a line. Examples are numbered as the sampler of
    /// `source` numbers them. `nil`, which leaves the number, if not defined.
    func place(ofExample number: Int) -> String?

    /// Is told how long the training is to be, before the first batch, and before an epoch when that has changed. What
    /// is kept of it here, a trainer tells again when it resumes a run. Does nothing if not defined.
    func follow(_ plan: TrainingPlan)

    /// The learning rate and the momentum of a group of parameters for a step, where the task has a schedule of its
    /// own. Depends on its arguments and the plan alone. `nil`, which leaves the configuration's schedule, if not
    /// defined.
    func pace(of group: Optimizer.Group, at place: StepPlace) -> Pace?
}

extension TrainingTask {
    /// The loss of a batch as a loader made it, on the processor.
    func loss(moving batch: Batch, in precision: Precision) throws -> BatchLoss {
        let moved = (batch as? any Movable)?.to(model.backend) as? Batch
        return try withPrecision(precision) { try loss(moved ?? batch) }
    }

    public var parameterGroups: [ParameterGroup] { [ParameterGroup(model.namedParameters)] }
    public var metadata: [String: String] { ["format": "pt"] }
    public func validate(in group: ProcessGroup) throws -> Metrics { try validate() }
    public var closingEpochs: Int { 0 }
    public var statisticsBatches: Int { 0 }
    public func place(ofExample number: Int) -> String? { nil }
    public func follow(_ plan: TrainingPlan) {}
    public func pace(of group: Optimizer.Group, at place: StepPlace) -> Pace? { nil }
}
