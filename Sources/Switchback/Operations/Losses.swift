// Losses between predictions and targets of the same shape. Each returns a tensor without dimensions, or with
// `reduction: .none` one loss for each element; shapes broadcast.

extension Tensor {
    /// The losses as `reduction` asks for them.
    final func reduced(_ reduction: LossReduction) -> Tensor {
        switch reduction {
        case .none: self
        case .mean: mean()
        case .sum: sum()
        }
    }

    /// Shows observers what a loss compares.
    final func comparing(with target: Tensor, in loss: OperationName) {
        if ThreadState.isObserved { ThreadState.current.observe { $0.compares(self, with: target, in: loss) } }
    }

    /// The same of a loss that compares element to element. Warns where both operands are repeated, which is hardly
    /// ever meant: of [N, 1] and [N] each prediction would be compared to each target.
    private func comparingElements(with target: Tensor, in loss: OperationName) {
        comparing(with: target, in: loss)
        guard shape != target.shape, let result = Shape.broadcast(shape, target.shape),
            result != shape && result != target.shape
        else { return }
        Diagnostics.warnOnce(
            "\(loss): predictions of shape \(shape) and targets of shape \(target.shape) are compared each with each, "
                + "in a tensor of shape \(result); give both the same shape")
    }

    /// The squared difference.
    public final func mseLoss(_ target: Tensor, reduction: LossReduction = .mean) -> Tensor {
        comparingElements(with: target, in: "mseLoss")
        return (signed - target.signed).square().reduced(reduction)
    }

    /// The absolute difference.
    public final func l1Loss(_ target: Tensor, reduction: LossReduction = .mean) -> Tensor {
        comparingElements(with: target, in: "l1Loss")
        return distance(to: target).reduced(reduction)
    }

    /// |self − target|, in the type where they meet.
    private func distance(to target: Tensor) -> Tensor {
        (signed - target.signed).abs().to(Tensor.resultType([self, target]))
    }

    /// The absolute difference less beta / 2, but below `beta` the squared one over 2·beta (Girshick, "Fast R-CNN",
    /// 2015).
    public final func smoothL1Loss(
        _ target: Tensor, beta: Double = 1, reduction: LossReduction = .mean
    ) -> Tensor {
        require(beta >= 0, "smoothL1Loss", "beta is \(beta); it must not be negative")
        if beta == 0 { return l1Loss(target, reduction: reduction) }
        return Tensor.inFloat32([self, target]) { $0[0].huberLoss($0[1], delta: beta, reduction: .none) / beta }
            .reduced(reduction)
    }

    /// Half the squared difference, but above `delta` a straight line: delta · (difference − delta / 2) (Huber, 1964).
    public final func huberLoss(
        _ target: Tensor, delta: Double = 1, reduction: LossReduction = .mean
    ) -> Tensor {
        require(delta > 0, "huberLoss", "delta is \(delta); it must be positive")
        comparingElements(with: target, in: "huberLoss")
        let difference = distance(to: target)
        // With c the part of the difference below delta: c·(difference − c / 2) is both branches in one.
        let inner = difference.clamp(max: delta)
        return (inner * (difference - inner * 0.5)).reduced(reduction)
    }

    /// −target·log p − (1 − target)·log(1 − p) of probabilities; logarithms below −100 count as −100.
    public final func binaryCrossEntropy(
        _ target: Tensor, weight: Tensor? = nil, reduction: LossReduction = .mean
    ) -> Tensor {
        comparingElements(with: target, in: "binaryCrossEntropy")
        let losses = clampedBinaryCrossEntropy(target)
        return (weight.map { losses * $0 } ?? losses).reduced(reduction)
    }

    /// Its gradient in p is (p − target) / (p·(1 − p)), with the divisor kept from 0.
    private func clampedBinaryCrossEntropy(_ target: Tensor) -> Tensor {
        let (p, target) = Tensor.promoted(self, target)
        let value = noGrad { () -> Tensor in
            let miss = (1 - target) * (1 - p).clampedLog
            return -(target * p.clampedLog + miss)
        }
        return Tensor.record(
            "binaryCrossEntropy", value.array, from: [p, target], saving: [p, p.requiresGrad ? target : nil]
        ) { saved, gradient in
            let p = saved.tensor(0)
            return [
                saved[1].map { target in
                    // PyTorch's bound is a float32 number in any precision.
                    let divisor = (p * (1 - p)).clamp(min: Double(Float(1e-12)))
                    return gradient * (p - target) / divisor
                },
                saved.needs(1) ? gradient * ((1 - p).clampedLog - p.clampedLog) : nil,
            ]
        }
    }

    private var clampedLog: Tensor { log().clamp(min: -100) }

