import Foundation

/// How the loss went, and what it can be compared with.
struct LossCourse {
    enum Direction { case falling, flat, rising, lost }

    /// The mean loss at each measurement.
    let values: [Double]
    let start: Double
    let end: Double
    /// The standard deviation of a value around its course.
    let noise: Double
    let direction: Direction
    /// The loss of one who knows how frequent classes are, or what the mean target is, and nothing of the inputs; `nil`
    /// where that is not known.
    let baseline: Double?
    /// The loss of the latest predictions in the baseline's terms.
    let latest: Double?
    let accuracy: Double?

    /// - Parameter failed: whether NaN or infinity has ended the training.
    init(_ records: [StepRecord], failed: Bool) {
        values = records.map { $0.meanLoss ?? $0.loss }
        start = values.prefix(2).reduce(0, +) / Double(max(1, min(2, values.count)))
        end = values.suffix(max(3, values.count / 6)).median
        noise = Self.noise(values.suffix(max(6, values.count / 2)))
        let scale = max(2 * noise, 0.05 * abs(start))
        direction =
            failed || !(values.last ?? 0).isFinite || !start.isFinite
            ? .lost : start - end > scale ? .falling : end - start > max(3 * noise, 0.05 * abs(start)) ? .rising : .flat
        baseline = Self.baseline(records)
        let outputs = records.suffix(max(3, records.count / 6)).compactMap(\.output)
        // The mean of all steps tells more than single batches, where the loss is nothing but what was seen.
        let latest = records.suffix(max(3, records.count / 4)).compactMap { $0.meanLoss ?? $0.output?.value }
        self.latest = latest.isEmpty ? nil : latest.reduce(0, +) / Double(latest.count)
        let accuracies = outputs.compactMap(\.accuracy)
        accuracy = accuracies.isEmpty ? nil : accuracies.median
    }

    static func noise(_ values: some Collection<Double>) -> Double {
        let list = Array(values)
        guard list.count > 2 else { return 0 }
        // Second differences are 0 along a straight fall. Those of normally distributed noise have √6 times its
        // deviation, of which the median of magnitudes is 0.6745.
        let bends = (1..<list.count - 1).map { place -> Double in
            let middle: Double = 2 * list[place]
            return abs(list[place - 1] + list[place + 1] - middle)
        }
        return bends.median / (0.6745 * 6.0.squareRoot())
    }

    /// From so many measurements on the course is judged.
    static let least = 6
    var isLongEnough: Bool { values.count >= Self.least || direction == .lost }

    /// Which part of the loss is gone.
    var progress: Double { start.isFinite && end.isFinite && start != 0 ? (start - end) / abs(start) : 0 }

    /// Whether the last quarter is lower than the one before it.
    var isStillFalling: Bool {
        guard values.count >= LossCourse.least else { return false }
        let length = max(2, values.count / 4)
        let (before, last) = (values.dropLast(length).suffix(length), values.suffix(length))
        let (from, to) = (before.reduce(0, +) / Double(length), last.reduce(0, +) / Double(length))
        return from - to > max(noise / Double(length).squareRoot(), 0.03 * abs(from))
    }

    /// Whether the loss falls from third to third, by little.
    var fallsSteadily: Bool {
        guard values.count >= 2 * LossCourse.least else { return false }
        let length = values.count / 3
        let means = (0..<3).map { third in
            values[(third * length)..<(third + 1) * length].reduce(0, +) / Double(length)
        }
        let least = noise / Double(length).squareRoot()
        return means[0] - means[1] > least && means[1] - means[2] > least
    }

    /// Whether the loss rises from third to third, and not by one leap.
    var risesSteadily: Bool {
        guard direction == .rising, values.count >= LossCourse.least else { return false }
        let length = values.count / 3 + 1
        let means = stride(from: 0, to: values.count, by: length).map { first in
            let part = values[first...].prefix(length)
            return part.reduce(0, +) / Double(part.count)
        }
        let leap = zip(values, values.dropFirst()).map { $1 - $0 }.max() ?? 0
        return zip(means, means.dropFirst()).allSatisfy { $0 < $1 } && leap < 0.8 * ((values.max() ?? end) - start)
    }

