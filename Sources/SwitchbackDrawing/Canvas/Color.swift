/// A color in sRGB; components are from 0 to 1.
public struct Color: Hashable, Sendable {
    public var red, green, blue, opacity: Double

    public init(red: Double, green: Double, blue: Double, opacity: Double = 1) {
        self.red = red
        self.green = green
        self.blue = blue
        self.opacity = opacity
    }

    /// The color written as in web pages: `Color(0x0072B2)`.
    public init(_ rgb: UInt32) {
        self.init(
            red: Double(rgb >> 16 & 255) / 255, green: Double(rgb >> 8 & 255) / 255, blue: Double(rgb & 255) / 255)
    }

    public static let white = Color(0xFFFFFF)
    public static let black = Color(0x000000)

    public func opacity(_ opacity: Double) -> Color {
        Color(red: red, green: green, blue: blue, opacity: opacity)
    }

    /// The color a part of the way, from 0 to 1, toward another.
    public func mixed(with other: Color, _ part: Double) -> Color {
        Color(
            red: red + (other.red - red) * part, green: green + (other.green - green) * part,
            blue: blue + (other.blue - blue) * part, opacity: opacity + (other.opacity - opacity) * part)
    }

    /// Black or white: the one that is legible on this color (relative luminance as in WCAG 2.1).
    public var legible: Color {
        func linear(_ c: Double) -> Double { c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055).power(2.4) }
        let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
        return luminance > 0.30 ? Theme.text : .white
    }
}
