// Convolution and its two gradients, each an operation whose gradients are the other two, so that it can be
// differentiated any number of times. Transposed convolution, in its own file, is the gradient of the input.

extension Tensor {
    /// Two-dimensional convolution (cross-correlation): [N, C, H, W] → [N, O, H', W'], or without N.
    ///
    /// With K the size of the filter along an axis, the size of the output is
    /// ⌊(H + 2·padding − dilation·(K − 1) − 1) / stride⌋ + 1. Stops if the filter is larger than the padded image.
    ///
    /// - Parameters:
    ///   - weight: [O, C / groups, KH, KW].
    ///   - bias: [O].
    ///   - padding: what is put around the image: a number, `[vertical, horizontal]` or `.same`.
    ///   - groups: into how many parts channels are divided; outputs see only their part.
    ///   - paddingMode: what the padding consists of.
    ///   - activation: what is applied to the sums; as an operation of its own it would take another pass over memory.
    ///   - residual: of the output's shape; it is added before the activation.
    public final func conv2d(
        weight: Tensor, bias: Tensor? = nil, stride: some IntPairConvertible = 1,
        padding: some ConvolutionPaddingConvertible = 0, dilation: some IntPairConvertible = 1, groups: Int = 1,
        paddingMode: PaddingMode = .zeros, activation: FusedActivation = .none, adding residual: Tensor? = nil
    ) -> Tensor {
        conv2d(
            Filters(weight: weight, bias: bias), stride: stride, padding: padding, dilation: dilation, groups: groups,
            paddingMode: paddingMode, activation: activation, adding: residual)
    }

    /// The same with filters that may have been laid out before.
    final func conv2d(
        _ filters: Filters, stride: some IntPairConvertible, padding: some ConvolutionPaddingConvertible,
        dilation: some IntPairConvertible, groups: Int, paddingMode: PaddingMode, activation: FusedActivation,
        adding residual: Tensor?
    ) -> Tensor {
        if rank == 3 {
            return unsqueeze(0).conv2d(
                filters, stride: stride, padding: padding, dilation: dilation, groups: groups,
                paddingMode: paddingMode, activation: activation, adding: residual?.unsqueeze(0)
            ).squeeze(0)
        }
        let (weight, bias) = (filters.weight, filters.bias)
        checkConvolution("conv2d", weight, bias, groups: groups, spatialRank: 2)
        var convolution = Convolution2D(stride: stride.intPair, dilation: dilation.intPair, groups: groups)
        convolution.check("conv2d")
        var window = Window(size: IntPair(Shape(weight.shape.suffix(2))), convolution)
        let (before, after) = padding.convolutionPadding.resolved(extent: window.extent)
        require(
            padding.convolutionPadding.amount != nil || convolution.stride == 1, "conv2d",
            "padding .same keeps the size only with stride 1, not \(convolution.stride)")
        if paddingMode != .zeros && (before, after) != (0, 0) {
            let padded = pad([before.width, after.width, before.height, after.height], mode: paddingMode)
            return padded.conv2d(
                filters, stride: stride, padding: 0, dilation: dilation, groups: groups, paddingMode: .zeros,
                activation: activation, adding: residual)
        }
        convolution.padding = before
        window.padding = before.shape
        let positions = window.positions(over: Shape(shape.suffix(2)), paddedAfter: after.shape)
        require(
            positions.allSatisfy { $0 > 0 }, "conv2d",
            "the filter of \(weight.shape) is larger than the padded image of \(shape)")
        if let residual {
            let expected: Shape = [shape[0], weight.shape[0], positions[0], positions[1]]
            require(
                residual.shape == expected && residual.dtype == dtype, "conv2d",
                "what is added is \(residual.dtype) \(residual.shape); the output is \(dtype) \(expected)")
        }
        return convolved(filters, convolution, positions, activation, adding: residual)
    }

