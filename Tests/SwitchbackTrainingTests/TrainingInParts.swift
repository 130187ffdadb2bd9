import Switchback
import SwitchbackTraining

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
