import Switchback

/// The valid range of a numeric option, and how to describe it to a user.
///
/// ```swift
/// NumberRange.from(0, below: 1).problem(with: 3)  // "a number from 0 to below 1 is needed"
/// ```
public struct NumberRange: Sendable {
    private let lowest, highest: Double
    private let includesLowest, includesHighest: Bool
    private var step: Double?
    private var exception: (number: Double, meaning: String)?

    private init(
        _ lowest: Double, _ highest: Double, includesLowest: Bool = true, includesHighest: Bool = true,
        step: Double? = nil
    ) {
        (self.lowest, self.highest) = (lowest, highest)
        (self.includesLowest, self.includesHighest) = (includesLowest, includesHighest)
        self.step = step
    }

    public static var any: Self { Self(-.infinity, .infinity) }
    public static func atLeast(_ lowest: Double) -> Self { Self(lowest, .infinity) }
    public static func above(_ lowest: Double) -> Self { Self(lowest, .infinity, includesLowest: false) }
    public static func above(_ lowest: Double, to highest: Double) -> Self {
        Self(lowest, highest, includesLowest: false)
    }
    public static func above(_ lowest: Double, below highest: Double) -> Self {
        Self(lowest, highest, includesLowest: false, includesHighest: false)
    }
    public static func from(_ lowest: Double, to highest: Double) -> Self { Self(lowest, highest) }
    public static func from(_ lowest: Double, below highest: Double) -> Self {
        Self(lowest, highest, includesHighest: false)
    }
    /// The multiples of a number, from itself on.
    public static func multiples(of step: Int, to highest: Int) -> Self {
        Self(Double(step), Double(highest), step: Double(step))
    }
    /// A count: from 1, or from another number, up to a limit that cannot overflow.
    public static func count(from lowest: Int = 1) -> Self { Self(Double(lowest), 1e9) }
    public static var probability: Self { .from(0, to: 1) }

    /// The same with one more number, which stands for something.
    public func or(_ number: Double, for meaning: String) -> Self {
        var range = self
        range.exception = (number, meaning)
        return range
    }

    public func contains(_ number: Double) -> Bool {
        guard number.isFinite else { return false }
        if number == exception?.number { return true }
        guard includesLowest ? number >= lowest : number > lowest else { return false }
        guard includesHighest ? number <= highest : number < highest else { return false }
        return step.map { number.truncatingRemainder(dividingBy: $0) == 0 } ?? true
    }

    /// Which numbers these are: `a whole number from 1 to 64`.
    ///
    /// - Parameter isWhole: whether the option takes integers only.
    public func description(isWhole: Bool) -> String { description(of: isWhole ? "a whole number" : "a number") }

    private func description(of kind: String) -> String {
        (step.map { "a multiple of \($0.plain)" } ?? kind) + bounds
            + (exception.map { ", or \($0.number.plain) for \($0.meaning)," } ?? "")
    }

    private var bounds: String {
        if !lowest.isFinite { return "" }
        if !highest.isFinite { return "\(includesLowest ? " of at least" : " greater than") \(lowest.plain)" }
        return includesLowest
            ? " from \(lowest.plain) \(includesHighest ? "to" : "to below") \(highest.plain)"
            : " above \(lowest.plain) and \(includesHighest ? "at most" : "below") \(highest.plain)"
    }

    /// Throws `InputError` if the number of an option is none of these.
    public func check(_ number: Double, option: String, isWhole: Bool = false) throws {
        if let problem = problem(with: number, isWhole: isWhole) {
            throw InputError("option \(option)", "is \(number.plain), and \(problem)")
        }
    }

    /// Why a number is none of these, as the end of a sentence; `nil` if it is.
    public func problem(with number: Double, isWhole: Bool = false) -> String? {
        guard !contains(number) else { return nil }
        guard number.isFinite else { return description(of: "a finite number") + " is needed" }
        let nearest = step.map { min(max((number / $0).rounded() * $0, lowest), highest) }
        return description(isWhole: isWhole) + " is needed" + (nearest.map { ", such as \($0.plain)" } ?? "")
    }
}

extension Double {
    /// An integer without a point, with commas where it is long.
    var plain: String {
        guard self == rounded(), magnitude < 1e15 else { return "\(self)" }
        return magnitude < 1e5 ? "\(Int(self))" : Int(self).grouped
    }
}
