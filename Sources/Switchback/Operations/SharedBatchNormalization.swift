// Batch normalization of a batch that is computed in slots, each by itself: they exchange sums over their channels.

extension Tensor {
    /// This slot, [N, C, …], brought to mean 0 and variance 1 by the statistics of the whole batch; `batchNorm` has checked
    /// the operands.
    final func normalizedWithOthers(
        _ others: any SharedStatistics, _ weight: Tensor?, _ bias: Tensor?, _ eps: Double,
        _ activation: FusedActivation, adding residual: Tensor?,
        running: (mean: Tensor?, variance: Tensor?, momentum: Double)
    ) -> Tensor {
        let dims = [0] + Array(2..<rank)
        let position = others.nextPosition()
        let batch = ChannelStatistics(of: self, dims, in: others, at: position)
        require(
            batch.count > 1, "batchNorm",
            "a batch of shape \(shape) has one value per channel, whose variance says nothing; use eval mode")
        let (mean, variance) = noGrad { (channels(batch.mean), channels(batch.variance)) }
        if others.movesAverages {
            let averages = RunningStatistics(
                mean: running.mean, variance: running.variance, momentum: running.momentum,
                perChannel: Int(batch.count))
            averages.follow(mean.array, variance.array)
        }
        // Of an activation whose gradient needs what it was applied to, see `batchNorm`.
        let isApart = residual != nil && activation.gradientSource == .operand
        let fused = isApart ? FusedActivation.none : activation
        let (inverse, output) = noGrad {
            let inverse = (variance + eps).rsqrt()
            let scale = weight.map { $0 * inverse } ?? inverse
            let shift = bias.map { $0 - mean * scale } ?? -(mean * scale)
            return (inverse, scaledChannels(scale, shift, fused, adding: residual))
        }
        let operands = BatchNormOperands(weight: weight != nil, bias: bias != nil, residual: residual != nil)
        let savesOutput = fused != .none && residual != nil
        // The input is saved as it is in any precision: the sums of all slots correct its gradient by operations.
        let sharing = SharedNormalization(others: others, position: position, count: batch.count)
        let result = Tensor.record(
            .batchNorm, output.array, from: [self] + [weight, bias, residual].compactMap { $0 },
            saving: [self, weight, bias, mean, inverse], savingOutput: savesOutput
        ) { saved, gradient in
            operands.gradients(
                saved, gradient, fused, output: savesOutput ? saved.output() : nil, dims: dims, eps: eps,
                sharing: sharing)
        }.noting(fused)
        if let node = result.node { node.ensureExtras().sharedPosition = position }
        return isApart ? result.activated(activation) : result
    }

    /// Numbers of this tensor's channels, [C].
    fileprivate final func channels(_ values: [Double]) -> Tensor {
        Tensor(values, shape: [shape[1]], dtype: dtype, like: self)
    }
}

/// What a batch's channels are normalized by, of all slots together.
private struct ChannelStatistics {
    /// How many values each channel has.
    let count: Double
    /// The variance is the biased one.
    let mean, variance: [Double]

    /// - Parameter slot: this thread's part of the batch.
    init(of slot: Tensor, _ dims: [Int], in others: any SharedStatistics, at position: Int) {
        let own = Double(slot.count / Swift.max(slot.shape[1], 1))
        let (means, variances) = Self.own(slot, dims)
        // The sums of squares are of means as they were rounded, in float64: no digits are lost between them.
        let squares = zip(means, variances).map { own * ($1 + $0 * $0) }
        let sums = others.sum([own] + means.map { own * $0 } + squares, at: position, isBackward: false)
        let (total, channels) = (sums[0], means.indices)
        let mean = channels.map { sums[1 + $0] / total }
        variance = channels.map { Swift.max(0, sums[1 + channels.count + $0] / total - mean[$0] * mean[$0]) }
        (count, self.mean) = (total, mean)
    }

    private static func own(_ slot: Tensor, _ dims: [Int]) -> (means: [Double], variances: [Double]) {
        noGrad {
            let found = slot.backend.batchNorm(
                slot.array, weight: nil, bias: nil, epsilon: 0, residual: nil, activation: .none)
            let mean = found.map { Tensor($0.mean) } ?? slot.detach().mean(dims: dims)
            let variance = found.map { Tensor($0.variance) } ?? slot.detach().var(dims: dims, correction: 0)
            return (mean.toArray(as: Double.self), variance.toArray(as: Double.self))
        }
    }
}

