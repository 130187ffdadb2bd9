extension Tensor {
    /// Batch normalization (Ioffe and Szegedy, 2015) of [N, C, …]: each channel is brought to mean 0 and variance 1,
    /// then scaled and shifted. Shape is unchanged.
    ///
    /// In training the batch's own mean and (biased) variance are used, and the running ones move towards them in
    /// place, with the unbiased variance: running = (1 − momentum)·running + momentum·batch. Otherwise the running ones
    /// are used. Stops in training if there is only one value per channel.
    ///
    /// An activation and what is added before it, as in residual networks, are applied in the same pass over memory,
    /// and their gradients computed in the passes of the normalization's.
    ///
    /// - Parameters:
    ///   - runningMean: [C]; may be `nil` in training.
    ///   - runningVar: [C]; may be `nil` in training.
    ///   - weight: [C]; ones by default.
    ///   - bias: [C]; zeros by default.
    ///   - eps: added to the variance.
    ///   - activation: what is applied to the result.
    ///   - residual: of this tensor's shape; it is added before the activation.
    public final func batchNorm(
        runningMean: Tensor? = nil, runningVar: Tensor? = nil, weight: Tensor? = nil, bias: Tensor? = nil,
        training: Bool, momentum: Double = 0.1, eps: Double = 1e-5, activation: FusedActivation = .none,
        adding residual: Tensor? = nil
    ) -> Tensor {
        // PyTorch lets nothing pass whatever its shape.
        if rank == 1 && count == 0 { return clone() }
        require(
            rank >= 2 && dtype.isFloatingPoint, "batchNorm",
            "the input is \(dtype) of shape \(shape); expected floating-point numbers of shape [N, C, …]")
        for (name, operand) in [
            ("weight", weight), ("bias", bias), ("running mean", runningMean), ("running variance", runningVar),
        ] {
            require(
                operand.map { $0.shape == [shape[1]] } ?? true, "batchNorm",
                "the \(name) has shape \(operand!.shape); an input of \(shape) wants [\(shape[1])]")
        }
        requireSameBackend("batchNorm", weight, bias, runningMean, runningVar, residual)
        require(
            residual.map { $0.shape == shape && $0.dtype == dtype } ?? true, "batchNorm",
            "what is added is \(residual?.dtype ?? dtype) \(residual?.shape ?? []); the input is \(dtype) \(shape)")
        if dtype.byteCount == 2 {
            return to(.float32).batchNorm(
                runningMean: runningMean, runningVar: runningVar, weight: weight?.to(.float32),
                bias: bias?.to(.float32), training: training, momentum: momentum, eps: eps, activation: activation,
                adding: residual?.to(.float32)
            ).to(dtype)
        }
        if training, let others = ThreadState.current.settings.sharedStatistics {
            return normalizedWithOthers(
                others, weight, bias, eps, activation, adding: residual,
                running: (runningMean, runningVar, momentum))
        }
        if training {
            let perChannel = shape[1] == 0 ? 0 : count / shape[1]
            require(
                perChannel != 1, "batchNorm",
                "an input of shape \(shape) has one value per channel, whose variance says nothing; use eval mode")
            let running = RunningStatistics(
                mean: runningMean, variance: runningVar, momentum: momentum, perChannel: perChannel)
            if let residual, activation.gradientSource == .operand {
                // Its gradient needs what it was applied to, which the kernels find only from the input.
                return batchNormalized(weight, bias, eps, running, .none, adding: residual).activated(activation)
            }
            return batchNormalized(weight, bias, eps, running, activation, adding: residual)
        }
        guard let runningMean, let runningVar else {
            fail("batchNorm", "outside training it needs the running mean and variance")
        }
        return normalizedByRunning(
            runningMean.to(dtype), runningVar.to(dtype), weight, bias, eps, activation, adding: residual)
    }

    /// With the batch's statistics.
    private func batchNormalized(
        _ weight: Tensor?, _ bias: Tensor?, _ eps: Double, _ running: RunningStatistics, _ activation: FusedActivation,
        adding residual: Tensor?
    ) -> Tensor {
        let dims = [0] + Array(2..<rank)
        guard
            let result = backend.batchNorm(
                array, weight: weight?.array, bias: bias?.array, epsilon: eps, residual: residual?.array,
                activation: activation)
        else {
            let mean = self.mean(dims: dims, keepDim: true)
            let centered = self - mean
            let variance = centered.square().mean(dims: dims, keepDim: true)
            if count > 0 { running.follow(mean.array, variance.array) }
            let normalized = (centered * (variance + eps).rsqrt()).scaled(weight, bias, dim: 1)
            return (residual.map { normalized + $0 } ?? normalized).activated(activation)
        }
        running.follow(result.mean, result.variance)
        let operands = BatchNormOperands(weight: weight != nil, bias: bias != nil, residual: residual != nil)
        let readsOutput = activation != .none && residual != nil
        let roundsOutput = readsOutput && result.y.isReadRounded
        return Tensor.record(
            .batchNorm, result.y, from: [self] + [weight, bias, residual].compactMap { $0 },
            saving: [
                compacted(), weight, bias, Tensor(result.mean), Tensor(result.inverseDeviation),
                roundsOutput ? Tensor.compacted(result.y) : nil,
            ],
            savingOutput: readsOutput && !roundsOutput
        ) { saved, gradient in
            operands.gradients(
                saved, gradient, activation, output: readsOutput ? saved[5] ?? saved.output() : nil, dims: dims,
                eps: eps)
        }.noting(activation)
    }

    /// With statistics that are constants: one multiplication and one addition.
    private func normalizedByRunning(
        _ mean: Tensor, _ variance: Tensor, _ weight: Tensor?, _ bias: Tensor?, _ eps: Double,
        _ activation: FusedActivation, adding residual: Tensor?
    ) -> Tensor {
        let inverse = (variance + eps).rsqrt()
        let scale = weight.map { $0 * inverse } ?? inverse
        let shift = bias.map { $0 - mean * scale } ?? -(mean * scale)
        let operands = [self, scale, shift] + (residual.map { [$0] } ?? [])
        if ThreadState.current.recordsGradients && operands.contains(where: \.requiresGrad) {
            let scaled = scaledChannels(scale, shift)
            return (residual.map { scaled + $0 } ?? scaled).activated(activation)
        }
        return scaledChannels(scale, shift, activation, adding: residual)
    }

    /// `activation(self · scale + shift + residual)` for each channel; recorded only without the latter two.
    final func scaledChannels(
        _ scale: Tensor, _ shift: Tensor, _ activation: FusedActivation = .none, adding residual: Tensor? = nil
    ) -> Tensor {
        let channels = Shape.channels(of: self)
        guard
            let result = backend.scaleChannels(
                array, scale: scale.array, shift: shift.array, residual: residual?.array, activation: activation)
        else {
            let scaled = self * scale.reshape(channels) + shift.reshape(channels)
            return (residual.map { scaled + $0 } ?? scaled).activated(activation)
        }
        let dims = [0] + Array(2..<rank)
        return Tensor.record(
            .batchNorm, result, from: [self, scale, shift],
            saving: [scale.requiresGrad ? self : nil, requiresGrad ? scale : nil]
        ) { saved, gradient in
            [
                saved[1].map { gradient * $0.reshape(channels) },
                saved[0].map { (gradient * $0).sum(dims: dims) },
                saved.needs(2) ? gradient.sum(dims: dims) : nil,
            ]
        }
    }

    /// Instance normalization (Ulyanov, Vedaldi and Lempitsky, 2016) of [N, C, …]: each channel of each sample is
    /// brought to mean 0 and variance 1, then scaled and shifted by channel. Shape is unchanged.
    ///
    /// - Parameters:
    ///   - runningMean: [C]; moves towards the mean over the samples of their means, in place, as in `batchNorm`.
    ///   - runningVar: [C]; moves towards the mean over the samples of their unbiased variances.
    ///   - useInputStats: whether each sample is normalized by its own statistics; if not, by the running ones.
    public final func instanceNorm(
        runningMean: Tensor? = nil, runningVar: Tensor? = nil, weight: Tensor? = nil, bias: Tensor? = nil,
        useInputStats: Bool = true, momentum: Double = 0.1, eps: Double = 1e-5
    ) -> Tensor {
        require(rank >= 3, "instanceNorm", "the input has shape \(shape); expected [N, C, …]")
        if !useInputStats {
            return batchNorm(
                runningMean: runningMean, runningVar: runningVar, weight: weight, bias: bias, training: false, eps: eps)
        }
        noGrad {
            let dims = Array(2..<rank)
            let x = detach()
            runningMean?.follow(x.mean(dims: dims).mean(dim: 0), momentum)
            runningVar?.follow(x.var(dims: dims).mean(dim: 0), momentum)
        }
        return groupNorm(groups: shape[1], weight: weight, bias: bias, eps: eps)
    }

    /// Moves this running statistic towards that of a batch, in place.
    private func follow(_ batch: Tensor, _ momentum: Double) {
        require(shape == batch.shape, "instanceNorm", "a running statistic has shape \(shape), not \(batch.shape)")
        copy(from: self * (1 - momentum) + batch.to(dtype) * momentum)
    }

    /// `self · weight + bias` along one dimension.
    final func scaled(_ weight: Tensor?, _ bias: Tensor?, dim: Int) -> Tensor {
        var form = Shape(repeating: 1, count: rank)
        form[dim] = shape[dim]
        let scaled = weight.map { self * $0.reshape(form) } ?? self
        return bias.map { scaled + $0.reshape(form) } ?? scaled
    }
}

