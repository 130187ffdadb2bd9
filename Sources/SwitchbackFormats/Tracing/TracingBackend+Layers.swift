import Switchback

// The products, convolutions, poolings and normalizations of layers.

extension TracingBackend {
    static func matmul(_ a: NDArray, _ b: NDArray, into y: NDArray) {
        run(.matmul, [a, b], into: [y]) {
            CPUBackend.matmul(a.onProcessor, b.onProcessor, into: y.onProcessor)
        }
    }

    static func matmul(_ a: NDArray, _ b: NDArray, outputShape: Shape) -> NDArray? {
        fused(.matmul, [a, b]) { Tensor(a.onProcessor).matmul(Tensor(b.onProcessor)).array }
    }

    static func linear(_ x: NDArray, weight: NDArray, bias: NDArray?, into y: NDArray) {
        run(.linear, [x, weight] + (bias.map { [$0] } ?? []), into: [y]) {
            CPUBackend.linear(
                x.onProcessor, weight: weight.onProcessor, bias: bias?.onProcessor, into: y.onProcessor)
        }
    }

    /// The residual and the activation are noted as operations of their own.
    static func convolution(
        _ x: NDArray, _ weight: NDArray, laidOut: NDArray?, bias: NDArray?, residual: NDArray?,
        activation: FusedActivation, _ convolution: Convolution2D, outputShape: Shape
    ) -> NDArray? {
        let extents = [
            convolution.dilation.height * (weight.shape[2] - 1) + 1,
            convolution.dilation.width * (weight.shape[3] - 1) + 1,
        ]
        let end = endPadding(
            x, outputShape, extents: extents, stride: convolution.stride, padding: convolution.padding)
        let operands = [x, weight] + (bias.map { [$0] } ?? [])
        let product = fused(.convolution(convolution, endPadding: end), operands) {
            CPUBackend.convolution(
                x.onProcessor, weight.onProcessor, laidOut: nil, bias: bias?.onProcessor, residual: nil,
                activation: .none, convolution, outputShape: outputShape)
        }
        guard let product else { return nil }
        if let residual { binary(.add, product, residual, into: product) }
        switch activation {
        case .none: break
        case .relu: unary(.relu, product, into: product)
        case .silu: unary(.silu, product, into: product)
        }
        return product
    }

    static func convolutionInputGradient(
        _ gradient: NDArray, _ weight: NDArray, _ convolution: Convolution2D, inputShape: Shape
    ) -> NDArray? {
        let (stride, padding, dilation) = (convolution.stride, convolution.padding, convolution.dilation)
        let full = IntPair(
            (gradient.shape[2] - 1) * stride.height + dilation.height * (weight.shape[2] - 1) + 1 - 2 * padding.height,
            (gradient.shape[3] - 1) * stride.width + dilation.width * (weight.shape[3] - 1) + 1 - 2 * padding.width)
        let rest = IntPair(inputShape[2] - full.height, inputShape[3] - full.width)
        return fused(.transposedConvolution(convolution, outputPadding: rest), [gradient, weight]) {
            CPUBackend.convolutionInputGradient(
                gradient.onProcessor, weight.onProcessor, convolution, inputShape: inputShape)
        }
    }

    /// What has to be padded behind the image so that ⌊(H + before + after − extent) / stride⌋ + 1 is the output's
    /// size.
    private static func endPadding(
        _ x: NDArray, _ outputShape: Shape, extents: [Int], stride: IntPair, padding: IntPair
    ) -> IntPair {
        let (strides, before) = ([stride.height, stride.width], [padding.height, padding.width])
        let after = (0..<2).map { dim in
            let (input, output) = (x.shape[2 + dim], outputShape[2 + dim])
            let symmetric = (input + 2 * before[dim] - extents[dim]) / strides[dim] + 1
            let exact = (output - 1) * strides[dim] + extents[dim] - input - before[dim]
            return symmetric == output ? before[dim] : exact
        }
        return IntPair(after[0], after[1])
    }

    // MARK: Pooling

    static func maxPool(
        _ x: NDArray, _ pooling: Pooling2D, outputSize: IntPair, withIndices: Bool
    ) -> MaximaWithIndices? {
        let end = endPadding(x, pooling, outputSize)
        let maxima = fused(.maxPool(pooling, endPadding: end), [x]) {
            CPUBackend.maxPool(x.onProcessor, pooling, outputSize: outputSize, withIndices: false)?.values
        }
        return maxima.map { ($0, nil) }
    }

    static func averagePool(_ x: NDArray, _ pooling: Pooling2D, outputSize: IntPair) -> NDArray? {
        let end = endPadding(x, pooling, outputSize)
        // Averages that count elements in another way than ONNX are composed.
        guard pooling.divisor == nil, end == pooling.padding || !pooling.countsPadding else { return nil }
        return fused(.averagePool(pooling, endPadding: end), [x]) {
            CPUBackend.averagePool(x.onProcessor, pooling, outputSize: outputSize)
        }
    }

