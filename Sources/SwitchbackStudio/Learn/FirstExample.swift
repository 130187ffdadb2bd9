import Switchback
import SwitchbackFormats

/// The README's first example, loss = (w · x − target)², with numbers of the reader's choice.
package struct FirstExample: Equatable, Sendable {
    package static let weights = -1.0...7.0
    package static let inputs = -4.0...4.0
    package static let targets = -12.0...12.0

    package let w, x, target: Double

    package init(w: Double = 2, x: Double = 3, target: Double = 10) {
        (self.w, self.x, self.target) = (w, x, target)
    }

    /// Reads `w`, `x` and `target`, each of which may be missing. Throws `InputError` where one is out of range.
    package init(_ fields: ConfigurationFields) throws {
        w = try fields.number("w", in: Self.weights, default: 2)
        x = try fields.number("x", in: Self.inputs, default: 3)
        target = try fields.number("target", in: Self.targets, default: 10)
    }

    /// The loss for weights, as the README computes it.
    func loss(_ w: Tensor) -> Tensor { (w * Tensor([Float(x)]) - target).pow(2) }

    // MARK: The loss over w

    /// A place on the curve of the loss.
    package struct Point: Encodable, Equatable, Sendable {
        package let w, loss: Double
    }

    private static let pointCount = 97

    /// The loss over all weights that can be chosen.
    package var curve: [Point] { curve(in: Self.weights) }

    /// The loss about its lowest place, from a little before the weight to as far on the other side.
    package var valley: [Point] {
        let lowest = target / x
        let reach = max(1.5 * abs(w - lowest), 0.5)
        return lowest.isFinite && reach < 100 ? curve(in: lowest - reach...lowest + reach) : curve
    }

    private func curve(in range: ClosedRange<Double>) -> [Point] {
        noGrad {
            let weights = Tensor.linspace(range.lowerBound, range.upperBound, Self.pointCount)
            let losses = loss(weights).toArray(as: Double.self)
            return zip(weights.toArray(as: Double.self), losses).map { Point(w: $0, loss: $1) }
        }
    }
}
