/// How the losses of elements or samples are reduced.
public enum LossReduction: String, Sendable, Codable, CaseIterable {
    /// They stay as they are.
    case none
    /// Their mean, weighted where a loss has weights.
    case mean
    /// Their sum.
    case sum
}

extension Tensor {
    /// The cross entropy between logits and the classes they should have chosen: −log of the softmax of the right
    /// class.
    ///
    /// The logits have shape [N, C], [N, C, d…] for a class at each place, or [C]. Returns a tensor without dimensions,
    /// or with `.none` one loss for each target. The mean is weighted by the class weights and leaves out ignored
    /// targets; if all are ignored it is NaN. Traps on a target that is not a class.
    ///
    /// - Parameters:
    ///   - target: integers of shape [N], [N, d…] or [], or floating-point probabilities of the logits' shape.
    ///   - weight: [C], how much each class counts.
    ///   - ignoreIndex: targets with this value count as absent.
    ///   - labelSmoothing: this much of the probability is spread evenly over all classes (Szegedy et al., 2016).
    public final func crossEntropy(
        _ target: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100, labelSmoothing: Double = 0,
        reduction: LossReduction = .mean
    ) -> Tensor {
        require(
            rank > 0 && dtype.isFloatingPoint, "crossEntropy",
            "the logits are \(dtype) of shape \(shape); expected floating-point numbers of shape [N, C, …] or [C]")
        require(
            (0...1).contains(labelSmoothing), "crossEntropy", "the label smoothing \(labelSmoothing) is not in 0...1")
        if dtype.byteCount == 2 {
            return to(.float32).crossEntropy(
                target, weight: weight?.to(.float32), ignoreIndex: ignoreIndex, labelSmoothing: labelSmoothing,
                reduction: reduction
            ).to(dtype)
        }
        requireSameBackend("crossEntropy", target, weight)
        checkClassWeight("crossEntropy", weight)
        comparing(with: target, in: "crossEntropy")
        if target.dtype.isFloatingPoint {
            return crossEntropy(probabilities: target, weight, labelSmoothing, reduction)
        }
        let (rows, classes) = classRows("crossEntropy", target, ignoreIndex: ignoreIndex)
        let options = CrossEntropyOptions(ignoreIndex: ignoreIndex, labelSmoothing: labelSmoothing)
        let (losses, weights) = rows.crossEntropyRows(classes, weight, options)
        if reduction == .none { return losses.reshape(target.shape) }
        let sum = losses.sum()
        return reduction == .sum ? sum : sum / weights.sum()
    }

    /// The loss of each row of [rows, classes], and the weight it has in the mean.
    private func crossEntropyRows(
        _ target: Tensor, _ weight: Tensor?, _ options: CrossEntropyOptions
    ) -> (losses: Tensor, weights: Tensor) {
        guard let result = backend.crossEntropy(array, target: target.array, classWeight: weight?.array, options)
        else {
            return logSoftmax(dim: 1).negativeLogLikelihoods(target, weight, options)
        }
        let losses = Tensor.record(
            "crossEntropy", result.loss, from: [self], saving: [self, target, weight, Tensor(result.logSum)]
        ) { saved, gradient in
            let (logits, target) = (saved.tensor(0), saved.tensor(1))
            if !ThreadState.current.recordsGradients,
                let result = logits.backend.crossEntropyGradient(
                    gradient.array, logits: logits.array, target: target.array, classWeight: saved[2]?.array,
                    logSum: saved.tensor(3).array, options)
            {
                return [Tensor(result)]
            }
            return [logits.crossEntropyGradient(gradient, target, saved[2], options)]
        }
        return (losses, Tensor(result.weight))
    }

    /// The gradient of logits [rows, classes] from those of their losses, in operations: each class c that the loss
    /// pulls with the strength q[c] gets Σ q · softmax − q.
    private func crossEntropyGradient(
        _ gradient: Tensor, _ target: Tensor, _ weight: Tensor?, _ options: CrossEntropyOptions
    ) -> Tensor {
        let pull = noGrad { target.classPulls(weight, options, like: self) }
        let total = pull.sum(dim: 1, keepDim: true)
        let kept = gradient.maskedFill(target.eq(options.ignoreIndex), 0)
        return (softmax(dim: 1) * total - pull) * kept.unsqueeze(1)
    }

    /// By how much the loss of each row pulls each class, [rows, classes]: 0 in rows that are ignored.
    private func classPulls(_ weight: Tensor?, _ options: CrossEntropyOptions, like logits: Tensor) -> Tensor {
        let classes = logits.shape[1]
        let (kept, safe) = keptTargets(options.ignoreIndex, dtype: logits.dtype)
        let ones = Tensor.number(1, like: logits).expand(to: [count, 1])
        let target = logits.newZeros([count, classes])
            .scatterAdd(dim: 1, index: safe.unsqueeze(1), source: ones)
        let smoothing = options.labelSmoothing
        let mixed = target * (1 - smoothing) + smoothing / Double(Swift.max(classes, 1))
        return (weight.map { mixed * $0 } ?? mixed) * kept.unsqueeze(1)
    }