    private static func endPadding(_ x: NDArray, _ pooling: Pooling2D, _ outputSize: IntPair) -> IntPair {
        endPadding(
            x, [x.shape[0], x.shape[1], outputSize.height, outputSize.width],
            extents: [
                pooling.dilation.height * (pooling.kernelSize.height - 1) + 1,
                pooling.dilation.width * (pooling.kernelSize.width - 1) + 1,
            ], stride: pooling.stride, padding: pooling.padding)
    }

    static func adaptiveAveragePool(_ x: NDArray, outputSize: IntPair) -> NDArray? {
        if outputSize == IntPair(1, 1) {
            return fused(.globalAverage, [x]) { CPUBackend.adaptiveAveragePool(x.onProcessor, outputSize: outputSize) }
        }
        return evenParts(x, outputSize).flatMap { averagePool(x, $0, outputSize: outputSize) }
    }

    static func adaptiveMaxPool(_ x: NDArray, outputSize: IntPair, withIndices: Bool) -> MaximaWithIndices? {
        evenParts(x, outputSize).flatMap { maxPool(x, $0, outputSize: outputSize, withIndices: false) }
    }

    /// Adaptive pooling as one with fixed windows, where the sizes divide.
    private static func evenParts(_ x: NDArray, _ outputSize: IntPair) -> Pooling2D? {
        guard outputSize.height > 0, outputSize.width > 0, x.shape[2] % outputSize.height == 0,
            x.shape[3] % outputSize.width == 0
        else { return nil }
        let window = IntPair(x.shape[2] / outputSize.height, x.shape[3] / outputSize.width)
        return Pooling2D(kernelSize: window, stride: window)
    }

    static func resize(_ x: NDArray, _ resizing: Resizing, outputSize: IntPair) -> NDArray? {
        guard resizing.mode != .area, !resizing.antialias else { return nil }
        return fused(.resize(resizing), [x], sizes: [outputSize.height, outputSize.width]) {
            CPUBackend.resize(x.onProcessor, resizing, outputSize: outputSize)
        }
    }

    // MARK: Normalization and attention

    static func softmax(_ x: NDArray, dim: Int, logarithm: Bool) -> NDArray? {
        fused(.softmax(dim: dim, logarithm: logarithm), [x]) {
            CPUBackend.softmax(x.onProcessor, dim: dim, logarithm: logarithm)
        }
    }

    static func layerNorm(
        _ x: NDArray, columns: Int, weight: NDArray?, bias: NDArray?, epsilon: Double
    ) -> (y: NDArray, mean: NDArray, inverseDeviation: NDArray)? {
        guard
            let computed = CPUBackend.layerNorm(
                x.onProcessor, columns: columns, weight: weight?.onProcessor, bias: bias?.onProcessor,
                epsilon: epsilon), let dims = lastDims(x, columns, weight ?? bias)
        else { return nil }
        let operation = TraceOperation.layerNorm(
            dims: dims, epsilon: epsilon, hasWeight: weight != nil, hasBias: bias != nil)
        return fused(operation, [x, weight, bias].compactMap { $0 }) { computed.y }
            .map { ($0, computed.mean, computed.inverseDeviation) }
    }

    static func rmsNorm(
        _ x: NDArray, columns: Int, weight: NDArray?, epsilon: Double
    ) -> (y: NDArray, inverseDeviation: NDArray)? {
        guard
            let computed = CPUBackend.rmsNorm(
                x.onProcessor, columns: columns, weight: weight?.onProcessor, epsilon: epsilon),
            let dims = lastDims(x, columns, weight)
        else { return nil }
        let operation = TraceOperation.rmsNorm(dims: dims, epsilon: epsilon, hasWeight: weight != nil)
        return fused(operation, [x, weight].compactMap { $0 }) { computed.y }.map { ($0, computed.inverseDeviation) }
    }

    /// How many of the last dimensions have so many elements together.
    private static func lastDims(_ x: NDArray, _ columns: Int, _ weight: NDArray?) -> Int? {
        weight?.rank ?? (1...Swift.max(x.rank, 1)).first { x.shape.suffix($0).reduce(1, *) == columns }
    }

    /// Without a mask: rows that see no key are 0 here and NaN in ONNX, so masked attention is composed, and so is
    /// one whose heads share keys.
    static func attention(
        query: NDArray, key: NDArray, value: NDArray, mask: NDArray?, isCausal: Bool, scale: Double
    ) -> (y: NDArray, logSum: NDArray)? {
        guard mask == nil, key.shape[2] > 0, key.shape[1] == query.shape[1],
            let computed = CPUBackend.attention(
                query: query.onProcessor, key: key.onProcessor, value: value.onProcessor, mask: nil,
                isCausal: isCausal, scale: scale)
        else { return nil }
        let operation = TraceOperation.attention(isCausal: isCausal, scale: scale)
        return fused(operation, [query, key, value]) { computed.y }.map { ($0, computed.logSum) }
    }
}
