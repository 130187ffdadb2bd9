/// The common look of all figures. The background is opaque, so that they are legible in light and dark viewers.
public enum Theme {
    public static let background = Color.white
    public static let text = Color(0x1F2430)
    /// Labels of ticks, captions, whatever comes second.
    public static let secondaryText = Color(0x5A6270)
    public static let axis = Color(0x9AA1AC)
    public static let grid = Color(0xE8EAEE)
    /// Where there is no value.
    public static let missing = Color(0xE3E5E9)
    /// What is wrong, and what is as it should be.
    public static let alarm = Color(0xC0392B)
    public static let sound = Color(0x2E7D4F)
    public static let margin = 16.0

    public static let title = Font(size: 16, isBold: true)
    public static let label = Font(size: 14)
    public static let tick = Font(size: 12.5)

    /// Colors for categories that color-blind readers can tell apart (Okabe and Ito, 2008), darker where the
    /// original would be faint on white; in an order in which neighbors differ most.
    public static let palette = [
        0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9, 0x6B4C9A, 0x4D4D4D,
    ].map { Color($0) }

    /// The color of a category by its number; they repeat after the eighth.
    public static func color(_ index: Int) -> Color {
        palette[((index % palette.count) + palette.count) % palette.count]
    }
}
