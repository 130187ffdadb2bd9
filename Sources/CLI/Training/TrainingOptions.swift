import ArgumentParser
import Switchback
import SwitchbackTraining

/// The options that every training has. What is omitted keeps the value of `--config`, of the run that is resumed, or
/// the default.
struct TrainingOptions<Defaults: TrainingDefaults>: ParsableArguments {
    private static var defaults: TrainingConfiguration { Defaults.training }

    /// Help with the default of this command, where it has one.
    private static func help(
        _ text: String, _ value: (some CustomStringConvertible)?, _ valueName: String
    ) -> ArgumentHelp {
        ArgumentHelp("\(text)\(value.map { " (default: \($0))" } ?? "")", valueName: valueName)
    }

    @Option(
        help: help("The number of epochs.", defaults.steps == nil ? defaults.epochs : nil, "n"),
        transform: Value.integer)
    var epochs: Int?

    @Option(
        help: help("The total number of optimizer steps, instead of --epochs.", defaults.steps, "n"),
        transform: Value.integer)
    var steps: Int?

    @Option(
        help: help(
            "The batch size." + (defaults.batch == nil ? " (default: chosen by the task)" : ""),
            defaults.batch, "n"),
        transform: Value.integer)
    var batch: Int?

    @Option(
        help: help(
            "The number of batches per optimizer step, as if they were one large batch.", defaults.accumulate, "n"),
        transform: Value.integer)
    var accumulate: Int?

    @Option(help: TrainingHelp.slots, transform: Value.integer)
    var slots: Int?

    @Option(
        help: help("The precision of matrix products: \(Precision.names).", defaults.precision.rawValue, "name"),
        transform: Value.choice)
    var precision: Precision?

    @Option(
        help: help("\(OptimizerKind.names).", defaults.optimizer.rawValue, "name"),
        transform: Value.choice)
    var optimizer: OptimizerKind?

    @Option(
        help: help(
            "The peak learning rate." + (defaults.lr == nil ? " (default: depends on the optimizer)" : ""),
            defaults.lr, "rate"),
        transform: Value.number)
    var lr: Double?

    @Option(
        help: help(
            "The momentum, or β₁." + (defaults.momentum == nil ? " (default: the optimizer's)" : ""), defaults.momentum,
            "x"),
        transform: Value.number)
    var momentum: Double?

    @Option(
        help: help(
            "The weight decay." + (defaults.weightDecay == nil ? " (default: the optimizer's)" : ""),
            defaults.weightDecay, "x"),
        transform: Value.number)
    var weightDecay: Double?

    @Option(
        help: help("The maximum gradient norm, for clipping.", defaults.clipNorm, "norm"),
        transform: Value.number)
    var clipNorm: Double?

    @Option(
        help: help("The learning rate schedule: \(ScheduleKind.names).", defaults.schedule.rawValue, "name"),
        transform: Value.choice)
    var schedule: ScheduleKind?

    @Option(
        help: help("The final learning rate of linear and cosine, as a fraction of --lr.", defaults.finalLr, "x"),
        transform: Value.number)
    var finalLr: Double?

    @Option(
        help: help(
            "The number of warm-up epochs."
                + (defaults.warmupSteps.map { " (default: \($0) steps)" } ?? ""),
            defaults.warmupSteps == nil ? defaults.warmupEpochs : nil, "x"),
        transform: Value.number)
    var warmupEpochs: Double?

    @Option(
        help: help("Average the weights (EMA) with this decay, such as 0.999.", defaults.ema, "x"),
        transform: Value.number)
    var ema: Double?

    @Option(
        help: help("Validate every n steps instead of after each epoch.", defaults.validateEvery, "n"),
        transform: Value.integer)
    var validateEvery: Int?

    @Option(
        help: help("Stop after this many validations without improvement.", defaults.patience, "n"),
        transform: Value.integer)
    var patience: Int?

    @Option(
        help: ArgumentHelp(
            "Train for this long instead of --epochs: as many epochs as fit. Since time is measured, the same seed can "
                + "give different weights. With --steps, training just stops when the time is up.",
            valueName: "minutes"),
        transform: Value.number)
    var minutes: Double?

    @Option(
        help: ArgumentHelp(
            "A weights file or run to start from; tensors that do not fit are skipped.", valueName: "run or file"))
    var weights: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Freeze parameters whose names start with this.", valueName: "path"))
    var freeze: [String] = []

    @Option(
        help: help("The random seed.", defaults.seed, "n"),
        transform: Value.integer)
    var seed: UInt64?

    @Option(
        help: help("The number of loader threads; does not affect results.", defaults.workers, "n"),
        transform: Value.integer)
    var workers: Int?

    @Option(
        help: help("The maximum time between checkpoints within an epoch.", defaults.saveMinutes, "minutes"),
        transform: Value.number)
    var saveMinutes: Double?

    @Option(
        help: help("The number of steps between checkpoints within an epoch.", defaults.saveSteps, "n"),
        transform: Value.integer)
    var saveSteps: Int?

    @Option(help: TrainingHelp.savePeriod, transform: Value.integer)
    var savePeriod: Int?

    /// Changes what was given.
    func apply(to configuration: inout TrainingConfiguration) {
        func set<Value>(_ option: WritableKeyPath<TrainingConfiguration, Value>, _ value: Value?) {
            if let value { configuration[keyPath: option] = value }
        }
        func set<Value>(_ option: WritableKeyPath<TrainingConfiguration, Value?>, _ value: Value?) {
            if let value { configuration[keyPath: option] = value }
        }
        set(\.epochs, epochs)
        // What takes the place of an option by default gives way to one that is given.
        if epochs != nil { configuration.steps = nil }
        if warmupEpochs != nil { configuration.warmupSteps = nil }
        set(\.steps, steps)
        set(\.batch, batch)
        set(\.accumulate, accumulate)
        set(\.slots, slots)
        set(\.precision, precision)
        set(\.optimizer, optimizer)
        set(\.lr, lr)
        set(\.momentum, momentum)
        set(\.weightDecay, weightDecay)
        set(\.clipNorm, clipNorm)
        set(\.schedule, schedule)
        set(\.finalLr, finalLr)
        set(\.warmupEpochs, warmupEpochs)
        set(\.ema, ema)
        set(\.validateEvery, validateEvery)
        set(\.patience, patience)
        set(\.minutes, minutes)
        set(\.weights, weights)
        set(\.freeze, freeze.isEmpty ? nil : freeze)
        set(\.seed, seed)
        set(\.workers, workers)
        set(\.saveMinutes, saveMinutes)
        set(\.saveSteps, saveSteps)
        set(\.savePeriod, savePeriod)
    }
}

/// Help on options that all training commands have.
enum TrainingHelp {
    static let slots = ArgumentHelp(
        "The number of parts that each batch is cut into, for training in several processes with mpirun or srun: the "
            + "same number gives the same weights on any number of processes. (default: the number of processes)",
        valueName: "n")

    static let syncBatchNorm = ArgumentHelp(
        "With --slots: take batch norm's statistics from the whole batch instead of each slot, as one process without slots "
            + "does. All slots of a process are in memory at once.")

    static let savePeriod = ArgumentHelp(
        "Also keep the weights of every n-th epoch, as weights/epoch10.safetensors. (default: only the best and the last)",
        valueName: "n")
}
