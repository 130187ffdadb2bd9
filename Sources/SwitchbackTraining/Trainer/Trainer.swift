import Foundation
import Switchback

/// Trains a task's model: the loop over batches and epochs, and nothing else.
///
/// ```swift
/// var configuration = TrainingConfiguration()
/// configuration.epochs = 20
/// manualSeed(configuration.seed)
/// let folder = try RunFolder(in: "runs", task: "digits", name: "train", arguments: configuration)
/// let trainer = try Trainer(DigitTask(), configuration, folder: folder)
/// trainer.listeners.append(ProgressReporter(.lines).receive)
/// let outcome = try trainer.run()
/// ```
///
/// A run that was interrupted, even by a loss of power, is continued by `run(resuming: true)` on a trainer made in the
/// same way; it ends with the same bits as one that never was.
///
/// Several processes train one model when each makes its trainer with the same `ProcessGroup`: see
/// ``TrainingConfiguration/slots``. The first of them has the folder and the listeners.
public final class Trainer<Task: TrainingTask> {
    public let task: Task
    public let configuration: TrainingConfiguration
    /// Where checkpoints and weights are saved; nowhere if `nil`.
    public let folder: RunFolder?
    public var listeners: [TrainingListener] = []
    /// Whether each gradient is looked at before it reaches the weights, so that NaN and infinity are found in the
    /// batch in which they come into being. A pass over the gradients in each batch.
    public var locatesFailures = false

    var optimizers: OptimizerSet
    let average: ExponentialMovingAverage?
    var state: TrainingState
    let stepPlan: StepPlan
    /// How many batches an epoch has.
    let batchCount: Int
    /// How long the training is to be by the configuration.
    let askedPlan: TrainingPlan
    package var clock = TrainingClock.machine
    /// Until when time was counted as used.
    var countedUntil = 0.0
    let trained: [Parameter]
    /// How batches are cut up for the processes that train together.
    let slots: Slots
    /// Sums gradients, and what layers change themselves, over the slots; `nil` where batches are not cut.
    private(set) var slotGradient: SlotGradient?
    /// What validations gave, from the first one on.
    var history: [EpochResult] = []
    /// `results.csv`, where the history is kept.
    var results: ResultsFile?
    /// Writes states and weights beside the training.
    let saver: RunSaver?
    var lastSave = 0.0
    /// Whether a validation was made since the last save.
    var isSaveWanted = false
    private var reason: TrainingOutcome.Reason?
    /// Why this process would end, which all are told of after the next batch.
    private var wish: TrainingOutcome.Reason?
    /// Seconds spent on listeners and on saving.
    private var overhead = 0.0

    /// - Parameters:
    ///   - folder: where to save; in a group, the first process's alone.
    ///   - group: the processes that train together.
    /// - Throws: `InputError` where the configuration makes no sense or names parts that the model does not have.
    public init(
        _ task: Task, _ configuration: TrainingConfiguration, folder: RunFolder? = nil, group: ProcessGroup = .alone
    ) throws {
        try configuration.check()
        self.task = task
        self.configuration = configuration
        self.folder = folder
        batchCount = task.source.count
        guard batchCount > 0 else { throw InputError("task \(task.name)", "has no training batches") }
        slots = try Slots(configuration.slots, batchSize: task.source.batchSize, group)
        if configuration.syncBatchNorm { try slots.checkSyncBatchNorm(of: task.model) }
        stepPlan = StepPlan(
            batchCount: batchCount, accumulate: configuration.accumulate,
            warmupBatches: configuration.accumulateWarmup)
        askedPlan = TrainingPlan(configuration, stepPlan)
        try task.model.freeze(configuration.freeze)
        optimizers = OptimizerSet(configuration, task.parameterGroups, steps: askedPlan.steps)
        trained = optimizers.parameters
        slotGradient =
            slots.count > 1
            ? SlotGradient(
                task.model, trained.filter(\.requiresGrad), slots, isInStep: configuration.syncBatchNorm) : nil
        average = configuration.ema.map {
            ExponentialMovingAverage(
                task.model, decay: $0, warmup: configuration.emaWarmup > 0 ? configuration.emaWarmup : nil)
        }
        results = folder.map { ResultsFile(path: $0.file("results.csv")) }
        saver = folder.map(RunSaver.init)
        state = TrainingState(
            task: task.name, batchCount: batchCount, precision: configuration.precision,
            slots: slots.count > 1 ? slots.count : nil, syncBatchNorm: configuration.syncBatchNorm ? true : nil,
            generator: Generator.default.state)
    }

