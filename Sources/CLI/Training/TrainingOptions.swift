import ArgumentParser
import Switchback
import SwitchbackTraining

/// The options that every training has. What is left out keeps the value of `--config`, of the run that is resumed, or
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
        help: help("Passes over the examples.", defaults.steps == nil ? defaults.epochs : nil, "n"),
        transform: Value.integer)
    var epochs: Int?

    @Option(
        help: help("Steps of the optimizer in all, in place of --epochs.", defaults.steps, "n"),
        transform: Value.integer)
    var steps: Int?

    @Option(
        help: help(
            "Examples in a batch" + (defaults.batch == nil ? "; what suits the task if left out." : "."),
            defaults.batch, "n"),
        transform: Value.integer)
    var batch: Int?

    @Option(
        help: help(
            "Batches that make one step together, as one batch of all their examples would.", defaults.accumulate, "n"),
        transform: Value.integer)
    var accumulate: Int?

    @Option(
        help: help("\(OptimizerKind.names).", defaults.optimizer.rawValue, "name"),
        transform: Value.choice)
    var optimizer: OptimizerKind?

    @Option(
        help: help(
            "The learning rate at its highest" + (defaults.lr == nil ? "; what suits the optimizer if left out." : "."),
            defaults.lr, "rate"),
        transform: Value.number)
    var lr: Double?

    @Option(
        help: help("The momentum, or β₁; the optimizer's usual one if left out.", defaults.momentum, "x"),
        transform: Value.number)
    var momentum: Double?

    @Option(
        help: help(
            "The weight decay" + (defaults.weightDecay == nil ? "; the optimizer's usual one if left out." : "."),
            defaults.weightDecay, "x"),
        transform: Value.number)
    var weightDecay: Double?

    @Option(
        help: help("The greatest norm of all gradients together.", defaults.clipNorm, "norm"),
        transform: Value.number)
    var clipNorm: Double?

    @Option(
        help: help("How the learning rate goes on: \(ScheduleKind.names).", defaults.schedule.rawValue, "name"),
        transform: Value.choice)
    var schedule: ScheduleKind?

    @Option(
        help: help("What the linear and cosine schedules end with, as a fraction of --lr.", defaults.finalLr, "x"),
        transform: Value.number)
    var finalLr: Double?

    @Option(
        help: help(
            "Epochs over which the learning rate rises first"
                + (defaults.warmupSteps.map { "; \($0) steps if left out." } ?? "."),
            defaults.warmupSteps == nil ? defaults.warmupEpochs : nil, "x"),
        transform: Value.number)
    var warmupEpochs: Double?

    @Option(
        help: help("The decay of a running average of the weights, such as 0.999.", defaults.ema, "x"),
        transform: Value.number)
    var ema: Double?

    @Option(
        help: help("Validate every so many steps instead of after each epoch.", defaults.validateEvery, "n"),
        transform: Value.integer)
    var validateEvery: Int?

    @Option(
        help: help("Validations without improvement before the training ends.", defaults.patience, "n"),
        transform: Value.integer)
    var patience: Int?

    @Option(
        help: ArgumentHelp(
            "How long the training may take: as many epochs are made as fit in, in place of --epochs. What fits in is "
                + "measured, so the same seed need not give the same weights twice. With --steps, the time only ends it.",
            valueName: "minutes"),
        transform: Value.number)
    var minutes: Double?

    @Option(
        help: ArgumentHelp("A file of weights, or a run, to start from: what fits is taken.", valueName: "run or file"))
    var weights: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Parts that are not trained, by the beginnings of their paths.", valueName: "path"))
    var freeze: [String] = []

    @Option(
        help: help("What weights and order depend on.", defaults.seed, "n"),
        transform: Value.integer)
    var seed: UInt64?

    @Option(
        help: help("Threads that put batches together; results do not depend on it.", defaults.workers, "n"),
        transform: Value.integer)
    var workers: Int?

    @Option(
        help: help("The longest time between checkpoints within an epoch.", defaults.saveMinutes, "minutes"),
        transform: Value.number)
    var saveMinutes: Double?

    @Option(
        help: help("Steps between checkpoints within an epoch.", defaults.saveSteps, "n"),
        transform: Value.integer)
    var saveSteps: Int?

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
    }
}
