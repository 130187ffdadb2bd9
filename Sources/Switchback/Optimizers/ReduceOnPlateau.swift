/// Lowers the learning rate when a metric has stopped improving. As `torch.optim.lr_scheduler.ReduceLROnPlateau`.
///
/// ```swift
/// let plateau = ReduceOnPlateau(optimizer, patience: 3)
/// for _ in 0..<epochs {
///     plateau.observe(validationLoss())
/// }
/// ```
public final class ReduceOnPlateau {
    /// Which values of the metric are good ones.
    public enum Goal: String, Codable, Sendable { case minimum, maximum }

    /// By how much a value must beat the best one so far to count as better.
    public enum Threshold: Sendable {
        /// A fraction of the best value.
        case relative(Double)
        case absolute(Double)
    }

    /// Its contents in a checkpoint.
    public struct State: Codable, Equatable, Sendable {
        public var best: Double?
        /// How many observations in a row were no better than the best.
        public var waited = 0
        /// How many observations there are until waiting begins again after a reduction.
        public var cooldown = 0
    }

    public var state = State()
    private let optimizer: Optimizer
    private let goal: Goal
    private let factor: Double
    private let patience: Int
    private let threshold: Threshold
    private let cooldown: Int
    private let minimumRate: Double
    private let leastChange: Double

    /// - Parameters:
    ///   - factor: what the rates are multiplied by.
    ///   - patience: how many observations without improvement are borne.
    ///   - cooldown: how many observations after a reduction do not count as waiting.
    ///   - minimumRate: below which no rate falls.
    ///   - leastChange: a reduction smaller than this is not made.
    public init(
        _ optimizer: Optimizer, goal: Goal = .minimum, factor: Double = 0.1, patience: Int = 10,
        threshold: Threshold = .relative(1e-4), cooldown: Int = 0, minimumRate: Double = 0, leastChange: Double = 1e-8
    ) {
        require((0..<1).contains(factor), "ReduceOnPlateau", "the factor must be below 1: \(factor)")
        self.optimizer = optimizer
        self.goal = goal
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.cooldown = cooldown
        self.minimumRate = minimumRate
        self.leastChange = leastChange
    }

    /// Takes notice of the metric's value after an epoch, and lowers the rates if it is time.
    public func observe(_ metric: Double) {
        if isBetter(metric) {
            state.best = metric
            state.waited = 0
        } else {
            state.waited += 1
        }
        if state.cooldown > 0 {
            state.cooldown -= 1
            state.waited = 0
        }
        if state.waited > patience {
            reduceRates()
            state.cooldown = cooldown
            state.waited = 0
        }
    }

    private func isBetter(_ metric: Double) -> Bool {
        guard let best = state.best else { return !metric.isNaN }
        switch (goal, threshold) {
        case (.minimum, .relative(let margin)): return metric < best * (1 - margin)
        case (.minimum, .absolute(let margin)): return metric < best - margin
        case (.maximum, .relative(let margin)): return metric > best * (1 + margin)
        case (.maximum, .absolute(let margin)): return metric > best + margin
        }
    }

    private func reduceRates() {
        for i in optimizer.groups.indices {
            let rate = optimizer.groups[i].learningRate
            let lower = max(rate * factor, minimumRate)
            if rate - lower > leastChange { optimizer.groups[i].learningRate = lower }
        }
    }
}
