import ArgumentParser
import Switchback
import SwitchbackTraining

/// `switchback classify train`.
struct ClassifyTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains a classifier and saves its weights.",
        discussion: """
            EXAMPLES
              switchback classify train --data digits
              switchback classify train --data path/to/mnist --model cnn --epochs 2
              switchback classify train --data flowers.csv --model mlp --label species --optimizer sgd --lr 0.05
              switchback classify train --data chest.npz --epochs 5 --schedule one-cycle --json

            The same seed gives the same weights, to the bit, on any number of threads and workers.
            """)

    @OptionGroup var dataOptions: DataOptions

    @Option(
        help: ArgumentHelp(
            "\(ClassifierKind.names). cnn for images and mlp for tables, if left out.", valueName: "model"),
        transform: Value.choice)
    var model: ClassifierKind?

    @Option(
        help: ArgumentHelp("Passes over the examples. (default: \(defaults.epochs))", valueName: "n"),
        transform: Value.positiveInteger)
    var epochs = defaults.epochs

    @Option(
        help: ArgumentHelp("Examples in a batch; 64, or all where there are fewer, if left out.", valueName: "n"),
        transform: Value.positiveInteger)
    var batch: Int?

    @Option(
        help: ArgumentHelp(
            "\(OptimizerKind.names). (default: \(defaults.optimizer.rawValue))", valueName: "name"),
        transform: Value.choice)
    var optimizer = defaults.optimizer

    @Option(
        help: ArgumentHelp(
            "The learning rate at its highest; what suits the optimizer if left out.", valueName: "rate"),
        transform: Value.positiveNumber)
    var lr: Double?

    @Option(
        help: ArgumentHelp("The weight decay; the optimizer's usual one if left out.", valueName: "x"),
        transform: Value.fraction)
    var weightDecay: Double?

    @Option(
        help: ArgumentHelp("The momentum, or β₁; the optimizer's usual one if left out.", valueName: "x"),
        transform: Value.fraction)
    var momentum: Double?

    @Option(
        help: ArgumentHelp(
            "How the learning rate goes on: \(ScheduleKind.names). (default: \(defaults.schedule.rawValue))",
            valueName: "name"),
        transform: Value.choice)
    var schedule = defaults.schedule

    @Option(help: ArgumentHelp("What weights and order depend on.", valueName: "n"))
    var seed = defaults.seed

    @Option(
        help: ArgumentHelp(
            "Threads that put batches together; results do not depend on it. (default: \(defaults.workers))",
            valueName: "n"),
        transform: Value.naturalNumber)
    var workers = defaults.workers

    @Option(
        help: ArgumentHelp("The name of the run's folder. (default: train)", valueName: "name"),
        transform: Value.folderName)
    var name = "train"

    @Option(help: ArgumentHelp("The folder in which runs are saved.", valueName: "path"))
    var output = "runs"

    @OptionGroup var common: CommonOptions

    private static let defaults = TrainingConfiguration()

    private var configuration: TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.epochs = epochs
        configuration.batch = batch
        configuration.optimizer = optimizer
        configuration.lr = lr
        configuration.weightDecay = weightDecay
        configuration.momentum = momentum
        configuration.schedule = schedule
        configuration.seed = seed
        configuration.workers = workers
        return configuration
    }

    private struct Result: Encodable {
        let task = "classify"
        let mode = "train"
        let model: ClassifierKind
        let parameters: Int
        let epochs: Int
        /// Of the held-out examples, after the last epoch.
        let accuracy, loss: Double
        let trainAccuracy, trainLoss: Double
        let bestAccuracy: Double
        let bestEpoch: Int
        let seconds: Double
        let weights, lastWeights: String
    }

    func run() throws {
        common.apply()
        let data = try dataOptions.load()
        try Terminal.print("Data: \(data.summary)")
        let kind = model ?? (data.inputShape.count == 3 ? .cnn : .mlp)
        manualSeed(seed)
        let task = try ClassificationTask(kind, on: data, configuration)
        let folder = try RunFolder(in: output, task: task.name, name: name)
        defer { folder.removeIfFruitless() }
        let trainer = try Trainer(task, configuration, folder: folder)
        var line = ProgressLine()
        trainer.listeners.append { event in
            try show(event, &line)
            return Interruption.isRequested ? .stop : .continue
        }
        let outcome = try trainer.run()
        guard !Interruption.isRequested, let last = outcome.history.last else {
            try line.clear()
            try Terminal.print("Interrupted at step \(outcome.step): \(folder.path) can be resumed.")
            throw ExitCode(Interruption.exitCode)
        }
        try finish(task, kind, outcome, last, folder)
    }

    private func show(_ event: TrainingEvent, _ line: inout ProgressLine) throws {
        switch event {
        case .batch(let status):
            let rate = Int(status.itemsPerSecond).grouped
            try line.draw(
                "Epoch \(status.epoch)/\(status.epochCount)",
                fraction: Double(status.batch) / Double(status.batchCount),
                "\(status.means.summary)  \(rate) items/s  \(status.secondsLeft.clock) left")
        case .epoch(let result):
            try line.clear()
            try Terminal.print(
                "Epoch \(result.epoch)/\(result.epochCount)  \(result.training.summary)  "
                    + "held out: \(result.validation.summary)  \(result.seconds.formatted(1)) s")
        default: break
        }
    }

    private func finish(
        _ task: ClassificationTask, _ kind: ClassifierKind, _ outcome: TrainingOutcome, _ last: EpochResult,
        _ run: RunFolder
    ) throws {
        let best = outcome.best ?? last
        let weights = run.weights("best")
        try Terminal.print(
            """
            The best weights, of epoch \(best.epoch) with \(best.accuracy.percent) held-out accuracy, are in
              \(weights)
            Next:
              switchback classify val --weights \(weights) --data \(dataOptions.data)
              switchback classify predict --weights \(weights) \(dataOptions.data)
            """)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                model: kind, parameters: task.model.parameterCount, epochs: outcome.history.count,
                accuracy: last.accuracy, loss: last.validation["loss"] ?? .nan,
                trainAccuracy: last.training["accuracy"] ?? .nan, trainLoss: last.training["loss"] ?? .nan,
                bestAccuracy: best.accuracy, bestEpoch: best.epoch, seconds: outcome.seconds, weights: weights,
                lastWeights: run.weights("last")))
    }
}

extension EpochResult {
    fileprivate var accuracy: Double { validation["accuracy"] ?? .nan }
}

extension Metrics {
    fileprivate var summary: String {
        "loss \((self["loss"] ?? .nan).formatted(4))  accuracy \((self["accuracy"] ?? .nan).percent)"
    }
}