    /// The binary cross entropy of the sigmoid of logits, accurate for any logit.
    ///
    /// - Parameters:
    ///   - weight: how much each element counts; broadcasts.
    ///   - posWeight: how much more a positive target counts; broadcasts, usually [classes].
    public final func binaryCrossEntropyWithLogits(
        _ target: Tensor, weight: Tensor? = nil, posWeight: Tensor? = nil, reduction: LossReduction = .mean
    ) -> Tensor {
        comparingElements(with: target, in: "binaryCrossEntropyWithLogits")
        let losses: Tensor
        if let posWeight {
            let strength = (posWeight - 1) * target + 1
            losses = (1 - target) * self - logSigmoid() * strength
        } else {
            losses = (1 - target) * self - logSigmoid()
        }
        return (weight.map { losses * $0 } ?? losses).reduced(reduction)
    }

    /// The focal loss of logits (Lin et al., "Focal Loss for Dense Object Detection", 2017): the binary cross entropy
    /// times (1 − p)^gamma, with p the probability given to the truth, and alpha or 1 − alpha for positive and negative
    /// targets; a negative `alpha` weighs both by 1.
    public final func sigmoidFocalLoss(
        _ target: Tensor, alpha: Double = 0.25, gamma: Double = 2, reduction: LossReduction = .none
    ) -> Tensor {
        let p = sigmoid()
        let right = p * target + (1 - p) * (1 - target)
        let entropy = binaryCrossEntropyWithLogits(target, reduction: .none)
        var losses = entropy * (1 - right).pow(gamma)
        if alpha >= 0 { losses = losses * (target * alpha + (1 - target) * (1 - alpha)) }
        return losses.reduced(reduction)
    }

    /// The Kullback-Leibler divergence target·(log target − input) of log-probabilities; 0 where the target is 0.
    ///
    /// - Parameters:
    ///   - logTarget: whether the target, too, holds logarithms.
    ///   - reduction: `.mean` divides by the number of elements; see `klDivBatchMean` for the mean over the batch.
    public final func klDiv(
        _ target: Tensor, logTarget: Bool = false, reduction: LossReduction = .mean
    ) -> Tensor {
        if logTarget { return (target.exp() * (target - self)).reduced(reduction) }
        let own = (target * target.log()).maskedFill(target.eq(0), 0)
        return (own - target * self).reduced(reduction)
    }

    /// The Kullback-Leibler divergence, summed, over the number of samples (the first dimension): PyTorch's
    /// `batchmean`.
    public final func klDivBatchMean(_ target: Tensor, logTarget: Bool = false) -> Tensor {
        klDiv(target, logTarget: logTarget, reduction: .sum) / Double(rank == 0 ? 1 : shape[0])
    }

    /// −log of the normal density with this mean and the given variance, at `target`:
    /// (log v + (x − target)² / v) / 2 (Nix and Weigend, 1994).
    ///
    /// - Parameters:
    ///   - variance: of the input's shape; without its last dimension, or with size 1 in one place, where one value
    ///     counts for all; or a single number. Not negative; values below `eps` count as `eps`.
    ///   - full: whether to add the constant log(2π) / 2.
    public final func gaussianNLLLoss(
        _ target: Tensor, variance: Tensor, full: Bool = false, eps: Double = 1e-6, reduction: LossReduction = .mean
    ) -> Tensor {
        let variance = checkedVariance(variance)
        // The bound must not hide that a small variance wants to grow: its gradient passes as if there were none.
        let missing = noGrad { variance.clamp(min: eps) - variance }
        let bounded = variance + missing.detach()
        let losses = (bounded.log() + (signed - target.signed).square() / bounded) * 0.5
        return (full ? losses + 0.5 * 1.8378770664093453 : losses).reduced(reduction)
    }

    /// The variances with as many dimensions as this tensor. Shapes that would broadcast, but to one value for each
    /// column, are refused: on a square input they are those of one for each row.
    private func checkedVariance(_ variance: Tensor) -> Tensor {
        require(
            variance.ge(0).logicalOr(variance.isnan()).all().item(as: Bool.self), "gaussianNLLLoss",
            "a variance is negative")
        if variance.rank == 0 || variance.shape == shape { return variance }
        if shape.dropLast().elementsEqual(variance.shape) { return variance.unsqueeze(-1) }
        require(
            variance.rank == rank && zip(variance.shape, shape).allSatisfy { $0 == $1 || $0 == 1 }, "gaussianNLLLoss",
            "variances of shape \(variance.shape) do not fit an input of shape \(shape): they have the same shape, or the "
                + "one without the last dimension, or size 1 where one counts for all")
        return variance
    }

    /// −log of the Poisson probability of the counts in `target`: e^x − target·x, or without `logInput`
    /// x − target·log(x + eps).
    ///
    /// - Parameter full: whether to add Stirling's approximation of log(target!) for targets above 1.
    public final func poissonNLLLoss(
        _ target: Tensor, logInput: Bool = true, full: Bool = false, eps: Double = 1e-8,
        reduction: LossReduction = .mean
    ) -> Tensor {
        var losses = logInput ? exp() - target.signed * signed : self - target * (self + eps).log()
        if full {
            let stirling = target * target.log() - target + (target * 6.283185307179586).log() * 0.5
            losses = losses + stirling.maskedFill(target.le(1), 0)
        }
        return losses.reduced(reduction)
    }
}
