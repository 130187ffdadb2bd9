/// Splits a dataset into batches, epoch after epoch, shuffled if requested, and loads batches on its own threads while
/// the model computes.
///
/// Which examples a batch holds depends on the seed, the epoch and the batch's number alone, not on the number of
/// workers.
///
/// ```swift
/// let loader = DataLoader(TensorDataset(images, labels), batchSize: 64, shuffle: true)
/// for batch in loader { train(batch.input, batch.target) }  // the next epoch, each time
/// ```
///
/// Where reading an example can fail, a loop asks for the batches one by one:
///
/// ```swift
/// let batches = loader.batches(epoch: 3)
/// while let batch = try batches.next() { train(batch.input, batch.target) }
/// ```
public final class DataLoader<Batch, Failure: Error> {
    public let batchSize: Int
    public let dropLast: Bool
    public let sampler: any Sampler
    /// How many threads put batches together; with 0 it is the thread that asks for them.
    public let workers: Int
    /// The epoch that the next `for` loop over the loader has. Set it to continue a run that was interrupted.
    public var epoch = 0

    private let load: (_ indices: [Int], _ epoch: Int) throws(Failure) -> Batch

    /// - Parameters:
    ///   - batchSize: the number of examples in a batch; the last one of an epoch may have fewer. At least 1.
    ///   - shuffle: whether the order of the examples is random, another one in each epoch.
    ///   - seed: what random orders, and the generators that `transform` is given, depend on.
    ///   - dropLast: leaves out a last batch that is not full.
    ///   - workers: how many threads put batches together ahead of time; at most two batches for each wait in memory.
    ///   - sampler: decides on the examples of an epoch, instead of `shuffle`.
    ///   - transform: changes an example, at random if it likes: the generator it gets depends on the seed, the epoch
    ///     and the example's position. Called on the workers' threads.
    ///   - collate: joins examples into a batch. Called on the workers' threads.
    public convenience init<Data: Dataset>(
        _ dataset: Data, batchSize: Int = 1, shuffle: Bool = false, seed: UInt64 = 0, dropLast: Bool = false,
        workers: Int = 0, sampler: (any Sampler)? = nil,
        transform: ((Data.Element, Switchback.Generator) throws(Failure) -> Data.Element)? = nil,
        collate: @escaping ([Data.Element]) throws(Failure) -> Batch
    ) where Data.Failure == Failure {
        require(sampler == nil || !shuffle, "DataLoader", "the order comes from the sampler or from shuffle, not both")
        let order: any Sampler = shuffle ? RandomSampler(dataset.count, seed: seed) : SequentialSampler(dataset.count)
        self.init(sampler: sampler ?? order, batchSize: batchSize, dropLast: dropLast, workers: workers) {
            (indices: [Int], epoch: Int) throws(Failure) in
            var examples: [Data.Element] = []
            for index in indices {
                let example = try dataset[index]
                let generator = Switchback.Generator(seed: seed, epoch: epoch, index: index)
                examples.append(try transform?(example, generator) ?? example)
            }
            return try collate(examples)
        }
    }

    /// A loader of examples that know how to be joined. Parameters are those of the other initializer.
    public convenience init<Data: Dataset>(
        _ dataset: Data, batchSize: Int = 1, shuffle: Bool = false, seed: UInt64 = 0, dropLast: Bool = false,
        workers: Int = 0, sampler: (any Sampler)? = nil
    ) where Data.Element == Batch, Batch: Collatable, Data.Failure == Failure {
        require(sampler == nil || !shuffle, "DataLoader", "the order comes from the sampler or from shuffle, not both")
        let order: any Sampler = shuffle ? RandomSampler(dataset.count, seed: seed) : SequentialSampler(dataset.count)
        self.init(sampler: sampler ?? order, batchSize: batchSize, dropLast: dropLast, workers: workers) {
            (indices: [Int], _: Int) throws(Failure) in
            if let batch = try dataset.batch(at: indices) { return batch }
            var examples: [Batch] = []
            for index in indices { examples.append(try dataset[index]) }
            return Batch.collate(examples)
        }
    }

    /// A loader that makes its batches in a way of its own.
    ///
    /// - Parameters:
    ///   - load: makes the batch of the examples at `indices`. Called on the workers' threads.
    public init(
        sampler: any Sampler, batchSize: Int, dropLast: Bool = false, workers: Int = 0,
        load: @escaping (_ indices: [Int], _ epoch: Int) throws(Failure) -> Batch
    ) {
        require(batchSize > 0, "DataLoader", "a batch has at least 1 example, not \(batchSize)")
        require(workers >= 0, "DataLoader", "\(workers) is not a number of workers")
        self.sampler = sampler
        self.batchSize = batchSize
        self.dropLast = dropLast
        self.workers = workers
        self.load = load
    }