/// Which operands a recorded batch normalization has besides its input, in their order.
struct BatchNormOperands {
    let weight: Bool
    let bias: Bool
    let residual: Bool

    /// The gradients of all operands; `saved` holds input, weight, bias, mean and inverse deviation. Input and output may be
    /// rounded.
    ///
    /// - Parameter sharing: where the statistics are those of several slots.
    func gradients(
        _ saved: Saved, _ gradient: Tensor, _ activation: FusedActivation, output: Tensor?, dims: [Int], eps: Double,
        sharing: SharedNormalization? = nil
    ) -> [Tensor?] {
        let (biasPosition, residualPosition) = (weight ? 2 : 1, 1 + (weight ? 1 : 0) + (bias ? 1 : 0))
        let wanted = NormalizationGradients(
            x: saved.needs(0), weight: weight && saved.needs(1), bias: bias && saved.needs(biasPosition))
        let wantsResidual = residual && saved.needs(residualPosition)
        let x = saved.tensor(0)
        // Without an activation the residual's gradient is the upstream one itself.
        let inPlace = saved.ownsGradient && !(residual && activation == .none)
        var found: (operands: NormalizationGradients<Tensor?>, residual: Tensor?)
        if let sharing {
            found = sharing.gradients(
                saved, gradient, activation, output: output, dims: dims, wanted: wanted,
                wantsResidual: wantsResidual && activation != .none, inPlace: inPlace)
        } else if !ThreadState.current.recordsGradients,
            let result = x.backend.batchNormGradient(
                gradient.array, x.array, weight: saved[1]?.array, bias: saved[2]?.array, mean: saved.tensor(3).array,
                inverseDeviation: saved.tensor(4).array, activation: activation, output: output?.array, wanted: wanted,
                wantsResidual: wantsResidual && activation != .none, inPlace: inPlace)
        {
            found = (result.operands.map { $0.map(Tensor.init) }, result.residual.map(Tensor.init) ?? gradient)
        } else {
            found = composed(
                x.to(gradient.dtype), saved[1], saved[2], gradient, activation, output, dims, eps)
        }
        return [found.operands.x] + (weight ? [found.operands.weight] : []) + (bias ? [found.operands.bias] : [])
            + (residual ? [found.residual] : [])
    }

