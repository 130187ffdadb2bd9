// Maxima and averages over windows of an image.

extension Tensor {
    /// The maximum of each window: [N, C, H, W] → [N, C, H', W'], or without N. Gradients go to the first maximum.
    ///
    /// With K the size of the window along an axis, the size of the output is
    /// ⌊(H + 2·padding − dilation·(K − 1) − 1) / stride⌋ + 1, rounded up instead with `ceilMode`.
    ///
    /// - Parameters:
    ///   - stride: the window's steps; its size by default.
    ///   - padding: at most half the window; padding is never the maximum.
    ///   - ceilMode: whether windows may reach beyond the padded image, if they start inside it.
    public final func maxPool2d(
        kernelSize: some IntPairConvertible, stride: (any IntPairConvertible)? = nil,
        padding: some IntPairConvertible = 0, dilation: some IntPairConvertible = 1, ceilMode: Bool = false
    ) -> Tensor {
        let pooling = Pooling2D(
            kernelSize: kernelSize.intPair, stride: (stride ?? kernelSize).intPair, padding: padding.intPair,
            dilation: dilation.intPair)
        return batched("maxPool2d", spatialRank: 2) { image in
            image.maxPooled(pooling, image.positions("maxPool2d", pooling, ceilMode: ceilMode))
        }
    }

    /// The maximum of each window: [N, C, L] → [N, C, L'], or without N; as `maxPool2d`.
    public final func maxPool1d(
        kernelSize: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, ceilMode: Bool = false
    ) -> Tensor {
        asImage("maxPool1d") {
            $0.maxPool2d(
                kernelSize: IntPair(1, kernelSize), stride: IntPair(1, stride ?? kernelSize),
                padding: IntPair(0, padding), dilation: IntPair(1, dilation), ceilMode: ceilMode)
        }
    }

    /// The average of each window: [N, C, H, W] → [N, C, H', W'], or without N; sizes as in `maxPool2d`.
    ///
    /// - Parameters:
    ///   - countIncludePad: whether padding counts as zeros; if not, only elements of the image are averaged.
    ///   - divisorOverride: divides each window's sum by this instead of by its number of elements.
    public final func avgPool2d(
        kernelSize: some IntPairConvertible, stride: (any IntPairConvertible)? = nil,
        padding: some IntPairConvertible = 0, ceilMode: Bool = false, countIncludePad: Bool = true,
        divisorOverride: Int? = nil
    ) -> Tensor {
        require(divisorOverride != 0, "avgPool2d", "the divisor must not be 0")
        let pooling = Pooling2D(
            kernelSize: kernelSize.intPair, stride: (stride ?? kernelSize).intPair, padding: padding.intPair,
            countsPadding: countIncludePad, divisor: divisorOverride)
        return batched("avgPool2d", spatialRank: 2) { image in
            image.averagePooled(pooling, image.positions("avgPool2d", pooling, ceilMode: ceilMode))
        }
    }

    /// The average of each window: [N, C, L] → [N, C, L'], or without N; as `avgPool2d`.
    public final func avgPool1d(
        kernelSize: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false, countIncludePad: Bool = true
    ) -> Tensor {
        asImage("avgPool1d") {
            $0.avgPool2d(
                kernelSize: IntPair(1, kernelSize), stride: IntPair(1, stride ?? kernelSize),
                padding: IntPair(0, padding), ceilMode: ceilMode, countIncludePad: countIncludePad)
        }
    }
}

// MARK: - The operations

extension Tensor {
    private func maxPooled(_ pooling: Pooling2D, _ size: IntPair) -> Tensor {
        let recorded = requiresGrad && ThreadState.current.recordsGradients
        guard let maxima = backend.maxPool(array, pooling, outputSize: size, withIndices: recorded) else {
            return composedMaxPool(pooling, size)
        }
        let inputShape = shape
        return recordMaxima("maxPool2d", maxima) { [inputShape] gradient, indices in
            gradient.backend.maxPoolGradient(gradient.array, indices: indices.array, pooling, inputShape: inputShape)
        }
    }

    /// Records fused maxima, whose gradient is a kernel that spreads it to the places of the maxima. Which these are
    /// does not change with the values, so the second derivative gathers from there again.
    final func recordMaxima(
        _ name: OperationName, _ maxima: MaximaWithIndices,
        spread: @escaping @Sendable (_ gradient: Tensor, _ indices: Tensor) -> NDArray?
    ) -> Tensor {
        Tensor.record(name, maxima.values, from: [self], saving: [maxima.indices.map(Tensor.init)]) {
            [inputShape = shape] saved, gradient in
            let indices = saved.tensor(0)
            if !ThreadState.current.recordsGradients, let result = spread(gradient, indices) { return [Tensor(result)] }
            let flat = gradient.newZeros([inputShape[0], inputShape[1], inputShape[2] * inputShape[3]])
            let positions = indices.to(.int64).flatten(start: 2)
            return [flat.scatterAdd(dim: 2, index: positions, source: gradient.flatten(start: 2)).reshape(inputShape)]
        }
    }

