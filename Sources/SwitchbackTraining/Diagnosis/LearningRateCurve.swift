import Foundation
import Switchback
import SwitchbackDrawing

/// The loss at growing learning rates, and the one that it suggests.
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

    /// The learning rate at which the smoothed loss has come half of the way down, which is about where it falls most
    /// steeply; `nil` where it hardly falls anywhere.
    public var suggestion: Double? {
        let losses = points.map(\.smoothLoss)
        // The first values of a running average have seen little.
        guard let lowest = losses.indices.dropFirst(10).min(by: { losses[$0] < losses[$1] }) else { return nil }
        let start = losses.prefix(10).median
        guard start - losses[lowest] > 0.02 * abs(start) else { return nil }
        let half = (start + losses[lowest]) / 2
        return losses[...lowest].lastIndex { $0 > half }.map { rounded(points[$0].rate) }
    }

    /// To two digits: more would feign a precision that the test does not have.
    private func rounded(_ rate: Double) -> Double { Double(String(format: "%.1e", rate)) ?? rate }

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
