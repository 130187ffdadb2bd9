/// An axis of a plot.
public struct Axis: Sendable {
    public enum Scale: Sendable {
        case linear
        /// Equal factors take equal distances; values that are not positive cannot be shown and are omitted.
        case logarithmic
    }

    public var label: String
    public var scale: Scale
    /// The ends; by default those of the data.
    public var range: ClosedRange<Double>?

    public init(_ label: String = "", scale: Scale = .linear, range: ClosedRange<Double>? = nil) {
        self.label = label
        self.scale = scale
        self.range = range
    }
}
