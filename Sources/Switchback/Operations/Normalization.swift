// Normalizations of each sample by itself.

extension Tensor {
    /// Layer normalization (Ba, Kiros and Hinton, 2016): the last dimensions, as many as `normalizedShape` has, are
    /// together brought to mean 0 and variance 1, then scaled and shifted. Shape is unchanged.
    ///
    /// - Parameters:
    ///   - normalizedShape: the last sizes of the input.
    ///   - weight: of that shape; ones by default.
    ///   - bias: of that shape; zeros by default.
    ///   - eps: added to the variance.
    public final func layerNorm(
        _ normalizedShape: Shape, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
    ) -> Tensor {
        checkNormalized("layerNorm", normalizedShape, weight, bias)
        if dtype.byteCount == 2 {
            return to(.float32).layerNorm(
                normalizedShape, weight: weight?.to(.float32), bias: bias?.to(.float32), eps: eps
            ).to(dtype)
        }
        let columns = normalizedShape.elementCount
        let dims = Array(rank - normalizedShape.count..<rank)
        guard
            let result = backend.layerNorm(
                array, columns: columns, weight: weight?.array, bias: bias?.array, epsilon: eps)
        else {
            let normalized = standardized(over: dims, eps)
            let scaled = weight.map { normalized * $0 } ?? normalized
            return bias.map { scaled + $0 } ?? scaled
        }
        return recordNormalization(
            "layerNorm", result.y, weight, bias, statistics: [Tensor(result.mean), Tensor(result.inverseDeviation)],
            fused: { x, weight, statistics, gradient, wanted in
                x.backend.layerNormGradient(
                    gradient.array, x.array, columns: columns, weight: weight?.array, mean: statistics[0].array,
                    inverseDeviation: statistics[1].array, wanted: wanted)
            },
            composed: { x, weight, gradient in
                x.normalizationGradients(gradient, weight: weight, over: dims, eps)
            })
    }

    /// Root mean square normalization (Zhang and Sennrich, 2019): the last dimensions, as many as `normalizedShape`
    /// has, are together divided by the root of their mean square, then scaled. Shape is unchanged.
    ///
    /// - Parameters:
    ///   - weight: of the normalized shape; ones by default.
    ///   - eps: added to the mean square; by default the smallest step above 1 of the element type.
    public final func rmsNorm(_ normalizedShape: Shape, weight: Tensor? = nil, eps: Double? = nil) -> Tensor {
        checkNormalized("rmsNorm", normalizedShape, weight, nil)
        // That of the type in which it is computed.
        let eps = eps ?? (dtype.isShortFloat ? DType.float32 : dtype).machineEpsilon
        if dtype.byteCount == 2 {
            return to(.float32).rmsNorm(normalizedShape, weight: weight?.to(.float32), eps: eps).to(dtype)
        }
        let columns = normalizedShape.elementCount
        let dims = Array(rank - normalizedShape.count..<rank)
        guard let result = backend.rmsNorm(array, columns: columns, weight: weight?.array, epsilon: eps) else {
            let normalized = self * inverseRootMeanSquare(over: dims, eps)
            return weight.map { normalized * $0 } ?? normalized
        }
        return recordNormalization(
            "rmsNorm", result.y, weight, nil, statistics: [Tensor(result.inverseDeviation)],
            fused: { x, weight, statistics, gradient, wanted in
                x.backend.rmsNormGradient(
                    gradient.array, x.array, columns: columns, weight: weight?.array,
                    inverseDeviation: statistics[0].array, wanted: wanted)
            },
            composed: { x, weight, gradient in x.rmsNormGradients(gradient, weight, over: dims, eps) })
    }

