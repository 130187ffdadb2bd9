import Switchback

/// All examples in random order, but those of about one length together, so that batches need little padding.
struct LengthSampler: Sampler {
    private let lengths: [Int]
    private let groupSize: Int
    private let seed: UInt64

    /// - Parameters:
    ///   - lengths: of all examples.
    ///   - groupSize: how many examples of about one length follow one another: those of a step.
    init(_ lengths: [Int], together groupSize: Int, seed: UInt64) {
        (self.lengths, self.groupSize, self.seed) = (lengths, groupSize, seed)
    }

    var count: Int { lengths.count }

    /// Pools of a hundred groups are drawn at random and sorted by length; then the groups are shuffled. A group that
    /// is not full comes last.
    func indices(epoch: Int) -> [Int] {
        let generator = Generator(seed: seed, epoch: epoch)
        func shuffledNumbers(_ count: Int) -> [Int] {
            Tensor.withBackend(CPUBackend.self) {
                Tensor.randperm(count, generator: generator).toArray(as: Int.self)
            }
        }
        let shuffled = shuffledNumbers(count)
        let poolSize = 100 * groupSize
        let sorted = stride(from: 0, to: count, by: poolSize).flatMap { start in
            shuffled[start..<min(start + poolSize, count)].sorted { (lengths[$0], $0) < (lengths[$1], $1) }
        }
        let groupCount = count / groupSize
        return shuffledNumbers(groupCount).flatMap { sorted[$0 * groupSize..<($0 + 1) * groupSize] }
            + sorted[(groupCount * groupSize)...]
    }
}
