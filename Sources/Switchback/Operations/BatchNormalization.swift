extension Tensor {
    /// Batch normalization (Ioffe and Szegedy, 2015) of [N, C, …]: each channel is brought to mean 0 and variance 1,
    /// then scaled and shifted. Shape is unchanged.
    ///
    /// In training the batch's own mean and (biased) variance are used, and the running ones move towards them in
    /// place, with the unbiased variance: running = (1 − momentum)·running + momentum·batch. Otherwise the running ones
    /// are used. Stops in training if there is only one value per channel.
    ///
    /// - Parameters:
    ///   - runningMean: [C]; may be `nil` in training.
    ///   - runningVar: [C]; may be `nil` in training.
    ///   - weight: [C]; ones if left out.
    ///   - bias: [C]; zeros if left out.
    ///   - eps: added to the variance.
    public final func batchNorm(
        runningMean: Tensor? = nil, runningVar: Tensor? = nil, weight: Tensor? = nil, bias: Tensor? = nil,
        training: Bool, momentum: Double = 0.1, eps: Double = 1e-5
    ) -> Tensor {
        require(
            rank >= 2 && dtype.isFloatingPoint, "batch_norm",
            "the input is \(dtype) of shape \(shape); expected floating-point numbers of shape [N, C, …]")
        for (name, operand) in [
            ("weight", weight), ("bias", bias), ("running mean", runningMean), ("running variance", runningVar),
        ] {
            require(
                operand.map { $0.shape == [shape[1]] } ?? true, "batch_norm",
                "the \(name) has shape \(operand!.shape); an input of \(shape) wants [\(shape[1])]")
        }
        if dtype.byteCount == 2 {
            return to(.float32).batchNorm(
                runningMean: runningMean, runningVar: runningVar, weight: weight?.to(.float32),
                bias: bias?.to(.float32), training: training, momentum: momentum, eps: eps
            ).to(dtype)
        }
        if training {
            let perChannel = shape[1] == 0 ? 0 : count / shape[1]
            require(
                perChannel != 1, "batch_norm",
                "an input of shape \(shape) has one value per channel, whose variance says nothing; use eval mode")
            let running = RunningStatistics(
                mean: runningMean, variance: runningVar, momentum: momentum, perChannel: perChannel)
            return batchNormalized(weight, bias, eps, running)
        }
        guard let runningMean, let runningVar else {
            fail("batch_norm", "outside training it needs the running mean and variance")
        }
        return normalizedByRunning(runningMean.to(dtype), runningVar.to(dtype), weight, bias, eps)
    }

    /// With the batch's statistics.
    private func batchNormalized(
        _ weight: Tensor?, _ bias: Tensor?, _ eps: Double, _ running: RunningStatistics
    ) -> Tensor {
        let dims = [0] + Array(2..<rank)
        guard let result = backend.batchNorm(array, weight: weight?.array, bias: bias?.array, epsilon: eps) else {
            let mean = self.mean(dims: dims, keepDim: true)
            let centered = self - mean
            let variance = centered.square().mean(dims: dims, keepDim: true)
            if count > 0 { running.follow(mean.array, variance.array) }
            return (centered * (variance + eps).rsqrt()).scaled(weight, bias, dim: 1)
        }
        running.follow(result.mean, result.variance)
        let channels = Shape.channels(of: self)
        return recordNormalization(
            "batch_norm", result.y, weight, bias, statistics: [Tensor(result.mean), Tensor(result.inverseDeviation)],
            fused: { x, weight, statistics, gradient, wanted in
                x.backend.batchNormGradient(
                    gradient.array, x.array, weight: weight?.array, mean: statistics[0].array,
                    inverseDeviation: statistics[1].array, wanted: wanted)
            },
            composed: { x, weight, gradient in
                var found = x.normalizationGradients(gradient, weight: weight?.reshape(channels), over: dims, eps)
                found.weight = found.weight?.sum(dims: dims)
                found.bias = found.bias?.sum(dims: dims)
                return found
            })
    }

    /// With statistics that are constants: one multiplication and one addition.
    private func normalizedByRunning(
        _ mean: Tensor, _ variance: Tensor, _ weight: Tensor?, _ bias: Tensor?, _ eps: Double
    ) -> Tensor {
        let inverse = (variance + eps).rsqrt()
        let scale = weight.map { $0 * inverse } ?? inverse
        let shift = bias.map { $0 - mean * scale } ?? -(mean * scale)
        return scaledChannels(scale, shift)
    }

    /// `self · scale + shift` for each channel.
    private func scaledChannels(_ scale: Tensor, _ shift: Tensor) -> Tensor {
        let channels = Shape.channels(of: self)
        guard let result = backend.scaleChannels(array, scale: scale.array, shift: shift.array) else {
            return self * scale.reshape(channels) + shift.reshape(channels)
        }
        let dims = [0] + Array(2..<rank)
        return Tensor.record(
            "batch_norm", result, from: [self, scale, shift],
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
    public final func instanceNorm(weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5) -> Tensor {
        require(rank >= 3, "instance_norm", "the input has shape \(shape); expected [N, C, …]")
        return groupNorm(groups: shape[1], weight: weight, bias: bias, eps: eps)
    }

    /// `self · weight + bias` along one dimension.
    final func scaled(_ weight: Tensor?, _ bias: Tensor?, dim: Int) -> Tensor {
        var form = Shape(repeating: 1, count: rank)
        form[dim] = shape[dim]
        let scaled = weight.map { self * $0.reshape(form) } ?? self
        return bias.map { scaled + $0.reshape(form) } ?? scaled
    }
}

/// The statistics that batch normalization keeps for use outside training.
private struct RunningStatistics {
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
        running.array.storage.noteChange(by: "batch_norm")
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
