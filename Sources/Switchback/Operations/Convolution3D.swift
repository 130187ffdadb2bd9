// Convolution over three spatial dimensions, for volumes and films: always composed of a product.

extension Tensor {
    /// Three-dimensional convolution (cross-correlation): [N, C, D, H, W] → [N, O, D', H', W'], or without N; sizes as
    /// in `conv2d`.
    ///
    /// - Parameters:
    ///   - weight: [O, C / groups, KD, KH, KW].
    ///   - bias: [O].
    ///   - padding: three numbers, one for all, or `.same`.
    public final func conv3d(
        weight: Tensor, bias: Tensor? = nil, stride: some IntTripleConvertible = 1,
        padding: some VolumePaddingConvertible = 0, dilation: some IntTripleConvertible = 1, groups: Int = 1
    ) -> Tensor {
        if rank == 4 {
            return unsqueeze(0).conv3d(
                weight: weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups
            ).squeeze(0)
        }
        checkConvolution("conv3d", weight, bias, groups: groups, spatialRank: 3)
        var window = Window(weight, stride, [0, 0, 0], dilation)
        let amount = padding.volumePadding.amount
        require(
            amount != nil || window.stride.allSatisfy { $0 == 1 }, "conv3d",
            "padding of .same keeps the size only for stride 1, not \(window.stride)")
        // Where an even filter needs an odd amount, the larger half lies after.
        let total = Shape((0..<3).map { window.extent($0) - 1 })
        window.padding = amount ?? Shape(total.map { $0 / 2 })
        let after = amount ?? Shape(zip(total, window.padding).map { $0 - $1 })
        let positions = window.positions(over: Shape(shape.suffix(3)), paddedAfter: after)
        require(
            positions.allSatisfy { $0 > 0 }, "conv3d",
            "the filter of \(weight.shape) is larger than the padded volume of \(shape)")
        return Tensor.inFloat32([self, weight] + (bias.map { [$0] } ?? [])) { operands in
            operands[0].composedConvolution(operands[1], window, groups: groups, positions: positions)
                .scaled(nil, operands.count > 2 ? operands[2] : nil, dim: 1)
        }
    }

    /// Three-dimensional transposed convolution: [N, C, D, H, W] → [N, O, D', H', W'], or without N; sizes as in
    /// `convTranspose2d`.
    ///
    /// - Parameters:
    ///   - weight: [C, O / groups, KD, KH, KW].
    ///   - bias: [O].
    public final func convTranspose3d(
        weight: Tensor, bias: Tensor? = nil, stride: some IntTripleConvertible = 1,
        padding: some IntTripleConvertible = 0, outputPadding: some IntTripleConvertible = 0, groups: Int = 1,
        dilation: some IntTripleConvertible = 1
    ) -> Tensor {
        if rank == 4 {
            return unsqueeze(0).convTranspose3d(
                weight: weight, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding,
                groups: groups, dilation: dilation
            ).squeeze(0)
        }
        checkConvolution("convTranspose3d", weight, bias, groups: groups, spatialRank: 3, transposed: true)
        let window = Window(weight, stride, padding, dilation)
        let result = transposedShape("convTranspose3d", weight, window, groups, outputPadding.intTriple)
        return Tensor.inFloat32([self, weight] + (bias.map { [$0] } ?? [])) { operands in
            operands[0].composedConvolutionInput(operands[1], window, groups: groups, inputShape: result)
                .scaled(nil, operands.count > 2 ? operands[2] : nil, dim: 1)
        }
    }
}

extension Window {
    fileprivate init(
        _ weight: Tensor, _ stride: some IntTripleConvertible, _ padding: some IntTripleConvertible,
        _ dilation: some IntTripleConvertible
    ) {
        self.init(
            size: Shape(weight.shape.suffix(3)), stride: stride.intTriple, padding: padding.intTriple,
            dilation: dilation.intTriple)
        require(
            self.stride.allSatisfy { $0 > 0 } && self.dilation.allSatisfy { $0 > 0 }, "conv3d",
            "stride \(self.stride) and dilation \(self.dilation) must be positive")
    }
}

/// How much is put around a volume before a convolution: numbers, or `.same` for an output as large as the input.
public struct VolumePadding: Sendable, Hashable {
    /// `nil` for as much as keeps the size.
    let amount: Shape?
}

/// What can stand for the padding of a volume: an `Int`, an array of three, `.same` or `.valid`.
public protocol VolumePaddingConvertible {
    var volumePadding: VolumePadding { get }
}

extension VolumePadding: VolumePaddingConvertible {
    public var volumePadding: VolumePadding { self }
}

extension VolumePaddingConvertible where Self == VolumePadding {
    /// As much as makes the output as large as the input; for stride 1.
    public static var same: VolumePadding { VolumePadding(amount: nil) }
    /// None.
    public static var valid: VolumePadding { VolumePadding(amount: [0, 0, 0]) }
}

extension Int: VolumePaddingConvertible {
    public var volumePadding: VolumePadding { VolumePadding(amount: intTriple) }
}

extension Array: VolumePaddingConvertible where Element == Int {
    public var volumePadding: VolumePadding { VolumePadding(amount: intTriple) }
}

/// Types that can stand for depth, height and width: one `Int` for all, or an array of three.
public protocol IntTripleConvertible {
    var intTriple: Shape { get }
}

extension Int: IntTripleConvertible {
    public var intTriple: Shape { Shape(repeating: self, count: 3) }
}

extension Array: IntTripleConvertible where Element == Int {
    public var intTriple: Shape {
        require(count == 3, "conv3d", "depth, height and width are three numbers, not \(count)")
        return Shape(self)
    }
}
