/// A size that may depend on the batch size N: `perSample · N + fixed`.
struct BatchNumber: Hashable {
    let perSample: Int
    let fixed: Int

    init(_ fixed: Int) { (perSample, self.fixed) = (0, fixed) }

    /// What is `first` for the one and `second` for the other of two batch sizes; `nil` if that is not a whole
    /// multiple.
    init?(_ first: Int, _ second: Int, batches: (Int, Int)) {
        let (growth, rest) = (second - first).quotientAndRemainder(dividingBy: batches.1 - batches.0)
        guard rest == 0 else { return nil }
        (perSample, fixed) = (growth, first - growth * batches.0)
    }

    var isFixed: Bool { perSample == 0 }

    static func + (a: BatchNumber, b: BatchNumber) -> BatchNumber {
        BatchNumber(perSample: a.perSample + b.perSample, fixed: a.fixed + b.fixed)
    }

    private init(perSample: Int, fixed: Int) { (self.perSample, self.fixed) = (perSample, fixed) }
}