    /// Group normalization (Wu and He, 2018) of [N, C, …]: neighboring channels, C / groups of them, are together
    /// brought to mean 0 and variance 1 in each sample, then scaled and shifted by channel. Shape is unchanged.
    ///
    /// - Parameters:
    ///   - groups: into how many parts the channels are divided.
    ///   - weight: [C]; ones by default.
    ///   - bias: [C]; zeros by default.
    public final func groupNorm(
        groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
    ) -> Tensor {
        require(
            rank >= 2 && groups > 0 && shape[1] % groups == 0, "groupNorm",
            "an input of shape \(shape) cannot be divided into \(groups) groups of channels; expected [N, C, …]")
        if dtype.isShortFloat {
            return to(.float32).groupNorm(
                groups: groups, weight: weight?.to(.float32), bias: bias?.to(.float32), eps: eps
            ).to(dtype)
        }
        let columns = shape[1] / Swift.max(groups, 1) * shape.dropFirst(2).reduce(1, *)
        let normalized = reshape([shape[0], groups, columns]).layerNorm([columns], eps: eps)
        return normalized.reshape(shape).scaled(weight, bias, dim: 1)
    }

    /// Local response normalization (Krizhevsky, Sutskever and Hinton, 2012) of [N, C, …]: each element is divided by
    /// (k + alpha · the mean square over `size` neighboring channels)^beta. Shape is unchanged.
    public final func localResponseNorm(
        size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1
    ) -> Tensor {
        require(
            rank >= 2 && size > 0, "localResponseNorm",
            "the input has shape \(shape) and the neighborhood \(size) channels; expected [N, C, …] and at least 1")
        if dtype.isShortFloat {
            return to(.float32).localResponseNorm(size: size, alpha: alpha, beta: beta, k: k).to(dtype)
        }
        let neighbors = Window(size: [size], stride: [1], padding: [size / 2], dilation: [1])
        let flat = reshape([shape[0], shape[1], shape.dropFirst(2).reduce(1, *)]).transpose(1, 2)
        let means = flat.square().windows(neighbors, positions: [shape[1]]).sum(dim: 2) / Double(size)
        return self / (means * alpha + k).pow(beta).transpose(1, 2).reshape(shape)
    }

    /// Each line along `dim` divided by its `p`-norm, or by `eps` where that is larger. Shape is unchanged.
    public final func normalize(p: Double = 2, dim: Int = 1, eps: Double = 1e-12) -> Tensor {
        let dim = dimension(dim, "normalize")
        // In 16 bits squares overflow early, and eps is 0.
        if dtype.isShortFloat {
            return to(.float32).normalize(p: p, dim: dim, eps: eps).to(dtype)
        }
        return self / norm(p: p, dim: dim, keepDim: true).clamp(min: eps)
    }

    /// The cosine of the angle between the lines of two tensors along `dim`, which disappears. Norms below `eps` count
    /// as `eps`. The shapes broadcast.
    public final func cosineSimilarity(_ other: Tensor, dim: Int = 1, eps: Double = 1e-8) -> Tensor {
        for vectors in [self, other] { vectors.requireDimensions([dim], "cosineSimilarity") }
        if dtype.isShortFloat && other.dtype == dtype {
            return to(.float32).cosineSimilarity(other.to(.float32), dim: dim, eps: eps).to(dtype)
        }
        func length(_ x: Tensor) -> Tensor { x.square().sum(dim: dim).clamp(min: eps * eps).sqrt() }
        return (self * other).sum(dim: dim) / (length(self) * length(other))
    }
}

// MARK: - Formulas

extension Tensor {
    /// (x − mean) / √(variance + eps), both over `dims`.
    final func standardized(over dims: [Int], _ eps: Double) -> Tensor {
        let centered = self - mean(dims: dims, keepDim: true)
        return centered * centered.inverseRootMeanSquare(over: dims, eps)
    }

    final func inverseRootMeanSquare(over dims: [Int], _ eps: Double) -> Tensor {
        (square().mean(dims: dims, keepDim: true) + eps).rsqrt()
    }

    /// The gradients of y = standardized(x)·weight + bias from that of y, in operations, which can be differentiated
    /// again. Those of weight and bias have the shape of y: they are summed where they are used.
    final func normalizationGradients(
        _ gradient: Tensor, weight: Tensor?, over dims: [Int], _ eps: Double
    ) -> NormalizationGradients<Tensor?> {
        let centered = self - mean(dims: dims, keepDim: true)
        let inverse = centered.inverseRootMeanSquare(over: dims, eps)
        let normalized = centered * inverse
        let upstream = weight.map { gradient * $0 } ?? gradient
        let projection = (upstream * normalized).mean(dims: dims, keepDim: true)
        let gx = (upstream - upstream.mean(dims: dims, keepDim: true) - normalized * projection) * inverse
        return NormalizationGradients(x: gx, weight: gradient * normalized, bias: gradient)
    }

