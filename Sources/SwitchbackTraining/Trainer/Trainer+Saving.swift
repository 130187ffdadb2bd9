import Switchback

// When a trainer saves, and what.

/// The shortest time between the saves of two validations, in seconds: many short epochs are not to be spent on saving.
private let shortestInterval = 1.0

extension Trainer {
    /// Keeps the model's weights, the averaged ones if there are such, until they are saved with the next state: under names
    /// and, where an epoch has just ended of which they are to be kept, under that one's.
    func keepWeights(as names: [String]) {
        let hasEnded = state.batch == 0 && configuration.savePeriod.map { state.epoch % $0 == 0 } ?? false
        let names = names + (hasEnded ? ["epoch\(state.epoch)"] : [])
        guard let saver, !names.isEmpty else { return }
        saver.keep(withAverages { Snapshot(task.model.namedState) }, task.metadata, as: names)
        isSaveWanted = true
    }

    /// Saves where that must be, or where it is wanted and the last save was long enough ago and is done.
    func save(isDue: Bool) throws {
        guard let saver else { return }
        try tellOfSaved(try saver.takeSaved())
        let sinceLast = clock.seconds() - lastSave
        let isTime = isSaveWanted ? sinceLast >= shortestInterval : sinceLast > configuration.saveMinutes * 60
        guard isDue || (isTime && !saver.isBusy) else { return }
        (lastSave, isSaveWanted) = (clock.seconds(), false)
        countTime()
        try beside {
            // One snapshot at a time: memory for two would be needed otherwise.
            try saver.wait()
            state.saves += 1
            saver.save(capturedState(), Snapshot(capturedTensors()))
        }
        try tellOfSaved(saver.takeSaved())
    }

    /// Runs `body`, which trains, and sees to it that what was kept or is being written is on the disk when it ends:
    /// also where an error ends it, which then counts more than one of saving.
    func savingWhatIsKept(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            try? saver?.finish()
            throw error
        }
        try beside { try saver?.finish() }
        if let saver { try tellOfSaved(saver.takeSaved()) }
    }

    private func tellOfSaved(_ saved: [RunSaver.Saved]) throws {
        for save in saved { try tell(.checkpoint(path: save.path, step: save.step, seconds: save.seconds)) }
    }
}