    /// Trains until all epochs or steps are done, or something ends it before.
    ///
    /// - Parameter resuming: whether to continue from the last checkpoint in the folder. Where there is none yet, the
    ///   training starts at the beginning.
    /// - Throws: `InputError` where the loss is no longer a number, files cannot be read or written, or a checkpoint
    ///   belongs to something else; and what the task and the listeners throw.
    public func run(resuming: Bool = false) throws -> TrainingOutcome {
        try compareTasks()
        let (transfer, warnings) = try begin(resuming: resuming)
        takeUpPlan()
        try tell(
            .started(
                TrainingStart(
                    task: task.name, model: task.model, optimizers: optimizers.optimizers,
                    configuration: configuration, folder: folder, batchCount: batchCount,
                    stepCount: plan.steps.end, stepsMade: state.step, history: history,
                    transfer: transfer, warnings: warnings)))
        lastSave = clock.seconds()
        try agree()
        reason = reason ?? reasonToEnd
        try savingWhatIsKept { while reason == nil { try trainEpoch() } }
        let outcome = TrainingOutcome(
            reason: reason ?? .completed, history: history, step: state.step, seconds: state.seconds,
            overhead: overhead)
        try tell(.finished(outcome))
        return outcome
    }

    /// Restores the weights and the state that the training continues from.
    private func begin(resuming: Bool) throws -> (WeightTransfer?, [String]) {
        (reason, wish, overhead, history) = (nil, nil, 0, [])
        if resuming, let found = try newestCheckpoint() {
            try restore(found)
            return (nil, found.warnings + (try takeUpHistory()))
        }
        try results?.begin([])
        let transfer = try configuration.weights.map { try task.model.transferWeights(from: $0) }
        try shareWeights()
        // The average begins with the weights that the training begins with.
        if transfer != nil || slots.group.size > 1 { try average?.load(task.model.stateDict(), updates: 0) }
        return (transfer, [])
    }

    /// Notifies every listener; notes if one wants the training to end.
    func tell(_ event: TrainingEvent) throws {
        try beside {
            for listener in listeners where try listener(event) == .stop {
                if slots.group.size == 1 { reason = reason ?? .stopped } else { wish = .stopped }
            }
        }
    }

    /// Brings what single processes know or wish to one decision of all: the time used is the first one's, and each of them
    /// may end the training.
    func agree() throws {
        let words = try slots.group.gather(Word(wish: wish, budget: state.budget))
        state.budget = words[0].budget
        reason = reason ?? words.lazy.compactMap(\.wish).first
    }

    func tellGraph(of loss: Tensor) throws {
        if listeners.isEmpty { return }
        try tell(.graph(beside { Graph(of: loss, limit: 10_000, withGradients: false) }))
    }

    /// Does what is not training itself, and counts the time that it takes.
    func beside<Result>(_ body: () throws -> Result) rethrows -> Result {
        let start = clock.seconds()
        defer { overhead += clock.seconds() - start }
        return try body()
    }

    /// Where the time goes that sums over processes take; `nil` where batches are not cut.
    package var sumSeconds: SumClock.Seconds? { slotGradient?.clock.seconds }

    // MARK: Batches

    /// Trains to the end of the epoch, or until there is a reason to end.
    private func trainEpoch() throws {
        task.model.train()
        let next = task.source.batches(epoch: state.epoch, from: state.batch, slots: slots.own, of: slots.count)
        let lap = EpochTimer(clock, firstBatch: state.batch)
        while reason == nil, let batch = try next() {
            try train(batch, lap)
            lap.goOn()
        }
    }

    /// - Parameter batch: the slots of it that are this process's.
    private func train(_ batch: [Task.Batch?], _ lap: EpochTimer) throws {
        let random = Generator.default.state
        if state.gradient.batchCount == 0 { optimizers.zeroGrad() }
        let count = stepPlan.batchesInStep(epoch: state.epoch, from: state.batch - state.gradient.batchCount)
        // More wait than the step should have where a resumed run has another warm-up.
        let madeStep = state.gradient.batchCount + 1 >= count
        let computed = try slotGradient.map { try compute(batch, of: count, $0) } ?? compute(batch[0]!, of: count)
        if madeStep { state.gradient.finish(trained) }
        let isClipped = madeStep && configuration.clipNorm != nil
        let norm = isClipped || locatesFailures ? gradNorm(trained) : nil
        // The batch's one reading, before the weights change.
        let (values, normValue) = computed.values(norm)
        if let value = values["loss"], !value.isFinite {
            throw try failure("the loss is \(value.brief)", batch, random)
        }
        if locatesFailures, let normValue, !normValue.isFinite, let name = damagedGradient {
            throw try failure("the gradient of \(name) is not finite", batch, random)
        }
        state.batch += 1
        state.means.add(values, count: computed.count)
        let isLast = state.batch == batchCount
        if madeStep { try makeStep(isClipped ? norm : nil) }
        lap.count(computed.count, &state)
        try tell(.batch(result(values, madeStep: madeStep, isClipped ? normValue : nil, lap)))
        try endBatch(isLast: isLast, madeStep: madeStep)
    }

