import Switchback
import SwitchbackFormats

/// How often a network computes which numbers in a map.
struct ActivationHistogram {
    private(set) var lowest = Float.infinity
    private(set) var highest = -Float.infinity
    /// How many numbers lie in each part of the range, all as wide.
    private var counts: [Double] = []

    private static let partCount = 2048

    /// Widens the range; all numbers must have been seen so before any is counted.
    mutating func widen(by numbers: Tensor) {
        guard numbers.count > 0 else { return }
        lowest = min(lowest, numbers.amin().item(as: Float.self))
        highest = max(highest, numbers.amax().item(as: Float.self))
    }

    /// Whether all numbers seen are finite.
    var isFinite: Bool { lowest.isFinite && highest.isFinite }

    mutating func count(_ numbers: Tensor) {
        if counts.isEmpty { counts = [Double](repeating: 0, count: Self.partCount) }
        guard highest > lowest else { return counts[0] += Double(numbers.count) }
        let found = numbers.histc(bins: Self.partCount, min: Double(lowest), max: Double(highest))
        for (part, count) in found.toArray(as: Double.self).enumerated() { counts[part] += count }
    }

    /// The range without a share of the numbers on either side.
    func range(without share: Double) -> ClosedRange<Float> {
        let limit = counts.reduce(0, +) * share
        func parts(_ order: some Sequence<Double>) -> Int {
            var sum = 0.0
            var passed = 0
            for count in order {
                sum += count
                if sum > limit { break }
                passed += 1
            }
            return passed
        }
        let (below, above) = (parts(counts), parts(counts.reversed()))
        guard below + above < counts.count else { return lowest...max(highest, lowest) }
        return (lowest + width * Float(below))...(highest - width * Float(above))
    }

    /// The sum of squared errors that rounding to bytes leaves: those within the range by their step's width, those outside by
    /// their distance.
    func squaredError(_ scale: ByteScale) -> Double {
        let (range, step) = (scale.range, Double(scale.scale))
        var error = 0.0
        for (part, count) in counts.enumerated() where count > 0 {
            let middle = lowest + width * (Float(part) + 0.5)
            if range.contains(middle) {
                error += count * step * step / 12
            } else {
                let distance = Double(middle < range.lowerBound ? range.lowerBound - middle : middle - range.upperBound)
                error += count * distance * distance
            }
        }
        return error
    }

    private var width: Float { (highest - lowest) / Float(max(counts.count, 1)) }
}