    /// The gradients of y = x / rootMeanSquare(x) · weight, as `normalizationGradients`.
    private func rmsNormGradients(
        _ gradient: Tensor, _ weight: Tensor?, over dims: [Int], _ eps: Double
    ) -> NormalizationGradients<Tensor?> {
        let inverse = inverseRootMeanSquare(over: dims, eps)
        let normalized = self * inverse
        let upstream = weight.map { gradient * $0 } ?? gradient
        let projection = (upstream * normalized).mean(dims: dims, keepDim: true)
        return NormalizationGradients(
            x: (upstream - normalized * projection) * inverse, weight: gradient * normalized, bias: nil)
    }

    /// Records a fused normalization of this tensor, whose gradient is fused too unless it is itself recorded.
    final func recordNormalization(
        _ name: OperationName, _ y: NDArray, _ weight: Tensor?, _ bias: Tensor?, statistics: [Tensor],
        fused:
            @escaping @Sendable (
                _ x: Tensor, _ weight: Tensor?, _ statistics: [Tensor], _ gradient: Tensor,
                _ wanted: NormalizationGradients<Bool>
            ) -> NormalizationGradients<NDArray?>?,
        composed:
            @escaping @Sendable (
                _ x: Tensor, _ weight: Tensor?, _ gradient: Tensor
            ) -> NormalizationGradients<Tensor?>
    ) -> Tensor {
        let (weightShape, biasShape) = (weight?.shape, bias?.shape)
        let count = statistics.count
        return Tensor.record(
            name, y, from: [self, weight, bias].compactMap { $0 }, saving: [self, weight] + statistics
        ) { saved, gradient in
            let x = saved.tensor(0)
            let wanted = NormalizationGradients(
                x: saved.needs(0), weight: weightShape != nil && saved.needs(1),
                bias: biasShape != nil && saved.needs(weightShape == nil ? 1 : 2))
            let statistics = (0..<count).map { saved.tensor(2 + $0) }
            let found: NormalizationGradients<Tensor?>
            if !ThreadState.current.recordsGradients,
                let result = fused(x, saved[1], statistics, gradient, wanted)
            {
                found = result.map { $0.map(Tensor.init) }
            } else {
                found = composed(x, saved[1], gradient)
            }
            var gradients = [found.x]
            if let weightShape { gradients.append(found.weight?.shapedLike(weightShape)) }
            if let biasShape { gradients.append(found.bias?.shapedLike(biasShape)) }
            return gradients
        }
    }

    /// A fused gradient comes flat, and is brought to its parameter's shape; a composed one has more dimensions, which
    /// the engine sums over.
    private func shapedLike(_ shape: Shape) -> Tensor {
        count == shape.elementCount ? reshape(shape) : self
    }

    private func checkNormalized(_ operation: String, _ normalizedShape: Shape, _ weight: Tensor?, _ bias: Tensor?) {
        require(
            !normalizedShape.isEmpty && rank >= normalizedShape.count
                && Shape(shape.suffix(normalizedShape.count)) == normalizedShape && dtype.isFloatingPoint, operation,
            "the input is \(dtype) of shape \(shape), which is not floating-point or does not end in "
                + "\(normalizedShape)")
        for (name, operand) in [("weight", weight), ("bias", bias)] {
            guard let operand else { continue }
            requireSameBackend(operation, operand)
            require(
                operand.shape == normalizedShape && operand.dtype == dtype, operation,
                "the \(name) is \(operand.dtype) \(operand.shape); it must be \(dtype) \(normalizedShape)")
        }
    }
}

extension DType {
    /// The distance from 1 to the next larger number.
    fileprivate var machineEpsilon: Double {
        switch self {
        case .float64: 0x1p-52
        case .float16: 0x1p-10
        case .bfloat16: 0x1p-7
        default: 0x1p-23
        }
    }
}
