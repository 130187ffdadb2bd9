import Foundation

/// Color maps for numbers from 0 to 1. All are safe for color-blind readers, and all but the diverging one also work in
/// gray.
public struct ColorMap: Sendable {
    private let anchors: [Color]

    /// Colors at equal distances, between which others are interpolated.
    public init(_ anchors: [Color]) { self.anchors = anchors }

    /// White to dark blue: for counts and shares, where nothing is white.
    public static let blues = ColorMap(
        [0xFFFFFF, 0xDEEBF7, 0xB6D4EA, 0x7FB8DA, 0x4292C6, 0x1F6BAE, 0x08366F].map { Color($0) })

    /// Viridis, dark violet to yellow (van der Walt and Smith, 2015): for quantities.
    public static let viridis = ColorMap(
        [0x440154, 0x482878, 0x3E4A89, 0x31688E, 0x26828E, 0x1F9E89, 0x35B779, 0x6DCD59, 0xB4DE2C, 0xFDE725]
            .map { Color($0) })

    /// Blue through white to vermilion: for quantities with a middle that means something.
    public static let diverging = ColorMap(
        [0x08519C, 0x4A90C8, 0xB5D4EA, 0xF7F7F7, 0xF9C7A6, 0xE0733A, 0xA33A00].map { Color($0) })

    /// The color of a part of the way; numbers outside 0...1 take that of the nearer end.
    public func callAsFunction(_ part: Double) -> Color {
        guard let first = anchors.first, anchors.count > 1, !part.isNaN else { return anchors.first ?? .white }
        let position = min(max(part, 0), 1) * Double(anchors.count - 1)
        let index = min(Int(position), anchors.count - 2)
        return position <= 0 ? first : anchors[index].mixed(with: anchors[index + 1], position - Double(index))
    }
}

extension Double {
    func power(_ exponent: Double) -> Double { pow(self, exponent) }
}
