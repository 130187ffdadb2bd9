/// Decides which examples an epoch has, and in which order.
public protocol Sampler {
    /// How many examples an epoch has.
    var count: Int { get }
    /// The positions of the examples, in order; depends on nothing but the sampler and the epoch.
    func indices(epoch: Int) -> [Int]
    /// A function that gives the positions of a stretch of an epoch. By default they are taken from `indices(epoch:)`;
    /// a sampler whose epochs are too long to be listed in memory finds each by itself.
    func picks(epoch: Int) -> (Range<Int>) -> [Int]
}

extension Sampler {
    public func picks(epoch: Int) -> (Range<Int>) -> [Int] {
        let order = indices(epoch: epoch)
        return { Array(order[$0]) }
    }
}

/// All examples, in order.
public struct SequentialSampler: Sampler {
    public let count: Int

    public init(_ count: Int) { self.count = count }

    public func indices(epoch: Int) -> [Int] { Array(0..<count) }
}

/// All examples, in a different random order in each epoch.
public struct RandomSampler: Sampler {
    public let count: Int
    public let seed: UInt64

    public init(_ count: Int, seed: UInt64 = 0) {
        self.count = count
        self.seed = seed
    }

    public func indices(epoch: Int) -> [Int] {
        Tensor.withBackend(CPUBackend.self) {
            Tensor.randperm(count, generator: Generator(seed: seed, epoch: epoch)).toArray(as: Int.self)
        }
    }
}

/// Examples drawn by weight, for unbalanced classes, for example.
public struct WeightedSampler: Sampler {
    /// How likely each example is, relative to the others.
    public let weights: [Double]
    public let count: Int
    public let replacement: Bool
    public let seed: UInt64

    /// - Parameters:
    ///   - count: how many are drawn in an epoch; as many as there are weights by default.
    ///   - replacement: whether an example may be drawn more than once.
    public init(_ weights: [Double], count: Int? = nil, replacement: Bool = true, seed: UInt64 = 0) {
        self.weights = weights
        self.count = count ?? weights.count
        self.replacement = replacement
        self.seed = seed
    }

    public func indices(epoch: Int) -> [Int] {
        let generator = Generator(seed: seed, epoch: epoch)
        return Tensor.withBackend(CPUBackend.self) {
            Tensor(weights, dtype: .float64)
                .multinomial(count, replacement: replacement, generator: generator).toArray(as: Int.self)
        }
    }
}

/// The examples for one of several processes that train together. All see the same order and take every
/// `processCount`-th example of it; the first ones are repeated, or the last ones dropped, so that all get equally
/// many.
public struct DistributedSampler: Sampler {
    public let rank: Int
    public let processCount: Int
    public let dropLast: Bool
    private let total: any Sampler

    /// Stops unless `rank` is from 0 to `processCount - 1`.
    public init(_ total: any Sampler, rank: Int, processCount: Int, dropLast: Bool = false) {
        require(
            rank >= 0 && rank < processCount, "DistributedSampler",
            "there is no process \(rank) among \(processCount), counted from 0")
        self.rank = rank
        self.processCount = processCount
        self.dropLast = dropLast
        self.total = total
    }

    public var count: Int {
        (total.count + (dropLast ? 0 : processCount - 1)) / processCount
    }

    public func indices(epoch: Int) -> [Int] { picks(epoch: epoch)(0..<count) }

    public func picks(epoch: Int) -> (Range<Int>) -> [Int] {
        let (picks, all) = (total.picks(epoch: epoch), total.count)
        return { range in
            range.flatMap { place -> [Int] in
                let position = (place * processCount + rank) % all
                return picks(position..<position + 1)
            }
        }
    }
}

extension Generator {
    /// A generator for one epoch, or for one example in it: what it draws depends on these numbers alone.
    ///
    /// The numbers are mixed as in SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
    /// 2014), so that neighboring epochs and examples have nothing in common.
    public convenience init(seed: UInt64, epoch: Int, index: Int = 0) {
        let mixed = [epoch, index].reduce(seed) { state, number in
            var word = state &+ 0x9E37_79B9_7F4A_7C15 &* (UInt64(bitPattern: Int64(number)) &+ 1)
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }
        self.init(seed: mixed)
    }
}
