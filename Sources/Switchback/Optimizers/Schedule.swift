import Kernels

/// The learning rate as a function of the step, and with it, for some schedules, the momentum.
///
/// A schedule is a value: it knows no optimizer and counts nothing, so that a resumed run continues it by the number
/// of the step alone. "Step" is whatever the training loop counts, batches or epochs.
///
/// ```swift
/// let schedule = Schedule.linear(from: 0.1, to: 1, steps: 500).followed(by: .cosine(steps: 9_500), after: 500)
/// for step in 0..<10_000 {
///     schedule.apply(to: optimizer, step: step)
///     trainingStep()
/// }
/// ```
public struct Schedule: Sendable {
    /// The rate at a step, for a base rate.
    let rate: @Sendable (_ step: Int, _ base: Double) -> Double
    /// The momentum at a step.
    var momentum: (@Sendable (_ step: Int) -> Double)?

    /// A schedule of your own.
    public init(_ rate: @escaping @Sendable (_ step: Int, _ base: Double) -> Double) { self.rate = rate }

    /// A schedule that multiplies the base rate.
    public init(multiplier: @escaping @Sendable (_ step: Int) -> Double) { rate = { $1 * multiplier($0) } }

    /// The learning rate at a step; the first step is 0.
    public func rate(at step: Int, base: Double = 1) -> Double { rate(step, base) }

    /// The momentum at a step, if the schedule has one.
    public func momentum(at step: Int) -> Double? { momentum?(step) }

    /// Sets the learning rate of every group of an optimizer for a step, relative to its initial rate.
    public func apply(to optimizer: Optimizer, step: Int) {
        for i in optimizer.groups.indices {
            optimizer.groups[i].learningRate = rate(step, optimizer.groups[i].initialLearningRate)
            if let momentum { optimizer.groups[i].momentum = momentum(step) }
        }
    }
}

// MARK: - Composition

extension Schedule {
    /// This schedule for the first `steps` steps, then `next`, which starts at its own step 0.
    /// As `torch.optim.lr_scheduler.SequentialLR`.
    public func followed(by next: Schedule, after steps: Int) -> Schedule {
        var result = Schedule { step, base in
            step < steps ? rate(step, base) : next.rate(step - steps, base)
        }
        if let first = momentum, let second = next.momentum {
            result.momentum = { $0 < steps ? first($0) : second($0 - steps) }
        }
        return result
    }

    /// Both at once: one schedule's rate is the base of the other. As `torch.optim.lr_scheduler.ChainedScheduler` for
    /// schedules that multiply.
    public func multiplied(by other: Schedule) -> Schedule {
        var result = Schedule { step, base in other.rate(step, rate(step, base)) }
        result.momentum = momentum ?? other.momentum
        return result
    }

    /// This schedule after a linear rise over `steps` steps from `start` times the base rate to all of it.
    public func warmedUp(steps: Int, from start: Double = 0) -> Schedule {
        Schedule.linear(from: start, to: 1, steps: steps).followed(by: self, after: steps)
    }
}

// MARK: - Decreasing by a plan

extension Schedule {
    /// The base rate throughout.
    public static var constant: Schedule { Schedule { $1 } }

    /// `factor` times the base rate for `steps` steps, then all of it. As `ConstantLR`.
    public static func constant(factor: Double, steps: Int) -> Schedule {
        Schedule { $0 < steps ? factor : 1 }
    }

    /// Multiplies the rate by `factor` every `interval` steps. As `StepLR`.
    public static func step(every interval: Int, factor: Double = 0.1) -> Schedule {
        require(interval > 0, "Schedule.step", "an interval of \(interval) steps")
        return Schedule { pow(factor, Double($0 / interval)) }
    }

    /// Multiplies the rate by `factor` at each milestone; twice at one that is listed twice. As `MultiStepLR`.
    public static func multiStep(milestones: [Int], factor: Double = 0.1) -> Schedule {
        Schedule { step in pow(factor, Double(milestones.count { $0 <= step })) }
    }

    /// Multiplies the rate by `factor` at every step. As `ExponentialLR`.
    public static func exponential(factor: Double) -> Schedule {
        Schedule { pow(factor, Double($0)) }
    }

    /// From `start` times the base rate to `end` times it over `steps` steps, and then stays. As `LinearLR`; with
    /// `from: 1, to: 0.01` the linear schedule of Ultralytics.
    public static func linear(from start: Double, to end: Double, steps: Int) -> Schedule {
        Schedule { start + (end - start) * Double(Swift.min($0, steps)) / Double(Swift.max(steps, 1)) }
    }

    /// The base rate times (1 − step / steps)^power, 0 after `steps` steps. As `PolynomialLR`.
    public static func polynomial(steps: Int, power: Double = 1) -> Schedule {
        Schedule { pow(1 - Double(Swift.min($0, steps)) / Double(steps), power) }
    }
}

// MARK: - Cosines

extension Schedule {
    /// Half a cosine from the base rate down to `minimum` over `steps` steps; it rises again after them (Loshchilov
    /// and Hutter, "SGDR", 2017, equation 5). As `CosineAnnealingLR`.
    public static func cosine(steps: Int, minimum: Double = 0) -> Schedule {
        Schedule { minimum + ($1 - minimum) * halfCosine(Double($0) / Double(steps)) }
    }

    /// Half a cosine from the base rate to `fraction` of it, where it then stays. As Ultralytics' `one_cycle`.
    public static func cosine(steps: Int, toFraction fraction: Double) -> Schedule {
        Schedule { fraction + (1 - fraction) * halfCosine(Swift.min(1, Double($0) / Double(steps))) }
    }

    /// Half a cosine down, and again from the top, each time `growth` times as long. As `CosineAnnealingWarmRestarts`.
    public static func cosineWithRestarts(steps: Int, growth: Int = 1, minimum: Double = 0) -> Schedule {
        require(steps > 0 && growth > 0, "Schedule.cosineWithRestarts", "\(steps) steps, growing by \(growth)")
        return Schedule { step, base in
            var (position, length) = (step, steps)
            while position >= length {
                position -= length
                length *= growth
            }
            return minimum + (base - minimum) * halfCosine(Double(position) / Double(length))
        }
    }

    /// From 1 at 0 to 0 at 1.
    private static func halfCosine(_ x: Double) -> Double { (1 + cos(.pi * x)) / 2 }
}
