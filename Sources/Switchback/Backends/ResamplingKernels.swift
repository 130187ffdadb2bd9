/// How the pixels of a resized image are computed from those of the original.
public enum InterpolationMode: String, Sendable, Codable, CaseIterable {
    /// The pixel at ⌊position⌋: half a pixel off, as PyTorch's `nearest`.
    case nearest
    /// The nearest pixel: PyTorch's `nearest-exact`.
    case nearestExact
    /// A weighted mean of the two neighbors along each axis: PyTorch's `linear` and `bilinear`.
    case linear
    /// A cubic through four neighbors along each axis (Keys, 1981, with a = −0.75): PyTorch's `bicubic`.
    case cubic
    /// The mean of the pixels that an output pixel covers.
    case area

    public static let bilinear = InterpolationMode.linear
    public static let bicubic = InterpolationMode.cubic
}

/// How an image is brought to another size.
public struct Resizing: Sendable, Hashable {
    public var mode: InterpolationMode
    /// Whether the centers of the corner pixels coincide, instead of the outer corners of the images.
    public var alignCorners: Bool
    /// Whether pixels are averaged over the area that an output pixel covers when an image shrinks.
    public var antialias: Bool
    /// The factor that was asked for along each axis; `nil` if only sizes were.
    public var scaleHeight: Double?
    public var scaleWidth: Double?
}

/// How a value between pixels is interpolated.
public enum GridSampleMode: String, Sendable, Codable, CaseIterable { case bilinear, nearest, bicubic }

/// What is sampled outside of an image: zeros, the nearest border pixel, or the image mirrored at its border.
public enum GridSamplePadding: String, Sendable, Codable, CaseIterable { case zeros, border, reflection }

/// Where an image is sampled, and what lies outside of it.
public struct GridSampling: Sendable, Hashable {
    public var mode: GridSampleMode
    public var padding: GridSamplePadding
    /// Whether −1 and 1 are the centers of the corner pixels, instead of their outer edges.
    public var alignCorners: Bool
}

/// Fused resampling of images [N, C, H, W]; `nil` for element types that are not covered, as the default does for all.
public protocol ResamplingKernels {
    static func resize(_ x: NDArray, _ resizing: Resizing, outputSize: IntPair) -> NDArray?
    static func resizeGradient(_ gradient: NDArray, _ resizing: Resizing, inputShape: Shape) -> NDArray?
    /// `grid` is [N, OH, OW, 2] with horizontal and vertical positions; the result is [N, C, OH, OW].
    static func gridSample(_ x: NDArray, grid: NDArray, _ sampling: GridSampling) -> NDArray?
    static func gridSampleGradient(
        _ gradient: NDArray, _ x: NDArray, grid: NDArray, _ sampling: GridSampling, wantsX: Bool, wantsGrid: Bool
    ) -> (x: NDArray?, grid: NDArray?)?
}

extension ResamplingKernels {
    public static func resize(_ x: NDArray, _ resizing: Resizing, outputSize: IntPair) -> NDArray? { nil }

    public static func resizeGradient(_ gradient: NDArray, _ resizing: Resizing, inputShape: Shape) -> NDArray? { nil }

    public static func gridSample(_ x: NDArray, grid: NDArray, _ sampling: GridSampling) -> NDArray? { nil }

    public static func gridSampleGradient(
        _ gradient: NDArray, _ x: NDArray, grid: NDArray, _ sampling: GridSampling, wantsX: Bool, wantsGrid: Bool
    ) -> (x: NDArray?, grid: NDArray?)? { nil }
}
