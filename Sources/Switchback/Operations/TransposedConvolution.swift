// Transposed convolutions: the gradient of a convolution's input, used forward, which makes images larger.

extension Tensor {
    /// Two-dimensional transposed convolution: [N, C, H, W] → [N, O, H', W'], or without N.
    ///
    /// With K the size of the filter along an axis, the size of the output is
    /// (H − 1)·stride − 2·padding + dilation·(K − 1) + outputPadding + 1. Stops if that is not positive.
    ///
    /// - Parameters:
    ///   - weight: [C, O / groups, KH, KW].
    ///   - bias: [O].
    ///   - padding: how much is cut off around the output.
    ///   - outputPadding: how many rows and columns are added at the end; less than the stride or the dilation.
    public final func convTranspose2d(
        weight: Tensor, bias: Tensor? = nil, stride: some IntPairConvertible = 1,
        padding: some IntPairConvertible = 0, outputPadding: some IntPairConvertible = 0, groups: Int = 1,
        dilation: some IntPairConvertible = 1
    ) -> Tensor {
        let convolution = Convolution2D(
            stride: stride.intPair, padding: padding.intPair, dilation: dilation.intPair, groups: groups)
        let outputPadding = outputPadding.intPair.shape
        return batched("convTranspose2d", spatialRank: 2) { image in
            image.checkConvolution(
                "convTranspose2d", weight, bias, groups: groups, spatialRank: 2, transposed: true)
            convolution.check("convTranspose2d")
            let window = Window(size: IntPair(Shape(weight.shape.suffix(2))), convolution)
            let outputShape = image.transposedShape("convTranspose2d", weight, window, groups, outputPadding)
            return image.transposedConvolution(weight, convolution, outputShape).scaled(nil, bias, dim: 1)
        }
    }

    /// One-dimensional transposed convolution: [N, C, L] → [N, O, L'], or without N; as `convTranspose2d`.
    ///
    /// - Parameters:
    ///   - weight: [C, O / groups, K].
    ///   - bias: [O].
    public final func convTranspose1d(
        weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
        groups: Int = 1, dilation: Int = 1
    ) -> Tensor {
        require(
            weight.rank == 3, "convTranspose1d",
            "the weight has shape \(weight.shape); expected [C, O / groups, K]")
        return asImage("convTranspose1d") {
            $0.convTranspose2d(
                weight: weight.unsqueeze(2), bias: bias, stride: IntPair(1, stride), padding: IntPair(0, padding),
                outputPadding: IntPair(0, outputPadding), groups: groups, dilation: IntPair(1, dilation))
        }
    }

    /// In 16-bit floats it is computed in float32 and rounded once.
    private func transposedConvolution(
        _ weight: Tensor, _ convolution: Convolution2D, _ outputShape: Shape
    ) -> Tensor {
        if dtype.byteCount == 2 {
            return to(.float32).convolutionInput(weight.to(.float32), convolution, outputShape).to(dtype)
        }
        return convolutionInput(weight, convolution, outputShape)
    }

    /// The shape of a transposed convolution's result. Stops where it has none.
    final func transposedShape(
        _ operation: String, _ weight: Tensor, _ window: Window, _ groups: Int, _ outputPadding: Shape
    ) -> Shape {
        var result: Shape = [shape[0], weight.shape[1] * groups]
        for dim in 0..<window.rank {
            require(
                outputPadding[dim] >= 0 && outputPadding[dim] < Swift.max(window.stride[dim], window.dilation[dim]),
                operation,
                "the output padding \(outputPadding) must be less than the stride \(window.stride) or the dilation "
                    + "\(window.dilation)")
            let full = (shape[2 + dim] - 1) * window.stride[dim] + window.extent(dim)
            result.append(full - 2 * window.padding[dim] + outputPadding[dim])
        }
        require(
            result.dropFirst(2).allSatisfy { $0 > 0 }, operation,
            "an input of \(shape) with a weight of \(weight.shape) and padding \(window.padding) gives the size "
                + "\(Shape(result.dropFirst(2)))")
        return result
    }
}
