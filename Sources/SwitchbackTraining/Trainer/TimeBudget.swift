/// The time that a training may take and the time used: for batches and validations, and for everything else, such as
/// saving.
struct TimeBudget: Codable, Equatable, Sendable {
    /// All that is allowed.
    private(set) var seconds: Double
    /// The time used, including before interruptions.
    private(set) var used: Double
    /// The time used when the first epoch ended, if known.
    private var usedByFirstEpoch: Double?

    /// - Parameter used: what the training has taken before it had a budget.
    init(seconds: Double, used: Double = 0) {
        (self.seconds, self.used) = (seconds, used)
    }

    /// The same use of another time.
    func allowing(_ seconds: Double) -> TimeBudget {
        var budget = self
        budget.seconds = seconds
        return budget
    }

    /// Whether a budget that was read can be one.
    var isPossible: Bool { [seconds, used, usedByFirstEpoch ?? 0].allSatisfy(TrainingState.times.contains) }

    var isUp: Bool { used >= seconds }

    mutating func use(_ seconds: Double) { used += seconds }

    mutating func endFirstEpoch() { usedByFirstEpoch = used }

    /// How many epochs fit in, those that are done included, if the others take as long as those did on average:
    /// without the first one, which is longer, as soon as there are others.
    ///
    /// - Parameter done: at least 1.
    func epochs(done: Int) -> Int {
        let (before, first) = done > 1 ? usedByFirstEpoch.map { ($0, 1) } ?? (0, 0) : (0, 0)
        let left = max(seconds - used, 0) * Double(done - first) / max(used - before, 1e-9)
        return done + Int(min(left, 1e9))
    }
}
