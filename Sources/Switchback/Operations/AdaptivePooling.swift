// Pooling to a given size: output position o of O covers the inputs ⌊o·H/O⌋ ..< ⌈(o + 1)·H/O⌉ along each axis.

extension Tensor {
    /// The average of each of `outputSize` parts of the image: [N, C, H, W] → [N, C, H', W'], or without N.
    public final func adaptiveAvgPool2d(outputSize: some IntPairConvertible) -> Tensor {
        let size = outputSize.intPair
        return batched("adaptiveAvgPool2d", spatialRank: 2) { image in
            image.checkAdaptive("adaptiveAvgPool2d", size)
            return image.adaptivelyAveraged(size)
        }
    }

    /// The average of each of `outputSize` parts of a sequence: [N, C, L] → [N, C, L'], or without N.
    public final func adaptiveAvgPool1d(outputSize: Int) -> Tensor {
        asImage("adaptiveAvgPool1d") { $0.adaptiveAvgPool2d(outputSize: IntPair(1, outputSize)) }
    }

    /// The maximum of each of `outputSize` parts of the image: [N, C, H, W] → [N, C, H', W'], or without N. Gradients
    /// go to the first maximum.
    public final func adaptiveMaxPool2d(outputSize: some IntPairConvertible) -> Tensor {
        let size = outputSize.intPair
        return batched("adaptiveMaxPool2d", spatialRank: 2) { image in
            image.checkAdaptive("adaptiveMaxPool2d", size)
            return image.adaptiveMaxima(size)
        }
    }

    /// The maximum of each of `outputSize` parts of a sequence: [N, C, L] → [N, C, L'], or without N.
    public final func adaptiveMaxPool1d(outputSize: Int) -> Tensor {
        asImage("adaptiveMaxPool1d") { $0.adaptiveMaxPool2d(outputSize: IntPair(1, outputSize)) }
    }

    private func adaptivelyAveraged(_ size: IntPair) -> Tensor {
        guard let result = backend.adaptiveAveragePool(array, outputSize: size) else {
            let rows = Tensor.averaging(shape[2], into: size.height, like: self)
            let columns = Tensor.averaging(shape[3], into: size.width, like: self)
            return rows.matmul(matmul(columns.transpose(0, 1)))
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
            let (rows, height) = adaptiveIndices(shape[2], into: size.height)
            let (columns, width) = adaptiveIndices(shape[3], into: size.width)
            return indexSelect(dim: 2, index: rows).indexSelect(dim: 3, index: columns)
                .reshape([shape[0], shape[1], size.height, height, size.width, width])
                .permute(0, 1, 2, 4, 3, 5).flatten(start: 4).max(dim: 4).values
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

    /// The matrix [parts, input] that averages each part.
    private static func averaging(_ input: Int, into parts: Int, like tensor: Tensor) -> Tensor {
        var weights = [Double](repeating: 0, count: parts * input)
        for part in 0..<parts {
            let range = adaptiveRange(part, of: parts, input)
            for i in range { weights[part * input + i] = 1 / Double(range.count) }
        }
        return Tensor(weights, shape: [parts, input], dtype: tensor.dtype, like: tensor)
    }

    private func checkAdaptive(_ operation: String, _ size: IntPair) {
        require(
            size.height >= 0 && size.width >= 0 && shape[2] > 0 && shape[3] > 0, operation,
            "an image of shape \(shape) cannot be divided into \(size) parts")
    }
}

private func adaptiveRange(_ part: Int, of parts: Int, _ input: Int) -> Range<Int> {
    part * input / parts..<((part + 1) * input + parts - 1) / parts
}
