import Switchback

/// How a model is trained. Every option has its default here, and nowhere else; `nil` says what it stands for.
///
/// The Swift API, the command line and the `args.yaml` of a run share it: a property `clipNorm` is the option
/// `--clip-norm` and the key `clip_norm`.
public struct TrainingConfiguration: Configuration {
    /// Passes over the examples.
    public var epochs = 10
    /// The optimizer's steps in all, in place of `epochs`.
    public var steps: Int?
    /// Examples in a batch; `nil` is what suits the task.
    public var batch: Int?
    /// How many batches make one step of the optimizer: their gradients are averaged.
    public var accumulate = 1
    /// Over how many batches at the start that number rises from 1; 0 has it from the beginning.
    public var accumulateWarmup = 0

    public var optimizer = OptimizerKind.adam
    /// The highest learning rate of the schedule; `nil` is what suits the optimizer and the schedule.
    public var lr: Double?
    /// `nil` is the optimizer's own default.
    public var momentum: Double?
    /// β₂ of Adam and its kin; `nil` is the optimizer's own default.
    public var beta2: Double?
    /// `nil` is the optimizer's own default.
    public var weightDecay: Double?
    /// Whether SGD looks ahead (Nesterov's momentum).
    public var nesterov = false
    /// The greatest norm of all gradients together; `nil` leaves them as they are.
    public var clipNorm: Double?

    public var schedule = ScheduleKind.oneCycle
    /// What the linear and cosine schedules end with, as a fraction of `lr`.
    public var finalLr = 0.0
    /// For how many epochs the learning rate rises from 0 before the schedule begins; parts of epochs count.
    public var warmupEpochs = 0.0
    /// The same in steps of the optimizer, in place of `warmupEpochs`.
    public var warmupSteps: Int?

    /// The decay of a running average of the weights, which is then what is validated and saved; `nil` for none.
    public var ema: Double?
    /// Over how many steps the average's decay rises: the average leaves the first weights behind soon.
    public var emaWarmup = 2000.0

    /// Validate every so many steps of the optimizer; `nil` is at the end of each epoch.
    public var validateEvery: Int?
    /// How many validations without improvement are borne before the training ends; `nil` for any number.
    public var patience: Int?
    /// How long the training may take, in minutes; `nil` for any time. As many epochs are made as fit in, in place of
    /// `epochs`, which are planned only until the first one has been measured: schedules follow. With `steps`, the time
    /// ends the training and changes nothing else.
    ///
    /// How many epochs fit in is measured, so the same seed need not give the same bits twice; a run that is resumed goes on
    /// with what was planned and the time that was used.
    public var minutes: Double?

    /// Weights to start from: a safetensors or PyTorch file, of which names and shapes that fit are taken.
    public var weights: String?
    /// The parts of the model that are not trained, by the beginnings of their paths: `conv1`, `backbone.layer1`.
    public var freeze: [String] = []

    /// What the weights at the start, the order of the examples and all other chance depend on.
    public var seed: UInt64 = 0
    /// Threads that put batches together; results do not depend on it.
    public var workers = 1

    /// The longest time between two checkpoints, in minutes, within an epoch.
    public var saveMinutes = 10.0
    /// The greatest number of optimizer's steps between two checkpoints; `nil` for any number.
    public var saveSteps: Int?

    public init() {}

    /// Throws `InputError` where a value makes no sense.
    public func check() throws {
        func require(_ holds: Bool, _ name: String, _ problem: String) throws {
            if !holds { throw InputError("option \(name)", problem) }
        }
        try require(epochs > 0, "epochs", "at least 1 epoch is needed, not \(epochs)")
        try require(steps ?? 1 > 0, "steps", "at least 1 step is needed, not \(steps ?? 0)")
        try require(batch ?? 1 > 0, "batch", "a batch has at least 1 example, not \(batch ?? 0)")
        try require(accumulate > 0, "accumulate", "a step takes at least 1 batch, not \(accumulate)")
        try require(accumulateWarmup >= 0, "accumulate_warmup", "it is not negative, as \(accumulateWarmup) is")
        try require(lr ?? 1 > 0 && (lr ?? 1).isFinite, "lr", "a learning rate is greater than 0, not \(lr ?? 0)")
        try require((0..<1).contains(momentum ?? 0), "momentum", "it is from 0 to below 1, not \(momentum ?? 0)")
        try require((0..<1).contains(beta2 ?? 0), "beta2", "it is from 0 to below 1, not \(beta2 ?? 0)")
        try require(weightDecay ?? 0 >= 0, "weight_decay", "it is not negative, as \(weightDecay ?? 0) is")
        try require(clipNorm ?? 1 > 0, "clip_norm", "a norm to clip at is greater than 0, not \(clipNorm ?? 0)")
        try require((0...1).contains(finalLr), "final_lr", "it is a fraction of lr from 0 to 1, not \(finalLr)")
        try require(warmupEpochs >= 0, "warmup_epochs", "it is not negative, as \(warmupEpochs) is")
        try require(warmupSteps ?? 0 >= 0, "warmup_steps", "it is not negative, as \(warmupSteps ?? 0) is")
        try require((0..<1).contains(ema ?? 0), "ema", "a decay is from 0 to below 1, not \(ema ?? 0)")
        try require(validateEvery ?? 1 > 0, "validate_every", "it is at least 1 step, not \(validateEvery ?? 0)")
        try require(patience ?? 1 > 0, "patience", "it is at least 1 validation, not \(patience ?? 0)")
        try require(
            minutes ?? 1 > 0 && (minutes ?? 1).isFinite, "minutes", "a time is greater than 0, not \(minutes ?? 0)")
        try require((0...64).contains(workers), "workers", "there are from 0 to 64 of them, not \(workers)")
        try require(saveMinutes > 0, "save_minutes", "it is greater than 0, not \(saveMinutes)")
        try require(saveSteps ?? 1 > 0, "save_steps", "it is at least 1 step, not \(saveSteps ?? 0)")
    }
}
