import Foundation

/// Whether numbers of two times come from the same distribution: the two-sample test of Kolmogorov and Smirnov.
package struct Drift: Encodable, Sendable {
    /// What was measured.
    let feature: String
    /// The medians of the training images and of the requests.
    let before, now: Double
    /// The largest distance of the two cumulative distributions, from 0 to 1.
    package let distance: Double
    /// The probability of such a distance by chance alone.
    package let chance: Double
    /// Whether the difference is worth somebody's attention.
    package let isDrift: Bool

    /// Fewer numbers say nothing.
    private static let least = 20
    /// Of large samples even a difference that means nothing is no chance.
    private static let (leastDistance, mostChance) = (0.25, 0.001)

    /// `nil` where there are too few numbers.
    package init?(_ feature: String, from before: [Double], to now: [Double]) {
        guard before.count >= Self.least, now.count >= Self.least else { return nil }
        self.feature = feature
        let (first, second) = (before.sorted(), now.sorted())
        (self.before, self.now) = (first[first.count / 2], second[second.count / 2])
        distance = Self.distance(first, second)
        chance = Self.chance(distance, first.count, second.count)
        isDrift = distance >= Self.leastDistance && chance <= Self.mostChance
    }

    /// Of sorted samples.
    static func distance(_ first: [Double], _ second: [Double]) -> Double {
        var (i, j, most) = (0, 0, 0.0)
        while i < first.count && j < second.count {
            let value = min(first[i], second[j])
            while i < first.count && first[i] == value { i += 1 }
            while j < second.count && second[j] == value { j += 1 }
            most = max(most, abs(Double(i) / Double(first.count) - Double(j) / Double(second.count)))
        }
        return most
    }

    /// By the limit for large samples (Press et al., "Numerical Recipes", equations 14.3.7 to 14.3.9).
    static func chance(_ distance: Double, _ first: Int, _ second: Int) -> Double {
        let size = (Double(first) * Double(second) / Double(first + second)).squareRoot()
        let lambda = (size + 0.12 + 0.11 / size) * distance
        guard lambda > 0.2 else { return 1 }
        let sum = (1...100).reduce(0.0) { sum, k in
            sum + (k.isMultiple(of: 2) ? -1 : 1) * exp(-2 * Double(k * k) * lambda * lambda)
        }
        return min(max(2 * sum, 0), 1)
    }
}
