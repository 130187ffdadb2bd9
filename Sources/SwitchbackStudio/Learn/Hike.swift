import Switchback
import SwitchbackFormats

/// The first example's loss as a valley, and three optimizers that walk down from the same place with the same learning
/// rate.
package struct Hike: Sendable {
    /// The learning rates that can be chosen, from too small to too large.
    package static let rates = [0.0001, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.12, 0.2, 0.5, 1]
    package static let usualRate = 0.1
    package static let steps = 1...200

    package let start: FirstExample
    package let rate: Double
    package let stepCount: Int

    package init(start: FirstExample = FirstExample(), rate: Double = usualRate, stepCount: Int = 40) {
        (self.start, self.rate, self.stepCount) = (start, rate, stepCount)
    }

    /// Reads the fields of ``FirstExample``, `rate` and `steps`. Throws `InputError` where one is out of range.
    package init(_ fields: ConfigurationFields) throws {
        start = try FirstExample(fields)
        rate = try fields.number("rate", in: 1e-6...10, default: Self.usualRate)
        stepCount = try fields.integer("steps", in: Self.steps, default: 40)
    }

    /// How a walk ended.
    package enum Outcome: String, CaseIterable, Encodable, Sendable {
        /// The loss is less than a hundredth of what it was.
        case arrived
        /// It is less, but not by so much.
        case underway
        /// It is more than half of what it was.
        case slow
        /// It has grown.
        case lost
    }

    /// The way of one optimizer: where it stood before the first step and after each.
    package struct Path: Encodable, Equatable, Sendable {
        package let hiker: LearnOptimizer
        package let points: [FirstExample.Point]
        package let outcome: Outcome
        /// After how many steps it had arrived for good; `nil` if it had not.
        package let arrival: Int?
    }

    /// The walks, one for each optimizer.
    package var paths: [Path] { LearnOptimizer.allCases.map(path) }

    /// Beyond this a walk is over: it will not come back.
    private static let farthest = 1e6

    private func path(_ hiker: LearnOptimizer) -> Path {
        let w = Parameter(Tensor([Float(start.w)]))
        let optimizer = hiker(w, rate: rate)
        var points = [FirstExample.Point(w: w.item(), loss: noGrad { start.loss(w).item() })]
        for _ in 0..<stepCount where points[points.count - 1].loss < Self.farthest {
            optimizer.zeroGrad()
            start.loss(w).backward()
            optimizer.step()
            let loss = noGrad { start.loss(w).item() }
            guard loss.isFinite else { break }
            points.append(FirstExample.Point(w: w.item(), loss: loss))
        }
        return Path(hiker: hiker, points: points, outcome: outcome(points), arrival: arrival(points))
    }

    private func outcome(_ points: [FirstExample.Point]) -> Outcome {
        let (first, last) = (points[0].loss, points[points.count - 1].loss)
        if arrival(points) != nil { return .arrived }
        return last > first ? .lost : last > first / 2 ? .slow : .underway
    }

    /// The first step from which on the loss stays below a hundredth of what it was.
    private func arrival(_ points: [FirstExample.Point]) -> Int? {
        let limit = max(points[0].loss / 100, 1e-6)
        guard points[points.count - 1].loss <= limit else { return nil }
        return (points.lastIndex { $0.loss > limit } ?? -1) + 1
    }
}