/// A recorded normalization whose statistics are those of several slots.
struct SharedNormalization: Sendable {
    let others: any SharedStatistics
    let position: Int
    /// How many values each channel of the batch has.
    let count: Double

    /// What a slot finds by itself.
    private struct Own {
        /// Of the input, as if the channels' sums were `share` times the slot's own.
        let input: Tensor?
        let share: Double
        /// Σ gradient · normalized input, and Σ gradient, [C].
        let weight, bias: Tensor
        let residual: Tensor?
    }

    /// The gradients of the slot's operands; those of weight and bias are its part of the batch's.
    func gradients(
        _ saved: Saved, _ gradient: Tensor, _ activation: FusedActivation, output: Tensor?, dims: [Int],
        wanted: NormalizationGradients<Bool>, wantsResidual: Bool, inPlace: Bool
    ) -> (operands: NormalizationGradients<Tensor?>, residual: Tensor?) {
        require(
            !ThreadState.current.recordsGradients, "batchNorm",
            "statistics that slots share cannot be differentiated twice")
        let own =
            fused(
                saved, gradient, activation, output, wantsInput: wanted.x, wantsResidual: wantsResidual,
                inPlace: inPlace)
            ?? composed(saved, gradient, activation, output, dims, wantsInput: wanted.x)
        let operands = NormalizationGradients<Tensor?>(
            x: own.input.map { corrected($0, own, saved) }, weight: wanted.weight ? own.weight : nil,
            bias: wanted.bias ? own.bias : nil)
        return (operands, own.residual)
    }

    /// The kernel's gradient takes the slot for the whole batch.
    private func fused(
        _ saved: Saved, _ gradient: Tensor, _ activation: FusedActivation, _ output: Tensor?, wantsInput: Bool,
        wantsResidual: Bool, inPlace: Bool
    ) -> Own? {
        let x = saved.tensor(0)
        let found = x.backend.batchNormGradient(
            gradient.array, x.array, weight: saved[1]?.array, bias: saved[2]?.array, mean: saved.tensor(3).array,
            inverseDeviation: saved.tensor(4).array, activation: activation, output: output?.array,
            wanted: NormalizationGradients(x: wantsInput, weight: true, bias: true), wantsResidual: wantsResidual,
            inPlace: inPlace)
        guard let found, let weight = found.operands.weight, let bias = found.operands.bias else { return nil }
        return Own(
            input: found.operands.x.map(Tensor.init), share: Double(x.shape[1]) / Double(x.count),
            weight: Tensor(weight), bias: Tensor(bias), residual: found.residual.map(Tensor.init) ?? gradient)
    }

    private func composed(
        _ saved: Saved, _ gradient: Tensor, _ activation: FusedActivation, _ output: Tensor?, _ dims: [Int],
        wantsInput: Bool
    ) -> Own {
        let (x, mean, inverse) = (saved.tensor(0), saved.tensor(3), saved.tensor(4))
        let normalized = x.scaledChannels(inverse, -mean * inverse)
        let upstream = activation.gradient(gradient, at: output ?? normalized.scaled(saved[1], saved[2], dim: 1))
        let scale = saved[1].map { $0 * inverse } ?? inverse
        return Own(
            input: wantsInput ? upstream.scaledChannels(scale, scale.zerosLike()) : nil, share: 0,
            weight: (upstream * normalized).sum(dims: dims), bias: upstream.sum(dims: dims), residual: upstream)
    }

    /// The gradient of the input by the sums of all slots:
    /// scale · (gradient − Σ gradient / count − normalized input · Σ gradient · normalized input / count).
    private func corrected(_ input: Tensor, _ own: Own, _ saved: Saved) -> Tensor {
        let (x, mean, inverse) = (saved.tensor(0), saved.tensor(3), saved.tensor(4))
        let (weights, biases) = (own.weight.toArray(as: Double.self), own.bias.toArray(as: Double.self))
        let sums = others.sum(weights + biases, at: position, isBackward: true)
        let share = own.share
        func missing(_ own: [Double], _ all: ArraySlice<Double>) -> [Double] {
            zip(own, all).map { $0 * share - $1 / count }
        }
        let scale = saved[1].map { $0 * inverse } ?? inverse
        let slope = scale * inverse * x.channels(missing(weights, sums.prefix(weights.count)))
        let offset = scale * x.channels(missing(biases, sums.suffix(biases.count)))
        return x.scaledChannels(slope, offset - mean * slope, adding: input)
    }
}
