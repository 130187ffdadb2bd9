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
        let (origin, slot) = try origin(of: batch)
        let failure = TrainingFailure(
            step: state.step, problem: problem, birth: origin.birth, entry: origin.entry, damagedParameter: damaged,
            examples: places(ofExamplesIn: origin, slot: slot))
        var facts = TrainingFacts()
        facts.learningRate = optimizers.optimizers.first?.groups.first?.initialLearningRate
        facts.interface = .commandLine
        for listener in listeners { _ = try listener(.failed(failure)) }
        // The process that computed the slot knows where the number was born.
        let origins = try slots.group.gather(origin.birth == nil ? nil : failure.origin)
        return InputError(
            "training", at: "epoch \(state.epoch + 1), batch \(state.batch + 1)",
            "\(problem); \(origins.lazy.compactMap { $0 }.first ?? failure.origin)",
            remedy: failure.remedy(facts))
    }

    private typealias Origin = (birth: Anomaly.Birth?, entry: Anomaly.Entry?)

    /// Runs a batch again, slot by slot, and tells where NaN or infinity was born or came in, and in which slot.
    private func origin(of batch: [Task.Batch?]) throws -> (Origin, slot: Int) {
        for case (let slot, let examples?) in zip(slots.own, batch) {
            let search = { [self] in
                try withRandomNumbers(of: slot) {
                    try Anomaly.origin {
                        let loss = try task.loss(moving: examples, in: configuration.precision).total
                        if loss.requiresGrad && loss.item().isFinite { loss.backward() }
                    }
                }
            }
            // A slot that has its statistics from others may have too few examples for its own.
            let none: Origin = (birth: nil, entry: nil)
            let origin = configuration.syncBatchNorm ? (try? catchingErrors(search)) ?? none : try search()
            if origin.birth != nil || origin.entry != nil { return (origin, slot) }
        }
        return ((nil, nil), 0)
    }

    /// Where the examples stand that such numbers came in with, or in which alone they were born.
    private func places(ofExamplesIn origin: Origin, slot: Int) -> [String] {
        let numbers = task.source.indices(epoch: state.epoch, batch: state.batch, slot: slot, of: slots.count)
        var rows = origin.birth?.rows ?? []
        var shape = origin.birth?.shape
        if let entry = origin.entry {
            rows = entry.isParameter ? [] : Array(entry.place.prefix(1))
            shape = entry.shape
        }
        guard shape?.first == numbers.count, rows.allSatisfy(numbers.indices.contains) else { return [] }
        return rows.map { task.place(ofExample: numbers[$0]) ?? "number \(numbers[$0]) of the data, counted from 0" }
    }
}