    /// One-dimensional convolution (cross-correlation): [N, C, L] → [N, O, L'], or without N; as `conv2d`.
    ///
    /// - Parameters:
    ///   - weight: [O, C / groups, K].
    ///   - bias: [O].
    ///   - padding: a number or `.same`.
    public final func conv1d(
        weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: some ConvolutionPaddingConvertible = 0,
        dilation: Int = 1, groups: Int = 1, paddingMode: PaddingMode = .zeros
    ) -> Tensor {
        require(
            (rank == 2 || rank == 3) && weight.rank == 3, "conv1d",
            "the shapes are \(shape) and \(weight.shape); expected [N, C, L] and a weight of [O, C / groups, K]")
        let amount = padding.convolutionPadding.amount.map { IntPair(0, $0.width) }
        return unsqueeze(-2).conv2d(
            weight: weight.unsqueeze(2), bias: bias, stride: IntPair(1, stride), padding: ConvolutionPadding(amount),
            dilation: IntPair(1, dilation), groups: groups, paddingMode: paddingMode
        ).squeeze(-2)
    }

    /// The operation itself: 16-bit floats are computed in float32 and rounded once.
    private func convolved(
        _ filters: Filters, _ convolution: Convolution2D, _ positions: Shape,
        _ activation: FusedActivation = .none, adding residual: Tensor? = nil
    ) -> Tensor {
        let (weight, bias) = (filters.weight, filters.bias)
        if dtype.byteCount == 2 {
            return withPrecision(dtype == .float16 ? .float32 : ThreadState.precision) {
                to(.float32).convolved(
                    Filters(weight: weight.to(.float32), bias: bias?.to(.float32)), convolution, positions, activation,
                    adding: residual?.to(.float32)
                ).to(dtype)
            }
        }
        let operands = [self, weight] + [bias, residual].compactMap { $0 }
        if activation.gradientSource == .operand && ThreadState.current.recordsGradients
            && operands.contains(where: \.requiresGrad)
        {
            // Its gradient needs what it was applied to.
            return convolved(filters, convolution, positions, adding: residual).activated(activation)
        }
        if let sum = pointwiseProduct(filters, convolution) {
            return (residual.map { sum + $0 } ?? sum).activated(activation)
        }
        let (inputShape, weightShape, hasBias, hasResidual) = (shape, weight.shape, bias != nil, residual != nil)
        let outputShape: Shape = [shape[0], weight.shape[0], positions[0], positions[1]]
        guard
            let result = backend.convolution(
                array, weight.array, laidOut: filters.laidOut, bias: bias?.array, residual: residual?.array,
                activation: activation, convolution, outputShape: outputShape)
        else {
            let window = Window(size: IntPair(Shape(weightShape.suffix(2))), convolution)
            let product = composedConvolution(weight, window, groups: convolution.groups, positions: positions)
            let sum = bias.map { product + $0.reshape([-1, 1, 1]) } ?? product
            return (residual.map { sum + $0 } ?? sum).activated(activation)
        }
        return Tensor.record(
            .conv2d, result, from: operands,
            saving: [weight.requiresGrad ? compacted() : nil, requiresGrad ? weight : nil],
            savingOutput: activation != .none
        ) { saved, gradient in
            // The kernels of both gradients want this order: it is brought about once.
            let gradient = activation.gradient(gradient, at: saved.output()).channelsLast()
            let gx = saved.needs(0) ? saved[1].map { gradient.convolutionInput($0, convolution, inputShape) } : nil
            let wantsBias = hasBias && saved.needs(2)
            let gw: (weight: Tensor?, bias: Tensor?)
            if saved.needs(1), let x = saved[0] {
                gw = x.convolutionWeight(gradient, convolution, weightShape, withBias: wantsBias)
            } else {
                gw = (nil, wantsBias ? gradient.sum(dims: [0, 2, 3]) : nil)
            }
            return [gx, gw.weight] + (hasBias ? [gw.bias] : []) + (hasResidual ? [gradient] : [])
        }.noting(activation)
    }

    /// The gradient of a convolution's input, of which this tensor is the output's.
    final func convolutionInput(_ weight: Tensor, _ convolution: Convolution2D, _ inputShape: Shape) -> Tensor {
        let (positions, weightShape) = (Shape(shape.suffix(2)), weight.shape)
        guard let result = backend.convolutionInputGradient(array, weight.array, convolution, inputShape: inputShape)
        else {
            let window = Window(size: IntPair(Shape(weightShape.suffix(2))), convolution)
            return composedConvolutionInput(weight, window, groups: convolution.groups, inputShape: inputShape)
        }
        return Tensor.record(
            .conv2dInputGradient, result, from: [self, weight],
            saving: [weight.requiresGrad ? self : nil, requiresGrad ? weight : nil]
        ) { saved, upstream in
            [
                saved[1].map { upstream.convolved(Filters(weight: $0, bias: nil), convolution, positions) },
                saved[0].map { upstream.convolutionWeight($0, convolution, weightShape, withBias: false).weight },
            ]
        }
    }

