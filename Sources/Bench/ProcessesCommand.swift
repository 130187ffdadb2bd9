import ArgumentParser
import Foundation
import Switchback
import SwitchbackTraining

/// `switchback-bench processes`: the time of a training step of ResNet-18 in several processes.
struct ProcessesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "processes",
        abstract: "Time a training step of ResNet-18 in slots, in the processes that mpirun started.",
        discussion: """
            Benchmarks/processes_bench.py runs all that are to be compared.

            Examples:
              switchback-bench processes --slots 4
              mpirun -np 2 switchback-bench processes --threads 1
              mpirun -np 2 switchback-bench processes --threads 1 --apart
            """)

    @Option(help: "The number of images in a step, of all processes together.")
    var batch = 64

    @Option(help: "The number of parts that a batch is cut into. (default: the number of processes)")
    var slots: Int?

    @Option(help: "The number of batches that make a step.")
    var accumulate = 1

    @Option(help: "The number of steps to time; two more come first.")
    var steps = 20

    @Flag(help: "Every process trains by itself, on its share of the images: a step without the sum.")
    var apart = false

    @Flag(help: "Gradients are made without work, so that a step is little else than their sum.")
    var onlySum = false

    @Flag(help: "Take batch norm's statistics from the whole batch.")
    var syncBatchNorm = false

    @OptionGroup private var threadOptions: ThreadOptions

    func validate() throws {
        guard batch > 0, accumulate > 0, steps > 0, batch % accumulate == 0 else {
            throw ValidationError("--batch, --accumulate and --steps must be above 0, and --accumulate divide --batch.")
        }
    }

    func run() throws {
        let started = try ProcessGroup.connected() ?? .alone
        defer { started.finish() }
        if let threads = threadOptions.threads { Processor.threadCount = threads }
        let size = apart ? batch / started.size : batch
        var options = TrainingConfiguration()
        options.steps = steps + 2
        options.accumulate = accumulate
        options.slots = slots
        options.syncBatchNorm = syncBatchNorm
        options.optimizer = .sgd
        options.momentum = 0.9
        options.schedule = .constant
        options.lr = 1e-3
        manualSeed(0)
        let task = ResNetTask(
            images: 4 * size, batch: size / accumulate, objective: onlySum ? .parameters : .classes)
        let trainer = try Trainer(task, options, group: apart ? .alone : started)
        var ends: [Double] = []
        trainer.listeners.append { event in
            if case .batch(let batch) = event, batch.madeStep { ends.append(now()) }
            return .continue
        }
        _ = try trainer.run()
        let times = zip(ends.dropFirst(2), ends.dropFirst()).map { ($0 - $1) * 1e3 }.sorted()
        guard started.isRoot else { return }
        // Of all steps, also those that come first.
        let spent = trainer.sumSeconds ?? SumClock.Seconds()
        let parts = [spent.copying, spent.moving, spent.meeting, spent.waiting].map { $0 * 1e3 / Double(steps + 2) }
        print(
            String(
                format: """
                    {"processes": %d, "threads": %d, "median_ms": %.3f, "min_ms": %.3f, "n": %d, "copying_ms": %.3f, \
                    "moving_ms": %.3f, "meeting_ms": %.3f, "waiting_ms": %.3f}
                    """,
                started.size, Processor.threadCount, times[times.count / 2], times[0], times.count, parts[0], parts[1],
                parts[2], parts[3]))
    }
}
