// Convolution over any number of spatial dimensions as a product with the windows of the image ("im2col"; Chellapilla,
// Puri and Simard, "High performance convolutional neural networks for document processing", 2006).

extension Tensor {
    /// The convolution of [N, C, spatial…] with a weight of [O, C / groups, window…], without bias.
    final func composedConvolution(_ weight: Tensor, _ window: Window, groups: Int, positions: Shape) -> Tensor {
        let outputs = weight.shape[0]
        let product = weight.grouped(groups).matmul(windowColumns(window, groups: groups, positions: positions))
        return product.reshape(Shape([shape[0], outputs] + positions))
    }

    /// The gradient of a convolution's input, which is a transposed convolution.
    final func composedConvolutionInput(
        _ weight: Tensor, _ window: Window, groups: Int, inputShape: Shape
    ) -> Tensor {
        let positions = Shape(shape.suffix(window.rank))
        let columns = weight.grouped(groups).transpose(-2, -1).matmul(outputColumns(groups: groups))
        return columns.reshape(Shape([inputShape[0], inputShape[1]] + window.size + positions))
            .windowsSummed(window, into: inputShape)
    }

    /// The gradient of a convolution's weight.
    final func composedConvolutionWeight(
        _ gradient: Tensor, _ window: Window, groups: Int, weightShape: Shape
    ) -> Tensor {
        let positions = Shape(gradient.shape.suffix(window.rank))
        let columns = windowColumns(window, groups: groups, positions: positions)
        let product = gradient.outputColumns(groups: groups).matmul(columns.transpose(-2, -1))
        return product.sum(dim: 0).reshape(weightShape)
    }

    /// [N, groups, C / groups · window, positions].
    private func windowColumns(_ window: Window, groups: Int, positions: Shape) -> Tensor {
        let perGroup = shape[1] / groups * window.size.elementCount
        return windows(window, positions: positions).reshape([shape[0], groups, perGroup, positions.elementCount])
    }

    /// The output of a convolution, [N, O, positions…], as [N, groups, O / groups, positions].
    private func outputColumns(groups: Int) -> Tensor {
        reshape([shape[0], groups, shape[1] / groups, shape.dropFirst(2).reduce(1, *)])
    }

    /// A weight, [O, C / groups, window…], as [groups, O / groups, C / groups · window].
    private func grouped(_ groups: Int) -> Tensor {
        reshape([groups, shape[0] / groups, shape.dropFirst().reduce(1, *)])
    }
}
