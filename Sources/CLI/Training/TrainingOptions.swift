import ArgumentParser
import Switchback
import SwitchbackTraining

/// The options that every training has. What is left out keeps the value of `--config`, of the run that is resumed, or
/// the default.
struct TrainingOptions<Defaults: TrainingDefaults>: ParsableArguments {
    private static var defaults: TrainingConfiguration { Defaults.training }

    @Option(
        help: ArgumentHelp(
            "Passes over the examples." + (defaults.steps == nil ? " (default: \(defaults.epochs))" : ""),
            valueName: "n"),
        transform: Value.integer)
    var epochs: Int?

    @Option(
        help: ArgumentHelp(
            "Steps of the optimizer in all, in place of --epochs." + (defaults.steps.map { " (default: \($0))" } ?? ""),
            valueName: "n"),
        transform: Value.integer)
    var steps: Int?

    @Option(
        help: ArgumentHelp("Examples in a batch; what suits the task if left out.", valueName: "n"),
        transform: Value.integer)
    var batch: Int?

    @Option(
        help: ArgumentHelp(
            "Batches that make one step together, as one batch of all their examples would. "
                + "(default: \(defaults.accumulate))", valueName: "n"),
        transform: Value.integer)
    var accumulate: Int?

    @Option(
        help: ArgumentHelp(
            "\(OptimizerKind.names). (default: \(defaults.optimizer.rawValue))", valueName: "name"),
        transform: Value.choice)
    var optimizer: OptimizerKind?

    @Option(
        help: ArgumentHelp(
            "The learning rate at its highest; what suits the optimizer if left out.", valueName: "rate"),
        transform: Value.number)
    var lr: Double?

    @Option(
        help: ArgumentHelp("The momentum, or β₁; the optimizer's usual one if left out.", valueName: "x"),
        transform: Value.number)
    var momentum: Double?

    @Option(
        help: ArgumentHelp("The weight decay; the optimizer's usual one if left out.", valueName: "x"),
        transform: Value.number)
    var weightDecay: Double?

    @Option(
        help: ArgumentHelp("The greatest norm of all gradients together.", valueName: "norm"),
        transform: Value.number)
    var clipNorm: Double?

    @Option(
        help: ArgumentHelp(
            "How the learning rate goes on: \(ScheduleKind.names). (default: \(defaults.schedule.rawValue))",
            valueName: "name"),
        transform: Value.choice)
    var schedule: ScheduleKind?

    @Option(
        help: ArgumentHelp(
            "What the linear and cosine schedules end with, as a fraction of --lr. (default: \(defaults.finalLr))",
            valueName: "x"),
        transform: Value.number)
    var finalLr: Double?

    @Option(
        help: ArgumentHelp(
            "Epochs over which the learning rate rises first. (default: \(defaults.warmupEpochs))", valueName: "x"),
        transform: Value.number)
    var warmupEpochs: Double?

    @Option(
        help: ArgumentHelp("The decay of a running average of the weights, such as 0.999.", valueName: "x"),
        transform: Value.number)
    var ema: Double?

    @Option(
        help: ArgumentHelp("Validate every so many steps instead of after each epoch.", valueName: "n"),
        transform: Value.integer)
    var validateEvery: Int?

    @Option(
        help: ArgumentHelp("Validations without improvement before the training ends.", valueName: "n"),
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
        help: ArgumentHelp("What weights and order depend on. (default: \(defaults.seed))", valueName: "n"),
        transform: Value.integer)
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "Threads that put batches together; results do not depend on it. (default: \(defaults.workers))",
            valueName: "n"),
        transform: Value.integer)
    var workers: Int?

    @Option(
        help: ArgumentHelp(
            "The longest time between checkpoints within an epoch. (default: \(defaults.saveMinutes))",
            valueName: "minutes"),
        transform: Value.number)
    var saveMinutes: Double?

    @Option(
        help: ArgumentHelp("Steps between checkpoints within an epoch.", valueName: "n"),
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
