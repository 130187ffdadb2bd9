extension Tensor {
    /// Connectionist temporal classification (Graves et al., 2006): −log of the probability of each label sequence,
    /// summed over all its alignments with the steps of a longer one. Infinite where no alignment fits.
    ///
    /// This tensor holds log-probabilities, [T, N, C] or [T, C], as `logSoftmax` makes them. The mean divides each loss
    /// by its number of labels first. Traps on labels and lengths that are out of range.
    ///
    /// - Parameters:
    ///   - targets: integers, [N, S], or of all sequences one behind the other, [sum of the lengths].
    ///   - inputLengths: how many steps of each sequence count.
    ///   - targetLengths: how many labels each sequence has.
    ///   - blank: the class that stands for no label.
    ///   - zeroInfinity: whether infinite losses and their gradients count as 0.
    public final func ctcLoss(
        targets: Tensor, inputLengths: [Int], targetLengths: [Int], blank: Int = 0, zeroInfinity: Bool = false,
        reduction: LossReduction = .mean
    ) -> Tensor {
        if rank == 2 {
            let loss = unsqueeze(1).ctcLoss(
                targets: targets.reshape([1, -1]), inputLengths: inputLengths, targetLengths: targetLengths,
                blank: blank, zeroInfinity: zeroInfinity, reduction: reduction)
            return reduction == .none ? loss.squeeze(0) : loss
        }
        if dtype.byteCount == 2 {
            return to(.float32).ctcLoss(
                targets: targets, inputLengths: inputLengths, targetLengths: targetLengths, blank: blank,
                zeroInfinity: zeroInfinity, reduction: reduction
            ).to(dtype)
        }
        let labels = paddedLabels(targets, inputLengths, targetLengths, blank: blank)
        var losses = ctcLosses(labels, inputLengths, targetLengths, blank, zeroInfinity)
        if zeroInfinity { losses = losses.maskedFill(losses.detach().isinf(), 0) }
        if reduction != .mean { return losses.reduced(reduction) }
        let divisors = Tensor(targetLengths.map { Swift.max($0, 1) }, shape: [shape[1]], dtype: dtype, like: self)
        return (losses / divisors).mean()
    }

    /// The loss of each sequence, [N], where `labels` is int64 [N, S].
    private func ctcLosses(
        _ labels: Tensor, _ inputLengths: [Int], _ targetLengths: [Int], _ blank: Int, _ zeroInfinity: Bool
    ) -> Tensor {
        let steps = Tensor(inputLengths, shape: [shape[1]], like: self)
        let lengths = Tensor(targetLengths, shape: [shape[1]], like: self)
        guard
            let result = backend.ctcLoss(
                array, targets: labels.array, inputLengths: steps.array, targetLengths: lengths.array, blank: blank)
        else {
            let losses = composedCTCLosses(labels, steps: steps, lengths: lengths, blank)
            return withGradientOfLogits(losses, steps, zeroInfinity)
        }
        return Tensor.record(
            "ctcLoss", result.loss, from: [self],
            saving: [self, labels, steps, lengths, Tensor(result.loss), Tensor(result.alpha)], once: true
        ) { saved, gradient in
            let scores = saved.tensor(0)
            let found = scores.backend.ctcLossGradient(
                gradient.array, logProbabilities: scores.array, targets: saved.tensor(1).array,
                inputLengths: saved.tensor(2).array, targetLengths: saved.tensor(3).array, blank: blank,
                zeroInfinity: zeroInfinity, loss: saved.tensor(4).array, alpha: saved.tensor(5).array)
            return [found.map { Tensor($0) }]
        }
    }

    /// The sum over alignments step by step: alpha, [N, 2·S + 1], is the logarithm of the probability of all that end
    /// in each label or in the blank before or after it (equations 6 and 7 of the paper).
    private func composedCTCLosses(_ labels: Tensor, steps: Tensor, lengths: Tensor, _ blank: Int) -> Tensor {
        // Stands for log 0, and unlike −∞ has gradients that are numbers.
        let never = -1e30
        let (sequences, places) = (shape[1], 2 * labels.shape[1] + 1)
        let blanks = labels.zerosLike() + blank
        let interleaved = Tensor.stack([blanks, labels], dim: 2).flatten(start: 1)
        let symbols = Tensor.cat([interleaved, blanks.newZeros([sequences, 1]) + blank], dim: 1)
        let scores = gather(dim: 2, index: symbols.unsqueeze(0).expand(to: [shape[0], sequences, places]))
            .clamp(min: never)
        func shifted(_ x: Tensor, by count: Int) -> Tensor {
            x.pad([count, 0], mode: .constant(never)).narrow(dim: 1, start: 0, length: places)
        }
        // A label may follow the one two places before directly if both differ and it is not a blank.
        let previous = symbols.pad([2, 0], mode: .constant(Double(blank))).narrow(dim: 1, start: 0, length: places)
        let cannotSkip = symbols.eq(blank).logicalOr(symbols.eq(previous))
        let place = Tensor(Array(0..<places), shape: [places], like: self)
        // Before the first step, which sequences without steps do not leave, only the blank in front is reached.
        let first = scores.select(dim: 0, index: 0).maskedFill(place.gt(1), never)
        let start = first.detach().zerosLike().maskedFill(place.gt(0), never)
        var alpha = Tensor.where(steps.gt(0).unsqueeze(1), first, start)
        for step in 1..<Swift.max(shape[0], 1) {
            let skipped = shifted(alpha, by: 2).maskedFill(cannotSkip, never)
            let reached = alpha.logaddexp(shifted(alpha, by: 1)).logaddexp(skipped)
            let next = reached + scores.select(dim: 0, index: step)
            alpha = Tensor.where(steps.gt(step).unsqueeze(1), next, alpha)
        }
        let end = (lengths * 2).unsqueeze(1)
        let inBlank = alpha.gather(dim: 1, index: end)
        let inLabel = alpha.gather(dim: 1, index: (end - 1).clamp(min: 0)).maskedFill(end.eq(0), never)
        let losses = -inBlank.logaddexp(inLabel).squeeze(1)
        let found = losses.detach()
        return losses.maskedFill(found.gt(-never / 2), Double.infinity)
            .maskedFill(found.eq(-Double.infinity), Double.nan)
    }

    /// The losses, with what PyTorch's rule and that of the fused kernel add to their gradient: both take the
    /// log-probabilities for normalized ones, whose gradient then is that of the logits, softmax − occupation. It is NaN
    /// where the loss is NaN or infinite, and for classes of probability 0; what counts as 0 has none.
    private func withGradientOfLogits(_ losses: Tensor, _ steps: Tensor, _ zeroInfinity: Bool) -> Tensor {
        let found = losses.detach()
        let step = Tensor(Array(0..<shape[0]), shape: [shape[0], 1], like: self)
        let isUnused = step.lt(steps).logicalNot()
        let isSilent = zeroInfinity ? isUnused.logicalOr(found.isinf()) : isUnused
        return Tensor.record(
            "ctcLoss", losses.array, from: [losses, self], saving: [self, found, isSilent]
        ) { saved, gradient in
            let (scores, found) = (saved.tensor(0), saved.tensor(1))
            let hasNoSlope = scores.detach().eq(-Double.infinity).logicalOr(found.isfinite().logicalNot().unsqueeze(-1))
            let probabilities = scores.exp().maskedFill(hasNoSlope, Double.nan)
            return [gradient, (probabilities * gradient.unsqueeze(-1)).maskedFill(saved.tensor(2).unsqueeze(-1), 0)]
        }
    }

    /// Labels as int64 [N, S]. Stops where they or the lengths do not fit.
    private func paddedLabels(
        _ targets: Tensor, _ inputLengths: [Int], _ targetLengths: [Int], blank: Int
    ) -> Tensor {
        require(
            rank == 3 && dtype.isFloatingPoint && shape[0] > 0, "ctcLoss",
            "the log-probabilities are \(dtype) of shape \(shape); expected floating-point numbers of shape [T, N, C]")
        let (steps, sequences, classes) = (shape[0], shape[1], shape[2])
        require(
            inputLengths.count == sequences && targetLengths.count == sequences, "ctcLoss",
            "\(inputLengths.count) input lengths and \(targetLengths.count) target lengths are not those of "
                + "\(sequences) sequences")
        for length in inputLengths {
            require(0...steps ~= length, "ctcLoss", "an input length is \(length), but there are \(steps) steps")
        }
        let total = targetLengths.reduce(0, +)
        let isFlat = targets.rank == 1 && targets.shape[0] == total
        require(
            targets.dtype.isInteger && (isFlat || (targets.rank == 2 && targets.shape[0] == sequences)), "ctcLoss",
            "the targets are \(targets.dtype) of shape \(targets.shape); expected whole numbers of shape "
                + "[\(sequences), S] or [\(total)]")
        let width = isFlat ? targetLengths.reduce(0, Swift.max) : targets.shape[1]
        let values = targets.toArray(as: Int.self)
        var labels = [Int](repeating: blank == 0 ? Swift.min(1, classes - 1) : 0, count: sequences * width)
        var start = 0
        for (sequence, length) in targetLengths.enumerated() {
            require(0...width ~= length, "ctcLoss", "a target length is \(length), but there are \(width) labels")
            for (i, label) in values[start..<start + length].enumerated() {
                require(
                    0..<classes ~= label && label != blank, "ctcLoss",
                    "label \(i) of sequence \(sequence) is \(label); it must be from 0 to \(classes - 1), and not the "
                        + "blank \(blank)")
                labels[sequence * width + i] = label
            }
            start += isFlat ? length : width
        }
        return Tensor(labels, shape: [sequences, width], like: self)
    }
}