    /// In operations, which can be differentiated again.
    private func composed(
        _ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, _ gradient: Tensor, _ activation: FusedActivation,
        _ output: Tensor?, _ dims: [Int], _ eps: Double
    ) -> (operands: NormalizationGradients<Tensor?>, residual: Tensor?) {
        // Without a residual there is no output: relu's gradient may as well be obtained from what it was applied to.
        let upstream = activation.gradient(
            gradient, at: output ?? x.standardized(over: dims, eps).scaled(weight, bias, dim: 1))
        let channels = Shape.channels(of: x)
        var operands = x.normalizationGradients(upstream, weight: weight?.reshape(channels), over: dims, eps)
        operands.weight = operands.weight?.sum(dims: dims)
        operands.bias = operands.bias?.sum(dims: dims)
        return (operands, upstream)
    }
}

/// The statistics that batch normalization keeps for use outside training.
struct RunningStatistics {
    let mean: Tensor?
    let variance: Tensor?
    let momentum: Double
    /// How many values of a batch belong to one channel.
    let perChannel: Int

    /// Moves the statistics towards those of a batch, in place; `variance` is the biased one.
    func follow(_ batchMean: NDArray, _ batchVariance: NDArray) {
        let unbiased = batchVariance.unary(
            .affine(scale: Double(perChannel) / Double(Swift.max(perChannel - 1, 1)), shift: 0))
        move(mean, towards: batchMean)
        move(variance, towards: unbiased)
    }

    private func move(_ running: Tensor?, towards value: NDArray) {
        guard let running else { return }
        let value = value.cast(to: running.dtype).viewed(as: running.shape)!
        running.backend.updateAverage(running.array, with: value, decay: 1 - momentum)
        running.array.storage.noteChange(by: "batchNorm")
    }
}

extension Shape {
    /// [C, 1, …]: the form in which one number per channel meets `image`, [N, C, …].
    fileprivate static func channels(of image: Tensor) -> Shape {
        var form = Shape(repeating: 1, count: image.rank - 1)
        form[0] = image.shape[1]
        return form
    }
}
