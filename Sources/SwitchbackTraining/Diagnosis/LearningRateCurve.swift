import Foundation
import Switchback
import SwitchbackDrawing

/// The loss at increasing learning rates, and the suggested rate.
public struct LearningRateCurve: Codable, Equatable, Sendable {
    public struct Point: Codable, Equatable, Sendable {
        public let rate, loss: Double
        /// A running average of the losses so far.
        public let smoothLoss: Double

        public init(rate: Double, loss: Double, smoothLoss: Double) {
            (self.rate, self.loss, self.smoothLoss) = (rate, loss, smoothLoss)
        }
    }

    /// By growing learning rates.
    public let points: [Point]

    public init(points: [Point]) { self.points = points }

    /// What the curve says.
    public enum Finding: Equatable, Sendable {
        /// The learning rate at which the smoothed loss has come half of the way down, which is about where it falls
        /// most steeply.
        case rate(Double)
        /// The loss hardly falls anywhere.
        case noFall
        /// The loss falls no further than it varies from step to step.
        case noise
    }

    public var finding: Finding {
        let losses = points.map(\.smoothLoss)
        guard let lowest = losses.indices.dropFirst(Self.unsettled).min(by: { losses[$0] < losses[$1] }) else {
            return .noFall
        }
        // The first rates are too low to change anything.
        let start = mean(from: 0)
        guard start - losses[lowest] > 0.02 * abs(start) else { return .noFall }
        let half = (start + losses[lowest]) / 2
        // Where nothing but chance moves the loss, it may come half of the way down at once.
        guard isPlain(fallFrom: start), let place = losses[...lowest].lastIndex(where: { $0 > half }),
            place >= Self.unsettled
        else { return .noise }
        return .rate(rounded(points[place].rate))
    }

    /// The learning rate for training; `nil` if the curve does not tell.
    public var suggestion: Double? {
        if case .rate(let rate) = finding { rate } else { nil }
    }

    /// The learning rate from which on the smoothed loss stays above twice that of the start; `nil` if it never does.
    /// Where the loss falls nowhere, as that of trained weights, this is what the curve has to tell.
    public var rise: Double? {
        guard points.count > Self.unsettled, let last = points.lastIndex(where: { $0.smoothLoss <= 2 * mean(from: 0) }),
            last + 1 < points.count
        else { return nil }
        return rounded(points[last + 1].rate)
    }

    /// A tenth of the rate at which the loss begins to rise: for weights that are to change only a little.
    public var gentleRate: Double? { rise.map { rounded($0 / 10) } }

    /// How many of the first values of the running average have seen little.
    private static let unsettled = 10
    /// How many losses are taken together where they are compared; at so many of the first rates nothing is learned
    /// yet.
    private static let window = 20

    private func mean(from first: Int) -> Double {
        let part = points[first...].prefix(Self.window)
        return part.reduce(0) { $0 + $1.loss } / Double(part.count)
    }

    /// Whether the losses of some steps are lower than the first ones by more than chance makes them: in 10,000 curves
    /// of nothing but normally distributed noise, the lowest window was 1.35 deviations below the first one in 10.
    private func isPlain(fallFrom start: Double) -> Bool {
        let starts = points.indices.dropFirst(Self.window).dropLast(Self.window - 1)
        guard let lowest = starts.min(by: { mean(from: $0) < mean(from: $1) }) else { return false }
        return start - mean(from: lowest) > 1.5 * deviation(upTo: lowest + Self.window - 1)
    }

    /// The standard deviation of the losses of single steps around their average, from the median of the differences
    /// between neighbors: a fall moves it little.
    private func deviation(upTo last: Int) -> Double {
        let losses = points[...last].map(\.loss)
        return zip(losses, losses.dropFirst()).map { abs($0 - $1) }.median / 0.954
    }

    /// To two digits: more would feign a precision that the test does not have.
    private func rounded(_ rate: Double) -> Double { Double(rate.scientific(1)) ?? rate }

    /// The losses and their average over the learning rate.
    public var figure: any Figure {
        Plot(
            title: suggestion.map { "Learning-rate test: it suggests \($0.brief)" } ?? "Learning-rate test",
            x: Axis("learning rate", scale: .logarithmic), y: Axis("loss", range: lossRange),
            [
                Series("loss of a batch", points.map { Series.Value($0.rate, $0.loss) }, style: .points),
                Series("smoothed", points.map { Series.Value($0.rate, $0.smoothLoss) }),
            ], markers: suggestion.map { [Plot.Marker(.x($0), $0.brief)] } ?? [])
    }

    /// Without the height to which a loss shoots at the end.
    private var lossRange: ClosedRange<Double>? {
        let first = points.prefix(10).map(\.smoothLoss).median
        guard let low = points.map(\.loss).min(), low < first else { return nil }
        let margin = 0.15 * (first - low)
        return low - margin / 3...first + 4 * margin
    }

    /// As a table: `rate,loss,smooth_loss`.
    public var csv: String {
        "rate,loss,smooth_loss\n" + points.map { "\($0.rate),\($0.loss),\($0.smoothLoss)\n" }.joined()
    }
}
