import Kernels

/// CPU operations on images of 8-bit pixels: rows of width × channels bytes, one after another.
///
/// The images themselves, which own such memory, are in SwitchbackVision. Everything runs on the calling thread, so
/// that a loader's threads leave the kernels' pool to the training step.
public enum Pixels {
    /// The sizes of an image.
    public struct Layout: Hashable, Sendable {
        public var height, width, channels: Int

        public init(height: Int, width: Int, channels: Int) {
            self.height = height
            self.width = width
            self.channels = channels
        }

        public var byteCount: Int { height * width * channels }
    }

    /// How pixels that lie between pixels are found.
    public enum Interpolation: String, CaseIterable, Sendable {
        case nearest, bilinear, bicubic, area

        fileprivate var kernelForm: sb_interpolation {
            switch self {
            case .nearest: SB_NEAREST
            case .bilinear: SB_LINEAR
            case .bicubic: SB_CUBIC
            case .area: SB_COVERAGE
            }
        }
    }

    /// Fills `target` with the image `source` in another size, as OpenCV's `resize` does: nearest and bilinear bit for bit,
    /// the others to within one gray level.
    /// Stops where a buffer does not have the size of its layout, or where the channels differ.
    public static func resize(
        _ source: UnsafeBufferPointer<UInt8>, _ from: Layout, into target: UnsafeMutableBufferPointer<UInt8>,
        _ to: Layout, _ interpolation: Interpolation
    ) {
        guard let (source, target) = addresses(source, from, target, to, "resize") else { return }
        sb_image_resize(
            from.channels, from.height, from.width, to.height, to.width, interpolation.kernelForm, source, target)
    }

    /// Fills `target` with the image `source` seen through a projective map from target to source: the pixel (i, j)
    /// shows the place (u/t, v/t), where (u, v, t) = `map` · (i, j, 1), row by row; centers of pixels have whole
    /// coordinates. Outside is `fill`. `interpolation` is nearest or bilinear.
    public static func warp(
        _ source: UnsafeBufferPointer<UInt8>, _ from: Layout, into target: UnsafeMutableBufferPointer<UInt8>,
        _ to: Layout, map: [Double], fill: UInt8, _ interpolation: Interpolation = .bilinear
    ) {
        require(map.count == 9, "warp", "a projective map has 9 numbers, not \(map.count)")
        require(
            interpolation == .nearest || interpolation == .bilinear, "warp", "cannot interpolate \(interpolation)")
        guard let (source, target) = addresses(source, from, target, to, "warp") else { return }
        sb_image_warp(
            from.channels, from.height, from.width, map, interpolation == .nearest ? 1 : 0, fill, to.height, to.width,
            source, target)
    }

    /// Turns the hue of RGB pixels by a part of the circle, and multiplies their saturation and value.
    public static func adjustHSV(
        _ pixels: UnsafeMutableBufferPointer<UInt8>, turn: Float, saturation: Float, value: Float
    ) {
        require(pixels.count % 3 == 0, "adjustHSV", "\(pixels.count) bytes are not RGB pixels")
        guard let start = pixels.baseAddress else { return }
        sb_image_hsv(pixels.count / 3, turn, saturation, value, start)
    }

    /// Each byte divided by 255.
    public static func fractions(
        of source: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<Float>
    ) {
        require(source.count == target.count, "fractions", "\(source.count) bytes are not \(target.count) numbers")
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        sb_image_fractions(source.count, from, to)
    }

    /// The addresses of two buffers that have the sizes of their layouts; `nil` if one is empty.
    private static func addresses(
        _ source: UnsafeBufferPointer<UInt8>, _ from: Layout, _ target: UnsafeMutableBufferPointer<UInt8>,
        _ to: Layout, _ operation: String
    ) -> (UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>)? {
        require(
            source.count == from.byteCount && target.count == to.byteCount && from.channels == to.channels, operation,
            "the images \(from) and \(to) do not fit buffers of \(source.count) and \(target.count) bytes")
        guard source.count > 0, target.count > 0, let from = source.baseAddress, let to = target.baseAddress else {
            return nil
        }
        return (from, to)
    }
}
