import Switchback

/// Random places in a text at which windows begin, as in nanoGPT: in an epoch about as many as the text has windows
/// side by side. Each draws from numbers of its own, so that any of them can be found without those before it.
struct WindowSampler: Sampler {
    let count: Int
    private let starts: Range<Int>
    private let seed: UInt64

    /// - Parameters:
    ///   - tokenCount: those of the text, more than `windowLength`.
    ///   - factor: what the number of windows is a multiple of, once it is as large: whole batches.
    init(_ tokenCount: Int, windowLength: Int, multipleOf factor: Int, seed: UInt64) {
        starts = 0..<tokenCount - windowLength
        count = max(1, tokenCount / (factor * windowLength)) * factor
        self.seed = seed
    }

    func indices(epoch: Int) -> [Int] { picks(epoch: epoch)(0..<count) }

    func picks(epoch: Int) -> (Range<Int>) -> [Int] {
        { places in places.map { Generator(seed: seed, epoch: epoch, index: $0).integer(starts) } }
    }
}
