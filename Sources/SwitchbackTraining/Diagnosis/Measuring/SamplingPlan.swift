/// Which steps are measured.
struct SamplingPlan {
    private let interval: Int
    /// The first steps, in which most of what goes wrong begins.
    private let first: Int

    /// - Parameters:
    ///   - interval: one step in so many; what suits the length of the training by default.
    ///   - steps: those of the training, where they are known.
    init(every interval: Int? = nil, steps: Int? = nil) {
        first = interval == nil ? 5 : 0
        self.interval = interval ?? steps.map(Self.interval) ?? DiagnosisLog.usualInterval
    }

    /// A short training has about 50 measurements, and a long one 400, in intervals that are no longer than 1000 steps.
    private static func interval(steps: Int) -> Int {
        max(min(DiagnosisLog.usualInterval, max(1, steps / 50)), min(steps / 400, 1000))
    }

    func includes(_ step: Int) -> Bool { step < first || step % interval == 0 }
}

/// The losses since the last measurement.
struct LossInterval {
    private var sum = 0.0
    private var count = 0
    private var largest = -Double.infinity
    private(set) var latest = Double.nan

    mutating func add(_ loss: Double) {
        sum += loss
        count += 1
        largest = loss.isNaN ? .nan : max(largest, loss)
        latest = loss
    }

    /// Hands the interval over to a record, and begins with the next one.
    mutating func settle(into record: inout StepRecord) {
        if count > 1 {
            record.meanLoss = (sum / Double(count)).recorded
            record.largestLoss = largest.recorded
        }
        (sum, count, largest) = (0, 0, -.infinity)
    }
}
