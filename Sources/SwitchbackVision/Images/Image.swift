import Switchback

/// An image of 8-bit pixels: a value, so that a copy is independent and may go to another thread.
///
/// ```swift
/// let image = try Image.load("bus.jpg")  // RGB, turned upright as its EXIF data say
/// let small = image.resized(height: 320, width: 240)
/// let input = Tensor(images: [small])  // [1, 3, 320, 240], float32 from 0 to 1
/// ```
public struct Image: Hashable, Sendable {
    /// The meaning of a pixel's channels.
    public enum ColorModel: Int, Sendable, CaseIterable {
        case gray = 1
        case rgb = 3
        /// RGB and opacity, not multiplied.
        case rgba = 4

        public var channelCount: Int { rawValue }
    }

    public let height: Int
    public let width: Int
    public let colorModel: ColorModel
    /// Row after row, the channels of a pixel side by side: `height * width * channels` bytes.
    public internal(set) var pixels: [UInt8]

    public var channels: Int { colorModel.channelCount }

    /// Stops unless both sides are at least 1 and there are as many bytes as they ask for.
    public init(height: Int, width: Int, _ colorModel: ColorModel = .rgb, pixels: [UInt8]) {
        require(height > 0 && width > 0, "Image", "an image of \(height)×\(width) has no pixels")
        require(
            pixels.count == height * width * colorModel.channelCount, "Image",
            "\(pixels.count) bytes are not an image of \(height)×\(width) and \(colorModel)")
        self.height = height
        self.width = width
        self.colorModel = colorModel
        self.pixels = pixels
    }

    /// An image in which each byte is `value`.
    public init(height: Int, width: Int, _ colorModel: ColorModel = .rgb, filledWith value: UInt8) {
        self.init(
            height: height, width: width, colorModel,
            pixels: [UInt8](repeating: value, count: height * width * colorModel.channelCount))
    }

    /// An image whose bytes `fill` writes.
    init<Failure: Error>(
        height: Int, width: Int, _ colorModel: ColorModel,
        fill: (UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        let count = height * width * colorModel.channelCount
        var problem: Failure?
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let bytes = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            do throws(Failure) { try fill(bytes) } catch { problem = error }
            initialized = problem == nil ? count : 0
        }
        if let problem { throw problem }
        self.init(height: height, width: width, colorModel, pixels: pixels)
    }

    /// The channels of the pixel in a row and a column.
    public subscript(row: Int, column: Int) -> ArraySlice<UInt8> {
        let start = (row * width + column) * channels
        return pixels[start..<start + channels]
    }

    var layout: Pixels.Layout { Pixels.Layout(height: height, width: width, channels: channels) }
}

// MARK: - Other images of the same

extension Image {
    /// A part of the image. Stops unless it lies within.
    public func cropped(top: Int, left: Int, height: Int, width: Int) -> Image {
        require(
            top >= 0 && left >= 0 && top + height <= self.height && left + width <= self.width, "cropped",
            "\(height)×\(width) from (\(top), \(left)) on is not within \(self.height)×\(self.width)")
        var part: [UInt8] = []
        part.reserveCapacity(height * width * channels)
        for row in top..<top + height {
            let start = (row * self.width + left) * channels
            part += pixels[start..<start + width * channels]
        }
        return Image(height: height, width: width, colorModel, pixels: part)
    }

    /// Copies another image into this one, its top left corner at a place that may lie outside; what does not fit is
    /// left away. Stops where the color models differ.
    public mutating func paste(_ other: Image, top: Int, left: Int) {
        require(other.colorModel == colorModel, "paste", "\(other.colorModel) does not fit \(colorModel)")
        let columns = max(0, -left)..<max(max(0, -left), min(other.width, width - left))
        for row in max(0, -top)..<max(max(0, -top), min(other.height, height - top)) where !columns.isEmpty {
            let from = (row * other.width + columns.lowerBound) * channels
            let to = ((row + top) * width + columns.lowerBound + left) * channels
            let count = columns.count * channels
            other.pixels.withUnsafeBufferPointer { source in
                pixels.withUnsafeMutableBufferPointer { target in
                    _ = UnsafeMutableBufferPointer(rebasing: target[to..<to + count])
                        .update(from: source[from..<from + count])
                }
            }
        }
    }

    /// The image in another color model: gray is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), and what was opaque or
    /// had no opacity is opaque.
    public func converted(to model: ColorModel) -> Image {
        if model == colorModel { return self }
        return Image(height: height, width: width, model) { bytes in
            for position in 0..<height * width {
                let from = position * channels
                let to = position * model.channelCount
                let (red, green, blue) =
                    channels == 1
                    ? (pixels[from], pixels[from], pixels[from]) : (pixels[from], pixels[from + 1], pixels[from + 2])
                if model == .gray {
                    bytes[to] = Image.luma(red, green, blue)
                    continue
                }
                (bytes[to], bytes[to + 1], bytes[to + 2]) = (red, green, blue)
                if model == .rgba { bytes[to + 3] = 255 }
            }
        }
    }

    /// In OpenCV's fixed point: weights of 15 bits, rounded.
    static func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
        let sum: Int = 9798 * Int(red) + 19235 * Int(green) + 3735 * Int(blue)
        return UInt8((sum + 16384) >> 15)
    }

    /// The mirror image, left and right exchanged.
    public func flippedHorizontally() -> Image { oriented(.mirrored) }

    /// The mirror image, top and bottom exchanged.
    public func flippedVertically() -> Image { oriented(.flipped) }
}
