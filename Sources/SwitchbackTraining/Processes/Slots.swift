import Switchback

/// How the slots that batches are cut into are dealt out to processes.
struct Slots {
    /// How many slots a batch has.
    let count: Int
    let group: ProcessGroup

    /// - Throws: `InputError` where a process would have none, or batches have too few examples.
    init(_ asked: Int?, batchSize: Int, _ group: ProcessGroup) throws {
        count = asked ?? group.size
        self.group = group
        guard count >= group.size else {
            throw InputError(
                "option slots", "\(count.counted("slot")) cannot keep \(group.size) processes busy",
                remedy: "start at most \(count.counted("process"))")
        }
        guard count <= batchSize else {
            throw InputError(
                "option slots",
                "a batch of \(batchSize.counted("example")) cannot be cut into \(count.counted("slot"))",
                remedy: "use a larger batch size, or fewer \(count == group.size ? "processes" : "slots")")
        }
    }

    /// Throws where nothing would come of common statistics of batch norm.
    func checkSyncBatchNorm(of model: Module) throws {
        guard count > 1 else {
            throw InputError(
                "option sync_batch_norm",
                "has no effect on batches that are not cut: their statistics are of all examples",
                remedy: "leave it out, or use slots")
        }
        guard model.hasBatchNorm else {
            throw InputError(
                "option sync_batch_norm", "has no effect: the model has no batch normalization", remedy: "leave it out")
        }
    }

    /// The slots of a process.
    func slots(of rank: Int) -> Range<Int> { rank * count / group.size..<(rank + 1) * count / group.size }

    var own: Range<Int> { slots(of: group.rank) }
}
