import Switchback
import SwitchbackFormats

// What the processes of a training must have in common, and who of them has not.

extension Trainer {
    /// How many steps lie between comparisons.
    private var comparedEvery: Int { 100 }

    /// Before the training: whether all see as many examples, in the same order, and have a model of the same form. Otherwise they
    /// would wait for each other in vain.
    func compareTasks() throws {
        guard slots.group.size > 1 else { return }
        let (source, last) = (task.source, batchCount - 1)
        let count = last * source.batchSize + source.indices(epoch: 0, batch: last).count
        if let found = try slots.group.disagreement(on: count) {
            throw InputError(
                "training data",
                "the processes see different numbers of examples: \(found.description { $0.counted("example") })",
                remedy: "give all of them the same data")
        }
        let order = "\(source.indices(epoch: 0, batch: 0)) \(source.indices(epoch: 0, batch: last))"
        try compare(Checksum.crc32(order), "orders of examples", "its data are other ones")
        let form = task.model.namedState.map { "\($0.name) \($0.tensor.dtype) \($0.tensor.shape)" }
        try compare(Checksum.crc32(form.joined(separator: "\n")), "models", "its data or options are other ones")
    }

    /// Before the first step and every so many, all processes compute the gradient of one slot of the batch, which slot in turns, and
    /// compare it: a process that reads other examples, or computes wrongly, would spoil the sum of all, and so all weights alike.
    ///
    /// Not of slots in step, which no process can compute by itself.
    func compareGradients(_ gradient: SlotGradient) throws {
        guard slots.group.size > 1, !configuration.syncBatchNorm, state.step % comparedEvery == 0,
            state.gradient.batchCount == 0
        else { return }
        let slot = state.step / comparedEvery % task.source.filledSlots(ofBatch: state.batch, of: slots.count)
        let examples = try task.source.batch(state.batch, epoch: state.epoch, slot: slot, of: slots.count)
        let own = try examples.map { examples in
            try withRandomNumbers(of: slot) {
                try gradient.checksum { try task.loss(moving: examples, in: configuration.precision) }
            }
        }
        try compare(
            own ?? 0, "gradients of the same examples", "its data are other ones or it computes wrongly")
    }

    /// After the same steps, all compare their weights.
    func compareWeights() throws {
        guard slots.group.size > 1, state.step % comparedEvery == 1 else { return }
        let own = task.model.namedState.map { "\($0.name) \(Checksum.crc32($0.tensor))" }.joined()
        try compare(Checksum.crc32(own), "weights", "it computes wrongly")
    }

    /// Throws, in all processes alike, where their checksums differ.
    ///
    /// - Parameters:
    ///   - what: what the checksum is of.
    ///   - conclusion: what is so of a process that has another one.
    private func compare(_ checksum: UInt32, _ what: String, _ conclusion: String) throws {
        guard let found = try slots.group.disagreement(on: checksum) else { return }
        throw InputError(
            "training", at: "step \(state.step)",
            found.minority.map { "\($0) has other \(what) than the other processes, so that \(conclusion)" }
                ?? "the processes have different \(what), and as many have one as the other: \(found.opponents)",
            remedy: "compare their data, or leave the machine out, and resume from the last checkpoint")
    }
}