    /// The number of batches in an epoch.
    public var count: Int { (sampler.count + (dropLast ? 0 : batchSize - 1)) / batchSize }

    /// The batches of an epoch, from the first one on or, to continue in the middle of an epoch, from another.
    ///
    /// - Parameter step: leaves out all but every `step`-th one, for one of several processes that share the work.
    public func batches(
        epoch: Int, from first: Int = 0, every step: Int = 1
    ) -> BatchIterator<Batch, Failure> {
        require(step > 0, "DataLoader", "every \(step)-th batch is none")
        let picks = sampler.picks(epoch: epoch)
        let (batchSize, exampleCount, load) = (batchSize, sampler.count, load)
        let turns = (Swift.max(count - first, 0) + step - 1) / step
        return BatchIterator(range: 0..<turns, workers: workers) { (turn: Int) throws(Failure) -> Batch in
            let start = (first + turn * step) * batchSize
            return try load(picks(start..<Swift.min(start + batchSize, exampleCount)), epoch)
        }
    }

    /// The batches of an epoch cut into `count` slots, from the batch `first` on: of each batch in turn those of its slots
    /// that are asked for, `nil` where a batch has too few examples for one.
    ///
    /// Of n slots that have examples, slot s has, in their order, those at s, s + n, s + 2n, …: what a slot holds does not
    /// depend on who loads it, and all slots of a batch together hold the batch.
    public func batches(
        epoch: Int, from first: Int = 0, slots: Range<Int>, of count: Int
    ) -> BatchIterator<Batch?, Failure> {
        require(
            slots.lowerBound >= 0 && slots.upperBound <= count, "DataLoader",
            "there are no slots \(slots) among \(count), counted from 0")
        let picks = sampler.picks(epoch: epoch)
        let numbers = first * slots.count..<Swift.max(first, self.count) * slots.count
        return BatchIterator(range: numbers, workers: workers) { [self] (number: Int) throws(Failure) -> Batch? in
            try slot(slots.lowerBound + number % slots.count, of: count, number / slots.count, picks, epoch)
        }
    }

    /// One of so many slots of a batch by itself, made by this thread; `nil` where the batch has too few examples for it.
    package func batch(_ number: Int, epoch: Int, slot: Int, of count: Int) throws(Failure) -> Batch? {
        try self.slot(slot, of: count, number, sampler.picks(epoch: epoch), epoch)
    }

    private func slot(
        _ slot: Int, of count: Int, _ batch: Int, _ picks: (Range<Int>) -> [Int], _ epoch: Int
    ) throws(Failure) -> Batch? {
        let filled = filledSlots(ofBatch: batch, of: count)
        if slot >= filled { return nil }
        let examples = picks(batch * batchSize..<Swift.min((batch + 1) * batchSize, sampler.count))
        return try load(stride(from: slot, to: examples.count, by: filled).map { examples[$0] }, epoch)
    }

    /// How many of a batch's slots have examples. In a last batch that is not full, a slot has two of them at least where
    /// those of full batches do: batch normalization has nothing to say of one.
    public func filledSlots(ofBatch number: Int, of count: Int) -> Int {
        let examples = Swift.min(batchSize, sampler.count - number * batchSize)
        let fewest = Swift.max(Swift.min(batchSize / count, 2), 1)
        return Swift.max(Swift.min(count, examples / fewest), 1)
    }

    /// A loader of the share of one of `count` processes that train together; see `DistributedSampler`.
    ///
    /// - Parameter rank: the process, counted from 0.
    public func shard(_ rank: Int, of count: Int) -> DataLoader {
        DataLoader(
            sampler: DistributedSampler(sampler, rank: rank, processCount: count, dropLast: dropLast),
            batchSize: batchSize, dropLast: dropLast, workers: workers, load: load)
    }
}

extension DataLoader: Sequence where Failure == Never {
    /// The batches of the next epoch.
    public func makeIterator() -> AnyIterator<Batch> {
        defer { epoch += 1 }
        let batches = batches(epoch: epoch)
        return AnyIterator { batches.next() }
    }

    public var underestimatedCount: Int { count }
}