    /// For int64 targets: 1 or 0 for whether each counts, and the targets with 0 instead of those that do not.
    fileprivate final func keptTargets(_ ignoreIndex: Int, dtype: DType) -> (kept: Tensor, safe: Tensor) {
        let kept = ne(ignoreIndex)
        return (kept.to(dtype), maskedFill(kept.logicalNot(), 0))
    }

    /// The losses and weights of rows of log-probabilities, [rows, classes].
    fileprivate final func negativeLogLikelihoods(
        _ target: Tensor, _ weight: Tensor?, _ options: CrossEntropyOptions
    ) -> (losses: Tensor, weights: Tensor) {
        let (kept, safe) = target.keptTargets(options.ignoreIndex, dtype: dtype)
        let weights = weight.map { $0.indexSelect(dim: 0, index: safe) * kept } ?? kept
        let chosen = gather(dim: 1, index: safe.unsqueeze(1)).squeeze(1)
        let smoothing = options.labelSmoothing
        var losses = -(chosen * weights)
        if smoothing > 0 {
            let all = (weight.map { self * $0 } ?? self).sum(dim: 1)
            losses = losses * (1 - smoothing) - all * (smoothing / Double(Swift.max(shape[1], 1)))
        }
        // Not a product with 0: that would make NaN of an infinite gradient, which a mean over nothing has.
        return (losses.maskedFill(kept.eq(0), 0), weights)
    }

    private func crossEntropy(
        probabilities: Tensor, _ weight: Tensor?, _ labelSmoothing: Double, _ reduction: LossReduction
    ) -> Tensor {
        require(
            probabilities.shape == shape, "crossEntropy",
            "the target probabilities have shape \(probabilities.shape) and the logits \(shape); they must be the same")
        let dim = rank == 1 ? 0 : 1
        let smoothed =
            labelSmoothing == 0
            ? probabilities : probabilities * (1 - labelSmoothing) + labelSmoothing / Double(Swift.max(shape[dim], 1))
        let products = smoothed * logSoftmax(dim: dim)
        let losses = -products.scaled(weight, nil, dim: dim).sum(dim: dim)
        switch reduction {
        case .none: return losses
        case .sum: return losses.sum()
        case .mean: return losses.sum() / Double(Swift.max(count / Swift.max(shape[dim], 1), 1))
        }
    }

    /// The negative of the log-probability of each target: [N, C], [N, C, d…] or [C]; everything else as in
    /// `crossEntropy`, which takes logits instead of log-probabilities.
    public final func nllLoss(
        _ target: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: LossReduction = .mean
    ) -> Tensor {
        requireSameBackend("nllLoss", target, weight)
        checkClassWeight("nllLoss", weight)
        comparing(with: target, in: "nllLoss")
        let (rows, classes) = classRows("nllLoss", target, ignoreIndex: ignoreIndex)
        let options = CrossEntropyOptions(ignoreIndex: ignoreIndex, labelSmoothing: 0)
        let (losses, weights) = rows.negativeLogLikelihoods(classes, weight, options)
        if reduction == .none { return losses.reshape(target.shape) }
        return reduction == .sum ? losses.sum() : losses.sum() / weights.sum()
    }
}

// MARK: - Operands that fit

extension Tensor {
    private func checkClassWeight(_ operation: String, _ weight: Tensor?) {
        guard let weight else { return }
        let classes = shape[rank == 1 ? 0 : 1]
        require(
            weight.shape == [classes] && weight.dtype == dtype, operation,
            "the class weights are \(weight.dtype) \(weight.shape); for \(classes) classes they must be "
                + "\(dtype) [\(classes)]")
    }

    /// Scores as [rows, classes], and their int64 targets as [rows]. Traps on targets that are not classes.
    private func classRows(
        _ operation: String, _ target: Tensor, ignoreIndex: Int
    ) -> (rows: Tensor, target: Tensor) {
        let expected = rank == 1 ? Shape() : shape.removing(1)
        require(
            rank > 0 && target.shape == expected && target.dtype.isInteger, operation,
            "scores of shape \(shape) want whole numbers of shape \(expected) as targets, not \(target.dtype) of "
                + "shape \(target.shape)")
        let classes = rank == 1 ? shape[0] : shape[1]
        let rows = rank == 2 ? self : rank == 1 ? unsqueeze(0) : movedim(1, -1).reshape([target.count, classes])
        return (rows, target.reshape([target.count]).checkedClasses(operation, classes, ignoreIndex: ignoreIndex))
    }

    /// These targets as int64. Traps on the first that is neither a class nor ignored.
    final func checkedClasses(_ operation: String, _ classes: Int, ignoreIndex: Int) -> Tensor {
        checked(IndexRange(limit: classes, ignored: ignoreIndex), operation) { position, target in
            "target \(position) is class \(target), but the classes are 0 to \(classes - 1)"
        }
    }
}
