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
    public func batches(epoch: Int, from first: Int = 0) -> BatchIterator<Batch, Failure> {
        let picks = sampler.picks(epoch: epoch)
        let (batchSize, exampleCount, load) = (batchSize, sampler.count, load)
        return BatchIterator(range: first..<Swift.max(first, count), workers: workers) {
            (number: Int) throws(Failure) -> Batch in
            let start = number * batchSize
            return try load(picks(start..<Swift.min(start + batchSize, exampleCount)), epoch)
        }
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
