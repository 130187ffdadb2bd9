extension Tensor {
    /// The mean cross entropy of the logits `self · weightᵀ + bias`, as `linear` and then `crossEntropy` give it, but
    /// without ever holding all logits: they are made, used and forgotten some rows at a time. That is what makes
    /// vocabularies of 50,000 tokens affordable.
    ///
    /// Shapes are self [..., in] and target [...], integers; the result has no dimensions. If all targets are
    /// ignored it is NaN. Traps on a target that is not a class. The gradients are computed in the forward pass, so
    /// memory for that of the weight is held from then on.
    ///
    /// - Parameters:
    ///   - weight: [classes, in].
    ///   - bias: [classes].
    ///   - ignoreIndex: targets with this value count as absent.
    ///   - labelSmoothing: this much of the probability is spread evenly over all classes.
    public final func linearCrossEntropy(
        weight: Tensor, bias: Tensor? = nil, _ target: Tensor, ignoreIndex: Int = -100, labelSmoothing: Double = 0
    ) -> Tensor {
        require(
            rank > 0 && weight.rank == 2 && size(-1) == weight.size(1) && target.shape == Shape(shape.dropLast()),
            "linearCrossEntropy",
            "an input of shape \(shape), a weight of \(weight.shape) and targets of \(target.shape) do not fit: they "
                + "must be [..., in], [classes, in] and [...]")
        requireSameBackend("linearCrossEntropy", weight, bias, target)
        if ThreadState.isObserved { showLogits(weight, bias, target) }
        let operands = [self, weight] + (bias.map { [$0] } ?? [])
        let rows = reshape([target.count, size(-1)])
        let (x, w) = (rows.operand(), weight.operand())
        let wanted = Wanted(
            x: requiresGrad, weight: weight.requiresGrad, bias: bias?.requiresGrad ?? false,
            ThreadState.current.recordsGradients)
        let classes = target.reshape([target.count])
            .checkedClasses("linearCrossEntropy", weight.size(0), ignoreIndex: ignoreIndex)
        guard
            let found = backend.linearCrossEntropy(
                x.array, weight: w.array, bias: bias?.array, target: classes.array,
                CrossEntropyOptions(ignoreIndex: ignoreIndex, labelSmoothing: labelSmoothing), wanted: wanted)
        else {
            return rows.linear(weight: weight, bias: bias)
                .crossEntropy(classes, ignoreIndex: ignoreIndex, labelSmoothing: labelSmoothing)
        }
        let (original, operandCount) = (shape, operands.count)
        let gradients = [found.x, found.weight] + (bias == nil ? [] : [found.bias])
        return Tensor.record(
            "linearCrossEntropy", found.loss, from: operands, saving: gradients.map { $0.map { Tensor($0) } },
            once: true
        ) { saved, upstream in
            let isOne = ThreadState.current.isOne(upstream)
            return (0..<operandCount).map { i in
                guard let gradient = saved[i] else { return nil }
                let shaped = i == 0 ? gradient.reshape(original) : gradient
                return isOne ? shaped : shaped * upstream
            }
        }
    }

    /// Shows observers the logits of some rows, which are made for that alone.
    private func showLogits(_ weight: Tensor, _ bias: Tensor?, _ target: Tensor) {
        let shown = Swift.min(target.count, Swift.max(1, (1 << 20) / Swift.max(1, weight.size(0))))
        let logits = noGrad {
            detach().reshape([target.count, size(-1)]).narrow(dim: 0, start: 0, length: shown)
                .linear(weight: weight.detach(), bias: bias?.detach())
        }
        logits.comparing(
            with: target.reshape([target.count]).narrow(dim: 0, start: 0, length: shown), in: "crossEntropy")
    }

    /// Which gradients of `linearCrossEntropy` will be asked for.
    private typealias Wanted = LinearCrossEntropyWanted
}
