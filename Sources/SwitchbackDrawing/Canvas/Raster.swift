import Switchback

/// An image of pixels: three bytes each (red, green, blue), row by row from the top.
public struct Raster: Hashable, Sendable {
    public let width, height: Int
    /// `3 * width * height` bytes.
    public let rgb: [UInt8]

    /// Stops if the number of bytes is not `3 * width * height`.
    public init(width: Int, height: Int, rgb: [UInt8]) {
        require(
            width >= 0 && height >= 0 && rgb.count == 3 * width * height, "Raster",
            "\(rgb.count) bytes do not make an image of \(width) × \(height) pixels of 3 bytes")
        self.width = width
        self.height = height
        self.rgb = rgb
    }

    /// An image in shades of gray, one byte each.
    public init(width: Int, height: Int, gray: [UInt8]) {
        self.init(width: width, height: height, rgb: gray.flatMap { [$0, $0, $0] })
    }
}
