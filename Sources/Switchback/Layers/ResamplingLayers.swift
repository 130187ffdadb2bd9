// Layers that change the size of images.

/// Resizes images [N, C, H, W] or sequences [N, C, L], to a size or by a factor; see `interpolate`.
public final class Upsample: Module {
    private let size: (any IntPairConvertible)?
    private let scaleFactor: Double?
    private let mode: InterpolationMode
    private let alignCorners: Bool

    /// Resizes to a height and width, or length.
    public init(
        size: some IntPairConvertible, mode: InterpolationMode = .nearest, alignCorners: Bool = false
    ) {
        self.size = size
        scaleFactor = nil
        self.mode = mode
        self.alignCorners = alignCorners
    }

    /// Resizes by a factor.
    public init(scaleFactor: Double, mode: InterpolationMode = .nearest, alignCorners: Bool = false) {
        size = nil
        self.scaleFactor = scaleFactor
        self.mode = mode
        self.alignCorners = alignCorners
    }

    public override func forward(_ input: Tensor) -> Tensor {
        input.interpolate(size: size, scaleFactor: scaleFactor, mode: mode, alignCorners: alignCorners)
    }

    public override var configuration: String {
        let amount = scaleFactor.map { "scaleFactor: \($0)" } ?? "size: \(size!.intPair)"
        return "\(amount), mode: .\(mode)"
    }
}

/// Turns channels into pixels (Shi et al., "Real-time single image and video super-resolution", 2016):
/// [N, C·r², H, W] → [N, C, H·r, W·r].
public final class PixelShuffle: Module {
    private let factor: Int

    public init(_ factor: Int) { self.factor = factor }

    public override func forward(_ input: Tensor) -> Tensor { input.pixelShuffle(factor) }

    public override var configuration: String { "\(factor)" }
}

/// Turns pixels into channels, the inverse of `PixelShuffle`: [N, C, H·r, W·r] → [N, C·r², H, W].
public final class PixelUnshuffle: Module {
    private let factor: Int

    public init(_ factor: Int) { self.factor = factor }

    public override func forward(_ input: Tensor) -> Tensor { input.pixelUnshuffle(factor) }

    public override var configuration: String { "\(factor)" }
}
