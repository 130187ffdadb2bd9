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
    /// How many examples a batch has; the last one of an epoch may have fewer.
    public let batchSize: Int
    private let filled: (_ number: Int, _ count: Int) -> Int
    private let picked: (_ epoch: Int, _ number: Int) -> [Int]
    private let open: (_ epoch: Int, _ first: Int) -> () throws -> Batch?
    private let one: (_ epoch: Int, _ number: Int, _ slot: Int, _ count: Int) throws -> Batch?
    private let openSlots: (_ epoch: Int, _ first: Int, _ slots: Range<Int>, _ count: Int) -> () throws -> Batch??

    /// The batches of a loader.
    public init<Failure: Error>(_ loader: DataLoader<Batch, Failure>) {
        count = loader.count
        batchSize = loader.batchSize
        filled = { loader.filledSlots(ofBatch: $0, of: $1) }
        picked = { epoch, number in
            let start = number * loader.batchSize
            return loader.sampler.picks(epoch: epoch)(start..<min(start + loader.batchSize, loader.sampler.count))
        }
        open = { epoch, first in
            let batches = loader.batches(epoch: epoch, from: first)
            return { try batches.next() }
        }
        openSlots = { epoch, first, slots, count in
            let batches = loader.batches(epoch: epoch, from: first, slots: slots, of: count)
            return { try batches.next() }
        }
        one = { try loader.batch($1, epoch: $0, slot: $2, of: $3) }
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

    private init(
        count: Int, batchSize: Int, picked: @escaping (Int, Int) -> [Int],
        open: @escaping (Int, Int) -> () throws -> Batch?
    ) {
        (self.count, self.batchSize, self.picked, self.open) = (count, batchSize, picked, open)
        filled = { _, _ in 1 }
        openSlots = { epoch, first, slots, _ in
            let next = open(epoch, first)
            return { try next().map { slots.contains(0) ? $0 : nil } }
        }
        one = { epoch, number, slot, _ in slot == 0 ? try open(epoch, number)() : nil }
    }

    /// The first of so many slots of each batch, as a batch of its own: the same training in smaller steps.
    func firstSlots(of count: Int) -> BatchSource {
        BatchSource(
            count: self.count, batchSize: (batchSize + count - 1) / count,
            picked: { indices(epoch: $0, batch: $1, of: count) },
            open: { epoch, first in
                let next = openSlots(epoch, first, 0..<1, count)
                return { try next() ?? nil }
            })
    }

    /// The batches of an epoch (counted from 0), from the batch `first` on: a function that gives the next one each
    /// time, and `nil` after the last.
    public func batches(epoch: Int, from first: Int = 0) -> () throws -> Batch? { open(epoch, first) }

    /// The same cut into `count` slots, of which those of `slots` are given for each batch; `nil` for one that has no
    /// examples, because its batch has too few.
    public func batches(
        epoch: Int, from first: Int = 0, slots: Range<Int>, of count: Int
    ) -> () throws -> [Batch?]? {
        let next = openSlots(epoch, first, slots, count)
        return {
            var batch: [Batch?] = []
            for _ in slots {
                guard let slot = try next() else { return nil }
                batch.append(slot)
            }
            return batch
        }
    }

    /// One of so many slots of a batch by itself; `nil` where it has no examples.
    func batch(_ number: Int, epoch: Int, slot: Int, of count: Int) throws -> Batch? {
        try one(epoch, number, slot, count)
    }

    /// Which examples a batch has of a slot of so many, by their numbers in the data.
    func indices(epoch: Int, batch number: Int, slot: Int = 0, of count: Int = 1) -> [Int] {
        let all = picked(epoch, number)
        return stride(from: slot, to: all.count, by: filledSlots(ofBatch: number, of: count)).map { all[$0] }
    }

    /// How many of a batch's slots have examples: the first ones.
    func filledSlots(ofBatch number: Int, of count: Int) -> Int { filled(number, count) }
}
