/// A size and weight of the system's sans-serif typeface.
public struct Font: Hashable, Sendable {
    /// The height of a line of capitals and descenders, about, in units of the canvas.
    public var size: Double
    public var isBold: Bool

    public init(size: Double, isBold: Bool = false) {
        self.size = size
        self.isBold = isBold
    }

    /// The distance of two lines of text.
    public var lineHeight: Double { (size * 1.35).rounded() }
}

/// Which point of a text lies at the place that it is drawn at.
public struct TextAnchor: Hashable, Sendable {
    public enum Horizontal: Sendable { case left, center, right }
    /// `top` and `bottom` are those of the font, not of the letters, so that texts beside each other stand in line;
    /// `middle` is half the height of a capital.
    public enum Vertical: Sendable { case top, middle, baseline, bottom }

    public var horizontal: Horizontal
    public var vertical: Vertical

    public init(_ horizontal: Horizontal, _ vertical: Vertical) {
        self.horizontal = horizontal
        self.vertical = vertical
    }

    public static let topLeft = TextAnchor(.left, .top)
    public static let left = TextAnchor(.left, .middle)
    public static let right = TextAnchor(.right, .middle)
    public static let center = TextAnchor(.center, .middle)
    public static let top = TextAnchor(.center, .top)
    public static let bottom = TextAnchor(.center, .bottom)
}
