import Switchback
import SwitchbackFormats

// How a batch is computed that is cut into slots.

extension Trainer {
    /// Adds the gradients of a batch.
    ///
    /// - Parameters:
    ///   - batch: the slots of it that are this process's.
    ///   - count: how many batches the step will have.
    func compute(_ batch: [Task.Batch?], of count: Int, _ gradient: SlotGradient) throws -> ComputedBatch {
        let filledCount = task.source.filledSlots(ofBatch: state.batch, of: slots.count)
        gradient.begin(slots: filledCount)
        let filled = zip(slots.own, batch).compactMap { slot, examples in examples.map { (slot: slot, examples: $0) } }
        if configuration.syncBatchNorm {
            try computeInStep(filled, of: filledCount, gradient)
        } else {
            try computeInTurn(filled, gradient)
        }
        let total = try gradient.finish { state.gradient.take($0, of: count) }
        return ComputedBatch(count: total.count) { norm in (total.values, norm?.item()) }
    }

    private func computeInTurn(_ filled: [(slot: Int, examples: Task.Batch)], _ gradient: SlotGradient) throws {
        for (slot, examples) in filled {
            try withRandomNumbers(of: slot) {
                gradient.beginSlot()
                gradient.add(try loss(of: slot, examples), slot: slot)
            }
        }
    }

    /// All slots side by side, each with the statistics of the whole batch.
    private func computeInStep(
        _ filled: [(slot: Int, examples: Task.Batch)], of count: Int, _ gradient: SlotGradient
    ) throws {
        let examples = Dictionary(uniqueKeysWithValues: filled)
        var losses: [Int: BatchLoss] = [:]
        let inStep = SlotsInStep(filled.map(\.slot), of: count, in: slots.group, leaves: gradient.leaves)
        try inStep.run { [self] slot in
            try withRandomNumbers(of: slot) {
                guard let examples = examples[slot] else { return }
                let loss = try loss(of: slot, examples)
                gradient.walkBack(from: loss)
                losses[slot] = loss
            }
        }
        for ((slot, _), gradients) in zip(filled, inStep.gradients) {
            if let loss = losses[slot] { gradient.add(loss, gradients: gradients, slot: slot) }
        }
    }

    private func loss(of slot: Int, _ examples: Task.Batch) throws -> BatchLoss {
        let loss = try task.loss(moving: examples, in: configuration.precision)
        if isFirstBatch && slot == 0 { try tellGraph(of: loss.total) }
        return loss
    }

    /// Runs `body` with the random numbers of a slot of the present batch, which depend on the seed, the batch and the
    /// slot; those of a batch that is not cut go on from one batch to the next.
    func withRandomNumbers<Result>(of slot: Int, _ body: () throws -> Result) rethrows -> Result {
        if slots.count == 1 { return try body() }
        let generator = Generator(
            seed: configuration.seed, epoch: state.epoch * batchCount + state.batch, index: slot)
        return try Generator.withDefault(generator, body)
    }

    /// After the first step and every so many, all processes compare their weights: they have computed the same, unless one
    /// of them computes wrongly.
    func compareWeights() throws {
        let (group, interval) = (slots.group, 100)
        guard group.size > 1, state.step % interval == 1 else { return }
        let own = Checksum.crc32(task.model.namedState.map { "\($0.name) \(Checksum.crc32($0.tensor))" }.joined())
        let all = try group.gather(WeightChecksum(place: group.place, checksum: own))
        let groups = all.reduce(into: [WeightGroup]()) { groups, word in
            guard let position = groups.firstIndex(where: { $0.checksum == word.checksum }) else {
                return groups.append(WeightGroup(checksum: word.checksum, places: [word.place]))
            }
            groups[position].places.append(word.place)
        }
        guard groups.count > 1 else { return }
        let lists = groups.map { $0.places.joined(separator: ", ") }
        // In the order of the processes, so that all of them say the same.
        let largest = groups.map(\.places.count).max() ?? 0
        let majorities = groups.indices.filter { groups[$0].places.count == largest }
        let others = groups.indices.filter { $0 != majorities[0] }.map { lists[$0] }.joined(separator: ", ")
        throw InputError(
            "training", at: "step \(state.step)",
            majorities.count > 1
                ? "the processes have different weights, and as many have one as the other: \(lists.joined(separator: " against "))"
                : "\(others) has other weights than the other processes, so that it computes wrongly",
            remedy: "leave its machine out, and resume from the last checkpoint")
    }
}

/// What a process tells of its weights.
private struct WeightChecksum: Codable {
    let place: String
    let checksum: UInt32
}

/// Processes that have the same weights.
private struct WeightGroup {
    let checksum: UInt32
    var places: [String]
}