    /// The gradients of a convolution's weight and bias, where this tensor is the input, maybe rounded, and `gradient` the
    /// output's.
    private func convolutionWeight(
        _ gradient: Tensor, _ convolution: Convolution2D, _ weightShape: Shape, withBias: Bool
    ) -> (weight: Tensor, bias: Tensor?) {
        if dtype != gradient.dtype && ThreadState.current.recordsGradients {
            return to(gradient.dtype).convolutionWeight(gradient, convolution, weightShape, withBias: withBias)
        }
        // The kernel's sum over the bias is not an operation, so it serves only where none is recorded.
        let fusesBias = withBias && !ThreadState.current.recordsGradients
        guard
            let result = backend.convolutionWeightGradient(
                array, gradient.array, convolution, weightShape: weightShape, withBias: fusesBias)
        else {
            let window = Window(size: IntPair(Shape(weightShape.suffix(2))), convolution)
            let product = to(gradient.dtype).composedConvolutionWeight(
                gradient, window, groups: convolution.groups, weightShape: weightShape)
            return (product, withBias ? gradient.sum(dims: [0, 2, 3]) : nil)
        }
        let (inputShape, positions) = (shape, Shape(gradient.shape.suffix(2)))
        let weight = Tensor.record(
            .conv2dWeightGradient, result.weight, from: [self, gradient],
            saving: [gradient.requiresGrad ? self : nil, requiresGrad ? gradient : nil]
        ) { saved, upstream in
            [
                saved[1].map { $0.convolutionInput(upstream, convolution, inputShape) },
                saved[0].map { $0.convolved(Filters(weight: upstream, bias: nil), convolution, positions) },
            ]
        }
        return (weight, fusesBias ? result.bias.map(Tensor.init) : withBias ? gradient.sum(dims: [0, 2, 3]) : nil)
    }
}

// MARK: - Operands that fit

extension Tensor {
    /// Stops unless weight and bias fit an input of [N, C, spatial…] and each other. `transposed` weights are
    /// [C, O / groups, spatial…].
    final func checkConvolution(
        _ operation: String, _ weight: Tensor, _ bias: Tensor?, groups: Int, spatialRank: Int, transposed: Bool = false
    ) {
        let rank = spatialRank + 2
        requireSameBackend(operation, weight, bias)
        require(
            self.rank == rank && weight.rank == rank, operation,
            "the input has shape \(shape) and the weight \(weight.shape); both must have \(rank) dimensions")
        require(groups > 0, operation, "\(groups) groups are not a number of groups")
        let (inputs, outputs) =
            transposed ? (weight.shape[0], weight.shape[1] * groups) : (weight.shape[1] * groups, weight.shape[0])
        require(
            shape[1] == inputs && (transposed ? inputs : outputs) % groups == 0, operation,
            "an input of shape \(shape) does not fit a weight of shape \(weight.shape) in \(groups.counted("group")), which "
                + "wants \(inputs) channels")
        require(
            weight.dtype == dtype && (dtype.isFloatingPoint || dtype == .int64), operation,
            "the input is \(dtype) and the weight \(weight.dtype); both must be of one floating-point type, or int64")
        guard let bias else { return }
        require(
            bias.shape == [outputs] && bias.dtype == dtype, operation,
            "the bias is \(bias.dtype) \(bias.shape); for \(outputs) outputs it must be \(dtype) [\(outputs)]")
    }
}

extension Convolution2D {
    /// Traps on a stride or dilation that is not a step.
    func check(_ operation: String) {
        require(
            stride.height > 0 && stride.width > 0 && dilation.height > 0 && dilation.width > 0, operation,
            "stride \(stride) and dilation \(dilation) must be positive")
    }
}
