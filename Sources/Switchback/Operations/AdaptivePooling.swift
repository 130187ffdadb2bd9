// Pooling to a given size: output position o of O covers the inputs ⌊o·H/O⌋ ..< ⌈(o + 1)·H/O⌉ along each axis. A size of −1
// is that of the input, where PyTorch has None.

extension Tensor {
    /// The average of each of `outputSize` parts of the image: [N, C, H, W] → [N, C, H', W'], or without N.
    public final func adaptiveAvgPool2d(outputSize: some IntPairConvertible) -> Tensor {
        batched("adaptiveAvgPool2d", spatialRank: 2) { image in
            let size = IntPair(image.adaptiveSize("adaptiveAvgPool2d", outputSize.intPair.shape))
            // 16-bit numbers are summed in float32, and rounded once.
            return image.inFloat32 { $0.adaptivelyAveraged(size) }
        }
    }

    /// The average of each of `outputSize` parts of a sequence: [N, C, L] → [N, C, L'], or without N.
    public final func adaptiveAvgPool1d(outputSize: Int) -> Tensor {
        asImage("adaptiveAvgPool1d") { $0.adaptiveAvgPool2d(outputSize: IntPair(1, outputSize)) }
    }

    /// The maximum of each of `outputSize` parts of the image: [N, C, H, W] → [N, C, H', W'], or without N. Gradients
    /// go to the first maximum.
    public final func adaptiveMaxPool2d(outputSize: some IntPairConvertible) -> Tensor {
        batched("adaptiveMaxPool2d", spatialRank: 2) { image in
            image.adaptiveMaxima(IntPair(image.adaptiveSize("adaptiveMaxPool2d", outputSize.intPair.shape)))
        }
    }

    /// The maximum of each of `outputSize` parts of a sequence: [N, C, L] → [N, C, L'], or without N.
    public final func adaptiveMaxPool1d(outputSize: Int) -> Tensor {
        asImage("adaptiveMaxPool1d") { $0.adaptiveMaxPool2d(outputSize: IntPair(1, outputSize)) }
    }

    /// The average of each of `outputSize` parts of a volume: [N, C, D, H, W] → [N, C, D', H', W'], or without N.
    public final func adaptiveAvgPool3d(outputSize: some IntTripleConvertible) -> Tensor {
        batched("adaptiveAvgPool3d", spatialRank: 3) { volume in
            let size = volume.adaptiveSize("adaptiveAvgPool3d", outputSize.intTriple)
            let wide = dtype.byteCount == 2 ? volume.to(.float32) : volume
            return (0..<3).reduce(wide) { $0.averaged(dim: 2 + $1, into: size[$1]) }.to(dtype)
        }
    }

    /// The maximum of each of `outputSize` parts of a volume: [N, C, D, H, W] → [N, C, D', H', W'], or without N.
    /// Gradients go to the first maximum.
    public final func adaptiveMaxPool3d(outputSize: some IntTripleConvertible) -> Tensor {
        batched("adaptiveMaxPool3d", spatialRank: 3) { volume in
            let size = volume.adaptiveSize("adaptiveMaxPool3d", outputSize.intTriple)
            return volume.adaptiveParts(size).poolMaxima(dim: -1).values
        }
    }

    /// As `adaptiveMaxPool2d`, with the position of each maximum in the plane, in row-major order (int64).
    public final func adaptiveMaxPool2dWithIndices(
        outputSize: some IntPairConvertible
    ) -> (values: Tensor, indices: Tensor) {
        if rank == 3 {
            let (values, indices) = unsqueeze(0).adaptiveMaxPool2dWithIndices(outputSize: outputSize)
            return (values.squeeze(0), indices.squeeze(0))
        }
        require(rank == 4, "adaptiveMaxPool2dWithIndices", "the input has shape \(shape), not [N, C, H, W]")
        return adaptiveMaximaWithIndices(adaptiveSize("adaptiveMaxPool2dWithIndices", outputSize.intPair.shape))
    }

    /// As `adaptiveMaxPool1d`, with the position of each maximum (int64).
    public final func adaptiveMaxPool1dWithIndices(outputSize: Int) -> (values: Tensor, indices: Tensor) {
        let (values, indices) = unsqueeze(-2).adaptiveMaxPool2dWithIndices(outputSize: IntPair(1, outputSize))
        return (values.squeeze(-2), indices.squeeze(-2))
    }

    /// As `adaptiveMaxPool3d`, with the position of each maximum in the volume, in row-major order (int64).
    public final func adaptiveMaxPool3dWithIndices(
        outputSize: some IntTripleConvertible
    ) -> (values: Tensor, indices: Tensor) {
        if rank == 4 {
            let (values, indices) = unsqueeze(0).adaptiveMaxPool3dWithIndices(outputSize: outputSize)
            return (values.squeeze(0), indices.squeeze(0))
        }
        require(rank == 5, "adaptiveMaxPool3dWithIndices", "the input has shape \(shape), not [N, C, D, H, W]")
        return adaptiveMaximaWithIndices(adaptiveSize("adaptiveMaxPool3dWithIndices", outputSize.intTriple))
    }

