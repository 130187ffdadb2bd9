// Images as columns of patches and back, and pixels as channels and back.

extension Tensor {
    /// Patches of an image as columns ("im2col"): [N, C, H, W] → [N, C · KH · KW, positions], or without N. PyTorch's
    /// `torch.nn.functional.unfold`.
    public final func unfold(
        kernelSize: some IntPairConvertible, dilation: some IntPairConvertible = 1,
        padding: some IntPairConvertible = 0, stride: some IntPairConvertible = 1
    ) -> Tensor {
        let window = Window(kernelSize, dilation, padding, stride)
        return batched("unfold", spatialRank: 2) { image in
            let positions = image.patchPositions("unfold", window, over: Shape(image.shape.suffix(2)))
            return image.windows(window, positions: positions)
                .reshape([image.shape[0], image.shape[1] * window.size.elementCount, positions.elementCount])
        }
    }

    /// The adjoint of `unfold`: [N, C · KH · KW, positions] → [N, C, H, W], or without N, where elements that several
    /// patches hold are summed. PyTorch's `torch.nn.functional.fold`.
    public final func fold(
        outputSize: some IntPairConvertible, kernelSize: some IntPairConvertible,
        dilation: some IntPairConvertible = 1, padding: some IntPairConvertible = 0,
        stride: some IntPairConvertible = 1
    ) -> Tensor {
        if rank == 2 {
            return unsqueeze(0).fold(
                outputSize: outputSize, kernelSize: kernelSize, dilation: dilation, padding: padding, stride: stride
            ).squeeze(0)
        }
        let window = Window(kernelSize, dilation, padding, stride)
        let size = outputSize.intPair.shape
        let positions = patchPositions("fold", window, over: size)
        let area = window.size.elementCount
        require(
            rank == 3 && shape[1] % area == 0 && shape[2] == positions.elementCount, "fold",
            "the input has shape \(shape); patches of \(window.size) of an image of \(size) want [N, C · \(area), "
                + "\(positions.elementCount)]")
        let channels = shape[1] / area
        return reshape(Shape([shape[0], channels] + window.size + positions))
            .windowsSummed(window, into: Shape([shape[0], channels] + size))
    }

    private func patchPositions(_ operation: String, _ window: Window, over size: Shape) -> Shape {
        let positions = window.positions(over: size, paddedAfter: window.padding)
        require(
            positions.allSatisfy { $0 > 0 }, operation,
            "a window of \(window.size) does not fit into an image of \(size) with padding \(window.padding)")
        return positions
    }

    /// Channels as pixels (Shi et al., 2016): [..., C · r², H, W] → [..., C, H · r, W · r].
    public final func pixelShuffle(_ factor: Int) -> Tensor {
        require(
            rank >= 3 && factor > 0 && shape[rank - 3] % (factor * factor) == 0, "pixelShuffle",
            "an input of shape \(shape) does not have channels for a factor of \(factor); expected [..., C · r², H, W]")
        let lead = Shape(shape.dropLast(3))
        let (channels, height, width) = (shape[rank - 3] / (factor * factor), shape[rank - 2], shape[rank - 1])
        return reshape([lead.elementCount, channels, factor, factor, height, width])
            .permute(0, 1, 4, 2, 5, 3)
            .reshape(Shape(lead + [channels, height * factor, width * factor]))
    }

    /// Pixels as channels, the inverse of `pixelShuffle`: [..., C, H · r, W · r] → [..., C · r², H, W].
    public final func pixelUnshuffle(_ factor: Int) -> Tensor {
        require(
            rank >= 3 && factor > 0 && shape[rank - 2] % factor == 0 && shape[rank - 1] % factor == 0,
            "pixelUnshuffle", "an image of shape \(shape) cannot be divided by \(factor)")
        let lead = Shape(shape.dropLast(3))
        let (channels, height, width) = (shape[rank - 3], shape[rank - 2] / factor, shape[rank - 1] / factor)
        return reshape([lead.elementCount, channels, height, factor, width, factor])
            .permute(0, 1, 3, 5, 2, 4)
            .reshape(Shape(lead + [channels * factor * factor, height, width]))
    }
}

extension Window {
    fileprivate init(
        _ size: some IntPairConvertible, _ dilation: some IntPairConvertible, _ padding: some IntPairConvertible,
        _ stride: some IntPairConvertible
    ) {
        self.init(
            size: size.intPair.shape, stride: stride.intPair.shape, padding: padding.intPair.shape,
            dilation: dilation.intPair.shape)
    }
}
