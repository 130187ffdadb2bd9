import Switchback

/// A point on a line through the parameters.
struct LinePoint {
    /// How far along the direction.
    var step: Double
    var loss: Double
    var gradient: Tensor
    /// The slope of the loss along the direction.
    var slope: Double
}

/// The search for a step that lowers the loss enough and ends where its slope is flat enough, the strong Wolfe conditions
/// (Nocedal and Wright, "Numerical Optimization", 2006, algorithms 3.5 and 3.6), with steps from cubic interpolation, in the
/// form of PyTorch's `strong_wolfe`.
struct WolfeSearch {
    /// What a step has to lower the loss by, as a share of what the slope at the start promises.
    let decrease = 1e-4
    /// How steep the slope may still be, as a share of that at the start.
    let curvature = 0.9
    let mostSteps = 25
    let start: LinePoint
    /// The largest element of the direction: the search ends where it would move no parameter by `tolerance`.
    let largest: Double
    let tolerance: Double
    let evaluate: (_ step: Double) -> LinePoint
    private(set) var evaluations = 0

    init(
        from start: LinePoint, largest: Double, tolerance: Double, evaluate: @escaping (_ step: Double) -> LinePoint
    ) {
        self.start = start
        self.largest = largest
        self.tolerance = tolerance
        self.evaluate = evaluate
    }

    /// The best point found, beginning with a step.
    mutating func run(first: Double) -> LinePoint {
        var (previous, current) = (start, point(at: first))
        for round in 0..<mostSteps {
            if isTooHigh(current) || (round > 1 && current.loss >= previous.loss) {
                return zoom(between: previous, and: current, round)
            }
            if isFlat(current) { return current }
            if current.slope >= 0 { return zoom(between: previous, and: current, round) }
            let bounds = (current.step + 0.01 * (current.step - previous.step))...(current.step * 10)
            let next = Self.minimum(previous, current, within: bounds)
            (previous, current) = (current, point(at: next))
        }
        return start.loss <= current.loss ? start : current
    }

    private mutating func point(at step: Double) -> LinePoint {
        evaluations += 1
        return evaluate(step)
    }

    private func isTooHigh(_ point: LinePoint) -> Bool {
        point.loss > start.loss + decrease * point.step * start.slope
    }

    private func isFlat(_ point: LinePoint) -> Bool { abs(point.slope) <= -curvature * start.slope }

    /// Narrows an interval that holds a point with both properties.
    private mutating func zoom(between a: LinePoint, and b: LinePoint, _ rounds: Int) -> LinePoint {
        var (low, high) = a.loss <= b.loss ? (a, b) : (b, a)
        var hesitated = false
        for _ in rounds..<mostSteps {
            let (left, right) = (min(low.step, high.step), max(low.step, high.step))
            if (right - left) * largest < tolerance { break }
            var step = low.step <= high.step ? Self.minimum(low, high) : Self.minimum(high, low)
            // Twice near the same end, the interval would not get much smaller.
            let margin = 0.1 * (right - left)
            let isNearEnd = min(right - step, step - left) < margin
            if isNearEnd && (hesitated || step >= right || step <= left) {
                step = abs(step - right) < abs(step - left) ? right - margin : left + margin
                hesitated = false
            } else {
                hesitated = isNearEnd
            }
            let next = point(at: step)
            if isTooHigh(next) || next.loss >= low.loss {
                high = next
                if high.loss < low.loss { swap(&low, &high) }
            } else {
                if isFlat(next) { return next }
                if next.slope * (high.step - low.step) >= 0 { high = low }
                low = next
            }
        }
        return low
    }

    /// Where the cubic through two points with their slopes has its minimum, held within bounds.
    private static func minimum(_ a: LinePoint, _ b: LinePoint, within bounds: ClosedRange<Double>? = nil) -> Double {
        let bounds = bounds ?? min(a.step, b.step)...max(a.step, b.step)
        let d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.step - b.step)
        let square = d1 * d1 - a.slope * b.slope
        if !(square >= 0) { return (bounds.lowerBound + bounds.upperBound) / 2 }
        let d2 = square.squareRoot()
        let position = b.step - (b.step - a.step) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
        return min(max(position, bounds.lowerBound), bounds.upperBound)
    }
}