    /// Whether there is next to nothing left to learn.
    var isAtFloor: Bool {
        // Of answers that are right, a loss above that of one who guesses tells that the wrong ones are very wrong.
        // Near that of one who guesses, nothing keeps them from being surer.
        if accuracy ?? 0 >= 0.97, max(latest ?? 0, end) < 0.9 * (baseline ?? .infinity) { return true }
        if let baseline, let latest { return baseline > 0 && latest < 0.1 * baseline }
        return abs(end) < 1e-4 || end < 0.02 * start
    }

    /// Whether predictions are better than those of one who does not see the inputs; `nil` if that is not known.
    var beatsBaseline: Bool? {
        guard let baseline, let latest, baseline > 0 else { return nil }
        return latest < 0.9 * baseline
    }

    /// Whether the loss stands where one would be who does not see the inputs.
    var isAtBaseline: Bool {
        guard let baseline, let latest, baseline > 0 else { return false }
        return latest > 0.95 * baseline && latest < 1.15 * baseline
    }

    /// Whether it is far above that.
    var isWorseThanGuessing: Bool {
        guard let baseline, let latest, baseline > 0 else { return false }
        return values.count >= Self.least && latest > 1.5 * baseline
    }

    /// Whether there was time to learn, and nothing has come of it.
    var standsAtBaseline: Bool { values.count >= Self.least && !isLearning && isAtBaseline }

    /// Whether the loss goes from one side of 0 to the other again and again: it is no measure then of what was learned,
    /// as that of rewards is none.
    var isAroundZero: Bool {
        let changes = zip(values, values.dropFirst()).count { $0 * $1 < 0 }
        return values.count >= Self.least && changes > values.count / 5
    }

    /// Whether it learns: the loss falls, or is at its floor.
    var isLearning: Bool {
        if direction == .lost { return false }
        if isAroundZero { return true }
        if isAtFloor { return true }
        if direction == .rising { return false }
        if let beatsBaseline {
            return beatsBaseline && !(direction == .flat && isErratic) || isStillFalling && direction == .falling
        }
        return direction == .falling
    }

    /// Whether the loss goes up and down by much of itself.
    var isErratic: Bool {
        !isAtFloor && noise > 0.3 * abs(end) && noise > 0.1 * abs(start) && end > 0.1 * abs(start)
    }

    /// As sentences tell it.
    var sentence: String {
        "the loss went from \(start.brief) to \((values.last ?? .nan).isFinite ? end.brief : "nan")"
    }

    // MARK: The baseline

    private static func baseline(_ records: [StepRecord]) -> Double? {
        let outputs = records.compactMap(\.output)
        guard let first = outputs.first else { return nil }
        // Only where what was seen is the whole loss, and not one of several terms.
        if !records.prefix(3).allSatisfy({ $0.hasWholeLoss ?? false }) { return nil }
        let blind = outputs.compactMap(\.blind)
        if !blind.isEmpty { return blind.median }
        // Earlier versions wrote the deviation alone.
        if first.loss == "mseLoss" {
            let deviations = outputs.compactMap(\.targetStd)
            return deviations.isEmpty ? nil : deviations.map { $0 * $0 }.median
        }
        let counts = LabelCounts(outputs)
        guard counts.total > 0, first.classes == 1 || first.classes <= counts.counts.count else { return nil }
        return counts.entropy
    }
}

/// How often each class was seen.
struct LabelCounts {
    let counts: [Int]

    init(_ outputs: [OutputRecord]) {
        var sums: [Int] = []
        for output in outputs {
            if sums.count < output.counts.count { sums += [Int](repeating: 0, count: output.counts.count - sums.count) }
            for (i, count) in output.counts.enumerated() { sums[i] += count }
        }
        counts = sums
    }

    var total: Int { counts.reduce(0, +) }
    var largest: Int { counts.max() ?? 0 }
    var share: Double { total > 0 ? Double(largest) / Double(total) : 0 }

    /// How likely examples that are drawn at random are all of one class.
    func chanceOfOneClass(among examples: Int) -> Double {
        guard examples > 0, total > 0 else { return 1 }
        return counts.reduce(0) { $0 + pow(Double($1) / Double(total), Double(examples)) }
    }

    /// Of the classes' frequencies, in nats: the least loss of one who does not see the inputs.
    var entropy: Double {
        let total = Double(total)
        return counts.reduce(0) { sum, count in
            count > 0 ? sum - Double(count) / total * log(Double(count) / total) : sum
        }
    }
}
