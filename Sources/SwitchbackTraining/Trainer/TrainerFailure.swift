import Switchback

// How a trainer ends where a number is none: it looks for the operation that made it.

extension Trainer {
    /// The first parameter whose gradient holds NaN or infinity.
    var damagedGradient: String? {
        for group in optimizers.optimizers.flatMap(\.groups) {
            if let found = group.parameters.first(where: { !($0.parameter.gradElements?.isFinite ?? true) }) {
                return found.name
            }
        }
        return nil
    }

    /// The error to end with, after the batch was run again to find where the number was born, and all were told.
    ///
    /// - Parameters:
    ///   - batch: the slots of it that are this process's.
    ///   - random: the state of the random numbers before the batch.
    func failure(_ problem: String, _ batch: [Task.Batch?], _ random: Generator.State) throws -> InputError {
        let damaged = task.model.namedParameters.first { !$0.parameter.isFinite }?.name
        Generator.default.state = random
        let (birth, entry) = try Anomaly.origin {
            for case (let slot, let examples?) in zip(slots.own, batch) {
                try withRandomNumbers(of: slot) {
                    let loss = try task.loss(moving: examples, in: configuration.precision).total
                    if loss.requiresGrad && loss.item().isFinite { loss.backward() }
                }
            }
        }
        let failure = TrainingFailure(
            step: state.step, problem: problem, birth: birth, entry: entry, damagedParameter: damaged)
        var facts = TrainingFacts()
        facts.learningRate = optimizers.optimizers.first?.groups.first?.initialLearningRate
        facts.interface = .commandLine
        for listener in listeners { _ = try listener(.failed(failure)) }
        // The process that computed the slot knows where the number was born.
        let origins = try slots.group.gather(birth == nil ? nil : failure.origin)
        return InputError(
            "training", at: "epoch \(state.epoch + 1), batch \(state.batch + 1)",
            "\(problem); \(origins.lazy.compactMap { $0 }.first ?? failure.origin)",
            remedy: failure.remedy(facts))
    }
}
