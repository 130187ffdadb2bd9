import Kernels

// Schedules that rise and fall between bounds of their own, and move the momentum against the rate.

/// How a schedule interpolates between two values.
public enum Annealing: Sendable {
    case cosine, linear

    /// From `start` at 0 to `end` at 1.
    func value(from start: Double, to end: Double, at x: Double) -> Double {
        switch self {
        case .cosine: end + (start - end) / 2 * (cos(.pi * x) + 1)
        case .linear: start + (end - start) * x
        }
    }
}

extension Schedule {
    /// Up to `maximum` and down to almost nothing, while the momentum goes down and up (Smith and Topin,
    /// "Super-convergence", 2018). As `OneCycleLR`. The base rate plays no part.
    ///
    /// - Parameters:
    ///   - steps: all steps of the training.
    ///   - rise: the fraction of the steps in which the rate rises.
    ///   - startDivisor: the first rate is `maximum` divided by this.
    ///   - endDivisor: the last rate is the first one divided by this.
    ///   - isThreePhase: falls to the first rate as slowly as it rose, and then to the last.
    ///   - momentum: the least and the greatest momentum; `nil` leaves it alone.
    public static func oneCycle(
        maximum: Double, steps: Int, rise: Double = 0.3, annealing: Annealing = .cosine, startDivisor: Double = 25,
        endDivisor: Double = 1e4, isThreePhase: Bool = false,
        momentum: ClosedRange<Double>? = 0.85...0.95
    ) -> Schedule {
        require(steps > 1 && (0...1).contains(rise), "Schedule.oneCycle", "\(steps) steps, of which \(rise) rise")
        let start = maximum / startDivisor
        let top = rise * Double(steps) - 1
        let turns = isThreePhase ? [0, top, 2 * top, Double(steps - 1)] : [0, top, Double(steps - 1)]
        let rates = isThreePhase ? [start, maximum, start] : [start, maximum]
        let path = Path(turns: turns, values: rates + [start / endDivisor], annealing: annealing)
        var schedule = Schedule { step, _ in path.value(at: step) }
        if let momentum {
            let values = [momentum.upperBound, momentum.lowerBound, momentum.upperBound]
            let path = Path(
                turns: turns, values: isThreePhase ? values + [momentum.upperBound] : values, annealing: annealing)
            schedule.momentum = { path.value(at: $0) }
        }
        return schedule
    }

    /// How the peaks of a cyclic schedule change from cycle to cycle.
    public enum CyclePeaks: Sendable {
        case equal
        /// Each half as high over the lower bound as the one before.
        case halving
        /// Multiplied by a factor at every step.
        case fading(Double)
    }

    /// Up and down in straight lines between two rates (Smith, "Cyclical learning rates", 2017). As `CyclicLR`. The
    /// base rate plays no part.
    ///
    /// - Parameters:
    ///   - up, down: how many steps each way takes; `down` is as `up` by default.
    ///   - momentum: the least and the greatest momentum; `nil` leaves it alone.
    public static func cyclic(
        from minimum: Double, to maximum: Double, up: Int, down: Int? = nil, peaks: CyclePeaks = .equal,
        momentum: ClosedRange<Double>? = 0.8...0.9
    ) -> Schedule {
        let length = Double(up + (down ?? up))
        let turn = Double(up) / length
        require(up > 0 && length > Double(up), "Schedule.cyclic", "\(up) steps up and \(length - Double(up)) down")
        let height: @Sendable (Int) -> Double = { step in
            let cycle = (Double(step) / length).rounded(.down)
            let x = Double(step) / length - cycle
            let triangle = x <= turn ? x / turn : (x - 1) / (turn - 1)
            switch peaks {
            case .equal: return triangle
            case .halving: return triangle * pow(0.5, cycle)
            case .fading(let factor): return triangle * pow(factor, Double(step))
            }
        }
        var schedule = Schedule { step, _ in minimum + (maximum - minimum) * height(step) }
        if let momentum {
            let range = momentum.upperBound - momentum.lowerBound
            schedule.momentum = { momentum.upperBound - range * height($0) }
        }
        return schedule
    }
}

/// A function through `values` at `turns`, annealed between them.
private struct Path: Sendable {
    let turns: [Double]
    let values: [Double]
    let annealing: Annealing

    func value(at step: Int) -> Double {
        let phase = turns.dropFirst().dropLast().firstIndex { Double(step) <= $0 } ?? turns.count - 1
        let x = (Double(step) - turns[phase - 1]) / (turns[phase] - turns[phase - 1])
        return annealing.value(from: values[phase - 1], to: values[phase], at: x)
    }
}
