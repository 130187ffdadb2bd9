/// How bytes stand for numbers: `number = scale · (byte − zero)`.
public struct ByteScale: Hashable, Sendable, Codable {
    public let scale: Float
    /// The byte of the number 0, which is always exact: convolutions pad with it.
    public let zero: UInt8

    public init(scale: Float, zero: UInt8) { (self.scale, self.zero) = (scale, zero) }

    /// The scale whose 256 numbers reach from the lowest to the highest number wanted, and 0.
    public init(lowest: Float, highest: Float) {
        let (low, high) = (min(lowest, 0), max(highest, 0))
        // Nothing but zeros is seen where a layer is dead.
        scale = high - low > 1e-30 ? (high - low) / 255 : 1
        zero = UInt8(min(max((-low / scale).rounded(.toNearestOrEven), 0), 255))
    }

    /// Whether it can come from an undamaged file.
    public var isUsable: Bool { scale.isFinite && scale > 0 }

    /// The numbers of bytes 0 and 255.
    public var range: ClosedRange<Float> { -Float(zero) * scale...(255 - Float(zero)) * scale }
}
