import Switchback

/// Where a training gets its batches: a sampler says which examples each has, and a function loads them, ahead of time
/// on threads of its own where there are workers.
///
/// What a batch holds depends on the sampler, the epoch and the batch's number alone: so a run can be resumed in the
/// middle of an epoch, and gives the same bits with any number of workers.
///
/// ```swift
/// let source = BatchSource(DataLoader(TensorDataset(images, labels), batchSize: 64, shuffle: true, workers: 2))
/// let next = source.batches(epoch: 3, from: 10)
/// while let batch = try next() { train(batch.input, batch.target) }
/// ```
public struct BatchSource<Batch> {
    /// How many batches an epoch has.
    public let count: Int
    private let open: (_ epoch: Int, _ first: Int) -> () throws -> Batch?
    private let part: (_ rank: Int, _ count: Int) -> BatchSource

    /// The batches of a loader.
    public init<Failure: Error>(_ loader: DataLoader<Batch, Failure>) {
        count = loader.count
        open = { epoch, first in
            let batches = loader.batches(epoch: epoch, from: first)
            return { try batches.next() }
        }
        part = { BatchSource(loader.shard($0, of: $1)) }
    }

    /// - Parameters:
    ///   - sampler: decides on the examples of an epoch and their order.
    ///   - batchSize: the number of examples in a batch; the last one of an epoch may have fewer. At least 1.
    ///   - dropLast: leaves out a last batch that is not full.
    ///   - workers: how many threads put batches together ahead of time; with 0 it is the thread that asks for them.
    ///   - load: makes the batch of the examples at `indices`. Called on the workers' threads.
    public init(
        sampler: any Sampler, batchSize: Int, dropLast: Bool = false, workers: Int = 0,
        load: @escaping (_ indices: [Int], _ epoch: Int) throws -> Batch
    ) {
        self.init(
            DataLoader<Batch, any Error>(
                sampler: sampler, batchSize: batchSize, dropLast: dropLast, workers: workers, load: load))
    }

    /// The batches of an epoch (counted from 0), from the batch `first` on: a function that gives the next one each
    /// time, and `nil` after the last.
    public func batches(epoch: Int, from first: Int = 0) -> () throws -> Batch? { open(epoch, first) }

    /// The share of one of `count` processes that train together: of the examples in the same order, every `count`-th
    /// one from `rank` (counted from 0) on.
    public func shard(_ rank: Int, of count: Int) -> BatchSource { part(rank, count) }
}
