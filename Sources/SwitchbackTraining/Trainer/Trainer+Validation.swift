import Switchback

// How a trainer measures the model, and notes what came of it.

extension Trainer {
    /// Measures the model, and keeps its weights to be saved.
    func validate(epoch: Int) throws {
        let start = clock.seconds()
        task.model.eval()
        let metrics = try withAverages {
            try refreshStatistics(epoch: epoch)
            return try noGrad { try task.validate(in: slots.group) }
        }
        task.model.train()
        let fitness = task.fitness(metrics)
        let isBest = state.bestFitness.map { fitness.isBetter(than: $0) } ?? true
        state.bestFitness = isBest ? fitness : state.bestFitness
        state.validationsWithoutImprovement = isBest ? 0 : state.validationsWithoutImprovement + 1
        beside { keepWeights(as: ["last"] + (isBest ? ["best"] : [])) }
        let seconds = clock.seconds() - start
        state.seconds += seconds
        countTime()
        try agree()
        try fitPlan()
        let result = EpochResult(
            epoch: epoch, epochCount: plan.epochs.end, step: state.step, training: state.means.means,
            validation: metrics,
            learningRate: optimizers.learningRate, isBest: isBest, seconds: state.epochSeconds + seconds)
        history.append(result)
        state.validations = history.count
        state.means = RunningMeans()
        state.epochSeconds = 0
        try beside { try results?.append(history) }
        try tell(.epoch(result))
    }

    /// Takes batch norm's statistics from batches of the epoch, counted from 1, where too few have been seen so far: at
    /// the beginning of a training they lag behind weights that change fast, and a network that has learned answers as
    /// one that has not.
    private func refreshStatistics(epoch: Int) throws {
        let batchesUntilAveragesFollow = 500
        guard task.statisticsBatches > 0, let seen = task.model.batchesTracked, seen < batchesUntilAveragesFollow
        else { return }
        // All slots in every process: the statistics are the same in all then.
        let next = task.source.batches(epoch: epoch - 1, slots: 0..<slots.count, of: slots.count)
        try task.model.updateBatchNorm {
            for _ in 0..<task.statisticsBatches {
                guard let batch = try next() else { return }
                let filled = batch.compactMap { $0 }
                let pass = { [task] (slot: Int) in _ = try task.loss(moving: filled[slot], in: .float32) }
                if configuration.syncBatchNorm && filled.count > 1 {
                    try SlotsInStep(Array(filled.indices), of: filled.count, in: .alone, leaves: []).run(pass)
                } else {
                    for slot in filled.indices { try pass(slot) }
                }
            }
        }
    }

    func withAverages<Result>(_ body: () throws -> Result) rethrows -> Result {
        try average?.withAverages(body) ?? body()
    }

    /// Takes the history of a resumed run from its `results.csv`, and takes out what will be made again. Returns
    /// sentences on what of it is lost.
    func takeUpHistory() throws -> [String] {
        guard var results else { return [] }
        var warnings: [String] = []
        do {
            history = Array(try ResultsTable(path: results.path).history.prefix(state.validations))
        } catch let problem as InputError {
            warnings.append("\(problem)")
        }
        if history.count < state.validations {
            warnings.append(
                "\(results.path) has \(history.count.counted("row")) of the \(state.validations) that were written; "
                    + "the others are lost, and nothing else is")
            state.validations = history.count
        }
        try results.begin(history)
        self.results = results
        return warnings
    }
}

extension [Double] {
    /// Whether the first number that differs is greater. What is not a number is worse than any.
    fileprivate func isBetter(than other: [Double]) -> Bool {
        for (mine, others) in zip(self, other) {
            if mine.isNaN && others.isNaN { continue }
            if mine.isNaN || others.isNaN { return others.isNaN }
            if mine != others { return mine > others }
        }
        return false
    }
}