    private func adaptiveMaximaWithIndices(_ size: Shape) -> (values: Tensor, indices: Tensor) {
        let parts = adaptiveParts(size)
        let (values, chosen) = parts.poolMaxima(dim: -1)
        // The same parts of a plane that holds positions.
        let plane = Shape(shape.dropFirst(2))
        let places = Tensor(Array(0..<plane.elementCount), shape: Shape([1, 1] + plane), like: self).adaptiveParts(size)
        return (values, places.expand(to: parts.shape).gathered(parts.rank - 1, chosen.unsqueeze(-1)).squeeze(-1))
    }

    /// The elements of each part as a last dimension, [N, C, parts…, elements]; the last of a part is repeated so that
    /// all have as many.
    private func adaptiveParts(_ size: Shape) -> Tensor {
        var (x, form) = (self, [shape[0], shape[1]])
        for (dim, parts) in size.enumerated() {
            let (indices, perPart) = adaptiveIndices(shape[2 + dim], into: parts)
            x = x.indexSelect(dim: 2 + dim, index: indices)
            form += [parts, perPart]
        }
        let axes = 0..<size.count
        let order = [0, 1] + axes.map { 2 + 2 * $0 } + axes.map { 3 + 2 * $0 }
        return x.reshape(Shape(form)).permute(Shape(order)).flatten(start: 2 + size.count)
    }

    private func adaptivelyAveraged(_ size: IntPair) -> Tensor {
        guard let result = backend.adaptiveAveragePool(array, outputSize: size) else {
            return averaged(dim: 3, into: size.width).averaged(dim: 2, into: size.height)
        }
        let inputShape = shape
        return Tensor.record("adaptiveAvgPool2d", result, from: [self]) { _, gradient in
            [gradient.adaptivelySpread(size, inputShape)]
        }
    }

    /// The gradient of an adaptive average's input, of which this tensor is the output's.
    private func adaptivelySpread(_ size: IntPair, _ inputShape: Shape) -> Tensor {
        guard let result = backend.adaptiveAveragePoolGradient(array, inputShape: inputShape) else {
            fail("adaptiveAvgPool2d", "the backend \(backend.name) has no gradient of its fused adaptive pooling")
        }
        return Tensor.record("adaptiveAvgPool2d gradient", result, from: [self]) { _, upstream in
            [upstream.adaptivelyAveraged(size)]
        }
    }

    private func adaptiveMaxima(_ size: IntPair) -> Tensor {
        let recorded = requiresGrad && ThreadState.current.recordsGradients
        guard let maxima = backend.adaptiveMaxPool(array, outputSize: size, withIndices: recorded) else {
            return adaptiveParts(size.shape).poolMaxima(dim: 4).values
        }
        let inputShape = shape
        return recordMaxima("adaptiveMaxPool2d", maxima) { gradient, indices in
            gradient.backend.adaptiveMaxPoolGradient(gradient.array, indices: indices.array, inputShape: inputShape)
        }
    }

    /// For each part the indices that it covers, the last one repeated so that all parts have as many.
    private func adaptiveIndices(_ input: Int, into parts: Int) -> (indices: Tensor, perPart: Int) {
        let ranges = (0..<parts).map { adaptiveRange($0, of: parts, input) }
        let longest = ranges.map(\.count).reduce(1, Swift.max)
        let indices = ranges.flatMap { range in (0..<longest).map { range.lowerBound + Swift.min($0, range.count - 1) }
        }
        return (Tensor(indices, shape: [indices.count], like: self), longest)
    }

    /// The average of each of some parts along one dimension, which is how images are resized by areas.
    private func averaged(dim: Int, into parts: Int) -> Tensor {
        resized(Resizing(mode: .area, alignCorners: false, antialias: false), dim: dim, parts)
    }

    /// The size of the output of [N, C, spatial…], with that of the input for −1. Stops where the input has no such parts.
    private func adaptiveSize(_ operation: String, _ size: Shape) -> Shape {
        require(
            size.allSatisfy { $0 >= -1 } && shape.dropFirst(2).allSatisfy { $0 > 0 }, operation,
            "an image of shape \(shape) cannot be divided into \(size) parts")
        return Shape(size.enumerated().map { $1 == -1 ? shape[2 + $0] : $1 })
    }
}

private func adaptiveRange(_ part: Int, of parts: Int, _ input: Int) -> Range<Int> {
    part * input / parts..<((part + 1) * input + parts - 1) / parts
}