    private func composedMaxPool(_ pooling: Pooling2D, _ size: IntPair) -> Tensor {
        let windows = windows(pooling.window, positions: size.shape, outside: dtype.lowest)
        return windows.flatten(start: 2, end: 3).max(dim: 2).values
    }

    private func averagePooled(_ pooling: Pooling2D, _ size: IntPair) -> Tensor {
        guard let result = backend.averagePool(array, pooling, outputSize: size) else {
            return inFloat32 { $0.composedAveragePool(pooling, size) }
        }
        let inputShape = shape
        return Tensor.record("avgPool2d", result, from: [self]) { _, gradient in
            [gradient.averageUnpooled(pooling, size, inputShape)]
        }
    }

    /// The gradient of an average pooling's input, of which this tensor is the output's.
    private func averageUnpooled(_ pooling: Pooling2D, _ size: IntPair, _ inputShape: Shape) -> Tensor {
        guard let result = backend.averagePoolGradient(array, pooling, inputShape: inputShape) else {
            fail("avgPool2d", "the backend \(backend.name) has no gradient of its fused average pooling")
        }
        return Tensor.record("avgPool2d gradient", result, from: [self]) { _, upstream in
            [upstream.averagePooled(pooling, size)]
        }
    }

    private func composedAveragePool(_ pooling: Pooling2D, _ size: IntPair) -> Tensor {
        let sums = windows(pooling.window, positions: size.shape).sum(dims: [2, 3])
        if let divisor = pooling.divisor { return sums / Double(divisor) }
        let rows = pooling.elementCounts(0, input: shape[2], positions: size.height)
        let columns = pooling.elementCounts(1, input: shape[3], positions: size.width)
        let counts = rows.flatMap { row in columns.map { row * $0 } }
        return sums / Tensor(counts, shape: size.shape, dtype: dtype, like: self)
    }
}

// MARK: - Sizes

extension Pooling2D {
    fileprivate var window: Window {
        Window(
            size: kernelSize.shape, stride: stride.shape, padding: padding.shape, dilation: dilation.shape)
    }

    /// How many elements the windows at each position along an axis count: those inside the image, or with padding.
    fileprivate func elementCounts(_ axis: Int, input: Int, positions: Int) -> [Double] {
        let padding = padding.shape[axis]
        let bounds = countsPadding ? -padding..<input + padding : 0..<input
        return (0..<positions).map { position in
            let start = position * stride.shape[axis] - padding
            return Double((start..<start + kernelSize.shape[axis]).clamped(to: bounds).count)
        }
    }
}

extension Tensor {
    /// How many positions the window has over an image. Stops where it does not fit.
    fileprivate func positions(_ operation: String, _ pooling: Pooling2D, ceilMode: Bool) -> IntPair {
        IntPair(poolingPositions(operation, pooling.window, ceilMode: ceilMode))
    }

    /// How many positions a pooling window has over each spatial dimension. Stops where it does not fit.
    final func poolingPositions(_ operation: String, _ window: Window, ceilMode: Bool) -> Shape {
        for dim in 0..<window.rank {
            require(
                window.size[dim] > 0 && window.stride[dim] > 0 && window.dilation[dim] > 0, operation,
                "a window of \(window.size) with stride \(window.stride) and dilation \(window.dilation) has "
                    + "a size that is not positive")
            require(
                window.padding[dim] >= 0 && 2 * window.padding[dim] <= window.size[dim], operation,
                "padding \(window.padding) is more than half of the window \(window.size)")
        }
        let result = Shape(
            (0..<window.rank).map { dim in
                let (input, padding, stride) = (shape[2 + dim], window.padding[dim], window.stride[dim])
                let room = input + 2 * padding - window.extent(dim)
                if room < 0 && !(ceilMode && room > -stride) { return 0 }
                let count = (ceilMode ? (room + stride - 1) : room) / stride + 1
                // A window that would start behind the image is omitted.
                return ceilMode && (count - 1) * stride >= input + padding ? count - 1 : count
            })
        require(
            result.allSatisfy { $0 > 0 }, operation,
            "a window of \(window.size) does not fit into an image of shape \(shape)")
        return result
    }

    /// Runs an operation on [N, C, spatial…], also where N is omitted.
    final func batched(_ operation: String, spatialRank: Int, _ body: (Tensor) -> Tensor) -> Tensor {
        require(
            rank == spatialRank + 1 || rank == spatialRank + 2, operation,
            "the input has shape \(shape); expected [N, C, \(["L", "H, W", "D, H, W"][spatialRank - 1])], or the same without N"
        )
        return rank == spatialRank + 2 ? body(self) : body(unsqueeze(0)).squeeze(0)
    }

    /// Runs an operation on images of height 1 for a sequence [N, C, L], also where N is omitted.
    final func asImage(_ operation: String, _ body: (Tensor) -> Tensor) -> Tensor {
        batched(operation, spatialRank: 1) { body($0.unsqueeze(2)).squeeze(2) }
    }
}
