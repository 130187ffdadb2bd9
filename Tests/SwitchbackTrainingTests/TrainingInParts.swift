import Foundation
import Switchback
import SwitchbackTraining
import TestSupport

/// Trains a run to its end by one trainer after another: each stops after `stop` batches, and the next one resumes. Draws
/// from a generator of its own, because other tests draw numbers at the same time.
///
/// - Parameter make: a trainer of the run, as if it were to begin.
/// - Returns: the last trainer, and what it ended with.
func trainInParts<Task: TrainingTask>(
    stoppingEvery stop: Int?, _ make: () throws -> Trainer<Task>
) throws -> (trainer: Trainer<Task>, outcome: TrainingOutcome) {
    try Generator.withDefault(Generator(seed: 0)) {
        while true {
            let trainer = try make()
            var batches = 0
            trainer.listeners.append { event in
                if case .batch = event { batches += 1 }
                return batches == stop ? .stop : .continue
            }
            let outcome = try trainer.run(resuming: true)
            if outcome.reason != .stopped { return (trainer, outcome) }
        }
    }
}

extension SmallTask {
    /// A new run that was trained to its end, stopping after every `stop` batches, and what came of it.
    static func run(
        in folder: TemporaryFolder, _ options: TrainingConfiguration, name: String = "run",
        stoppingEvery stop: Int? = nil
    ) throws -> (folder: RunFolder, outcome: TrainingOutcome) {
        let run = try RunFolder(in: folder.path("runs"), task: "small", name: name, arguments: options)
        return (run, try trainInParts(stoppingEvery: stop) { try trainer(options, folder: run) }.outcome)
    }

    /// The weights that such a run ends with.
    static func weights(
        in folder: TemporaryFolder, _ options: TrainingConfiguration, stoppingEvery stop: Int? = nil
    ) throws -> Data {
        let run = try run(in: folder, options, stoppingEvery: stop).folder
        return try Data(contentsOf: URL(fileURLWithPath: run.weights("last")))
    }
}