    /// Adds the gradients of a batch that is not cut.
    private func compute(_ batch: Task.Batch, of count: Int) throws -> ComputedBatch {
        let loss = try task.loss(moving: batch, in: configuration.precision)
        if isFirstBatch { try tellGraph(of: loss.total) }
        state.gradient.add(loss, of: count)
        return ComputedBatch(count: loss.count, values: loss.values)
    }

    /// Whether the operations of the model are to be told of.
    var isFirstBatch: Bool { state.step == 0 && state.batch == 0 }

    /// One step of the optimizer.
    ///
    /// - Parameter norm: that of the gradients, where they are clipped.
    private func makeStep(_ norm: Tensor?) throws {
        try tell(.gradients(step: state.step))
        if let norm, let limit = configuration.clipNorm { clipGradNorm(trained, maxNorm: limit, norm: norm) }
        let place = StepPlace(
            step: state.step, epoch: state.epoch, batch: state.epoch * batchCount + state.batch - 1)
        optimizers.step(at: place) { task.pace(of: $0, at: place) }
        average?.update()
        state.step += 1
        try compareWeights()
    }

    private func result(_ values: Metrics, madeStep: Bool, _ norm: Double?, _ lap: EpochTimer) -> BatchResult {
        let batchesLeft = batchCount - state.batch
        let stepsLeft = plan.steps.end - state.step
        let left = min(Double(batchesLeft), Double(stepsLeft) * Double(configuration.accumulate))
        return BatchResult(
            epoch: state.epoch + 1, batch: state.batch, epochCount: plan.epochs.end, batchCount: batchCount,
            step: state.step, stepCount: plan.steps.end, madeStep: madeStep, values: values,
            means: state.means.means, learningRate: optimizers.learningRate, gradientNorm: norm,
            itemsPerSecond: lap.itemsPerSecond, secondsLeft: lap.secondsPerBatch(state.batch) * left)
    }

    /// The work between two batches: validating, planning, saving, ending.
    private func endBatch(isLast: Bool, madeStep: Bool) throws {
        countTime()
        try agree()
        let isDue = configuration.validateEvery.map { madeStep && state.step % $0 == 0 } ?? isLast
        if isLast {
            state.epoch += 1
            state.batch = 0
            if !isDue { try fitPlan() }
        }
        let isDone = madeStep && state.step >= plan.steps.end
        if isDone || isDue || isLate {
            try validate(epoch: isLast ? state.epoch : state.epoch + 1)
        } else if isLast {
            beside { keepWeights(as: []) }
        }
        reason = reason ?? reasonToEnd
        let isStepDue = configuration.saveSteps.map { madeStep && state.step % $0 == 0 } ?? false
        try save(isDue: isDone || isStepDue || reason != nil)
    }

    private var isLate: Bool { state.budget?.isUp ?? false }

    /// Why there is nothing more to train, by the configuration.
    private var reasonToEnd: TrainingOutcome.Reason? {
        if state.step >= plan.steps.end { return .completed }
        if isLate { return .timeLimit }
        let isPatient = configuration.patience.map { state.validationsWithoutImprovement < $0 } ?? true
        return isPatient ? nil : .noImprovement
    }
}

/// What a process tells the others after each batch.
private struct Word: Codable {
    let wish: TrainingOutcome.Reason?
    let budget: TimeBudget?
}

/// A batch whose gradients are in those of the parameters.
struct ComputedBatch {
    /// How many examples (or tokens) it has.
    let count: Int
    /// Its numbers, read together with the norm of the gradients where that is given.
    let values: (_ norm: Tensor?) -> (values: Metrics, norm: Double?)
}

/// Measures speed within an epoch, validations and checkpoints aside.
private final class EpochTimer {
    private let clock: TrainingClock
    private let firstBatch: Int
    private var lapStart: Double
    private var seconds = 0.0
    private var items = 0

    init(_ clock: TrainingClock, firstBatch: Int) {
        (self.clock, self.firstBatch) = (clock, firstBatch)
        lapStart = clock.seconds()
    }

    /// Counts a batch of so many examples, and the time that it took.
    func count(_ examples: Int, _ state: inout TrainingState) {
        let lap = clock.seconds() - lapStart
        items += examples
        seconds += lap
        state.seconds += lap
        state.epochSeconds += lap
    }

    /// Begins the time of the next batch.
    func goOn() { lapStart = clock.seconds() }

    var itemsPerSecond: Double { Double(items) / max(seconds, 1e-9) }

    func secondsPerBatch(_ batch: Int) -> Double { seconds / Double(max(1, batch - firstBatch)) }
}
