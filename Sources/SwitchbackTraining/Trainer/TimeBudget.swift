/// The time that a training may take, and what of it is used: for batches and validations, and for whatever is done beside
/// them, such as saving.
struct TimeBudget: Codable, Equatable, Sendable {
    /// All that is allowed.
    let seconds: Double
    /// What is used, before interruptions too.
    private(set) var used: Double

    /// - Parameter used: what the training has taken before it had a budget.
    init(seconds: Double, used: Double = 0) {
        (self.seconds, self.used) = (seconds, used)
    }

    mutating func use(_ seconds: Double) { used += seconds }

    var isUp: Bool { used >= seconds }

    /// How many epochs fit in, those that are done included, if the others take as long as those did on average.
    ///
    /// - Parameter done: at least 1.
    func epochs(done: Int) -> Int {
        let left = max(seconds - used, 0) * Double(done) / max(used, 1e-9)
        return done + Int(min(left, 1e9))
    }
}
