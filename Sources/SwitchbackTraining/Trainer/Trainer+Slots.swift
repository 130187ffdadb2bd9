import Switchback

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
        try compareGradients(gradient)
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
}
