/// The padding of an image before a convolution: numbers, or `.same` for an output as large as the input.
public struct ConvolutionPadding: Sendable, Hashable {
    /// `nil` for as much as keeps the size.
    let amount: IntPair?

    init(_ amount: IntPair?) { self.amount = amount }

    /// The padding before and after each spatial dimension. If an even filter needs an odd amount, the larger half
    /// lies after.
    func resolved(extent: (_ dim: Int) -> Int) -> (before: IntPair, after: IntPair) {
        if let amount { return (amount, amount) }
        let total = IntPair(extent(0) - 1, extent(1) - 1)
        let before = IntPair(total.height / 2, total.width / 2)
        return (before, IntPair(total.height - before.height, total.width - before.width))
    }
}

/// Types that can stand for a padding: an `Int`, an array of two, an `IntPair`, `.same` or `.valid`.
public protocol ConvolutionPaddingConvertible {
    var convolutionPadding: ConvolutionPadding { get }
}

extension ConvolutionPadding: ConvolutionPaddingConvertible {
    public var convolutionPadding: ConvolutionPadding { self }
}

extension ConvolutionPaddingConvertible where Self == ConvolutionPadding {
    /// As much as makes the output as large as the input; for stride 1.
    public static var same: ConvolutionPadding { ConvolutionPadding(nil) }
    /// None.
    public static var valid: ConvolutionPadding { ConvolutionPadding(0) }
}

extension Int: ConvolutionPaddingConvertible {
    public var convolutionPadding: ConvolutionPadding { ConvolutionPadding(IntPair(self)) }
}

extension IntPair: ConvolutionPaddingConvertible {
    public var convolutionPadding: ConvolutionPadding { ConvolutionPadding(self) }
}

extension Array: ConvolutionPaddingConvertible where Element == Int {
    public var convolutionPadding: ConvolutionPadding { ConvolutionPadding(intPair) }
}
