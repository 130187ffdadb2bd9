import Foundation

/// A mark on an axis.
struct Tick {
    let value: Double
    /// Empty for a small mark between labeled ones.
    let label: String
}

/// An axis with a fixed range: maps values to positions and chooses ticks.
struct AxisScale {
    enum Kind {
        case linear(minimumStep: Double)
        case logarithmic
        /// Names, with the first in the middle of 0 ± 0.5.
        case categories([String])
    }

    let label: String
    let kind: Kind
    let lower, upper: Double

    /// Decides the range of an axis from what it shows.
    ///
    /// - Parameters:
    ///   - padding: what part of the range is left free at each end.
    ///   - includesZero: whether a linear axis starts at zero even if the data do not.
    init(_ axis: Axis, showing values: some Sequence<Double>, padding: Double = 0, includesZero: Bool = false) {
        label = axis.label
        let isLogarithmic = axis.scale == .logarithmic
        let shown = values.filter { $0.isFinite && (!isLogarithmic || $0 > 0) }
        let extent = Self.extent(shown, isLogarithmic: isLogarithmic, includesZero: includesZero)
        let ends: (low: Double, high: Double)
        if isLogarithmic {
            kind = .logarithmic
            let pad = pow(extent.high / extent.low, padding)
            ends = (extent.low / pad, extent.high * pad)
        } else {
            // Shares that are all 0 or 1 are not integers for that.
            let isOfShares = axis.range.map { $0.upperBound - $0.lowerBound <= 1 } ?? false
            let areIntegers = !shown.isEmpty && !isOfShares && shown.allSatisfy { $0 == $0.rounded() }
            kind = .linear(minimumStep: areIntegers ? 1 : 0)
            let pad = padding * (extent.high - extent.low)
            ends = (extent.low == 0 ? 0 : extent.low - pad, extent.high + pad)
        }
        (lower, upper) = Self.fixed(axis.range, isLogarithmic) ?? ends
    }

    init(_ label: String, categories: [String]) {
        self.label = label
        kind = .categories(categories)
        (lower, upper) = (-0.5, Double(max(categories.count, 1)) - 0.5)
    }

    /// The smallest and the largest value, drawn apart where they are one.
    private static func extent(
        _ values: [Double], isLogarithmic: Bool, includesZero: Bool
    ) -> (low: Double, high: Double) {
        guard var low = values.min(), var high = values.max() else { return isLogarithmic ? (0.1, 10) : (0, 1) }
        if isLogarithmic { return low == high ? (low / 3, high * 3) : (low, high) }
        if includesZero { (low, high) = (min(low, 0), max(high, 0)) }
        if high - low <= 1e-12 * max(abs(low), abs(high)) {
            let half = low == 0 ? 0.5 : abs(low) * 0.1
            return (low - half, high + half)
        }
        return (low, high)
    }

    /// The range that the user gave, if the scale can show it.
    private static func fixed(_ range: ClosedRange<Double>?, _ isLogarithmic: Bool) -> (Double, Double)? {
        guard let range, range.lowerBound.isFinite, range.upperBound.isFinite, range.lowerBound < range.upperBound
        else { return nil }
        return isLogarithmic && range.lowerBound <= 0 ? nil : (range.lowerBound, range.upperBound)
    }

    /// Which part of the way from the lower to the upper end a value lies; `nil` if it cannot be shown.
    func position(_ value: Double) -> Double? {
        guard value.isFinite else { return nil }
        if case .logarithmic = kind {
            return value > 0 ? log(value / lower) / log(upper / lower) : nil
        }
        return (value - lower) / (upper - lower)
    }

    // MARK: Ticks

    /// Ticks at round numbers, about `count` of them.
    func ticks(about count: Int) -> [Tick] {
        switch kind {
        case .linear(let minimumStep): linearTicks(max(count, 2), minimumStep)
        case .logarithmic: logarithmicTicks(max(count, 2))
        case .categories(let names): names.enumerated().map { Tick(value: Double($0), label: $1) }
        }
    }

    /// The step is 1, 2, 2.5 or 5 times a power of ten.
    private func linearTicks(_ count: Int, _ minimumStep: Double) -> [Tick] {
        let rough = max((upper - lower) / Double(count), minimumStep)
        let power = pow(10, floor(log10(rough)))
        let candidates = [1, 2, 2.5, 5, 10].map { $0 * power }.filter { minimumStep == 0 || $0 == $0.rounded() }
        let step = candidates.first { $0 >= rough * (1 - 1e-9) } ?? 10 * power
        let first = Int((lower / step - 1e-9).rounded(.up)), last = Int((upper / step + 1e-9).rounded(.down))
        guard first <= last else { return [] }
        return (first...last).map {
            Tick(value: Double($0) * step, label: NumberText.tick(Double($0) * step, step: step))
        }
    }

    /// Powers of ten; where there are few, 2 and 5 times them are labeled as well.
    private func logarithmicTicks(_ count: Int) -> [Tick] {
        let first = Int(floor(log10(lower) + 1e-9)), last = Int(ceil(log10(upper) - 1e-9))
        let decades = log10(upper / lower)
        let stride = max(1, Int((decades / Double(count)).rounded(.up)))
        var ticks: [Tick] = []
        for exponent in first...max(first, last) {
            for factor in 1...9 {
                let value = Double(factor) * pow(10, Double(exponent))
                guard value >= lower * (1 - 1e-9), value <= upper * (1 + 1e-9) else { continue }
                if factor == 1 {
                    if exponent % stride == 0 { ticks.append(Tick(value: value, label: NumberText.power(exponent))) }
                } else if stride == 1 && decades < 6 {
                    let isLabeled = decades < 0.9 || (decades < 2.2 && (factor == 2 || factor == 5))
                    ticks.append(
                        Tick(
                            value: value,
                            label: isLabeled ? NumberText.tick(value, step: pow(10, Double(exponent))) : ""))
                }
            }
        }
        return ticks
    }
}
