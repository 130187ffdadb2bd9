/// Stochastic gradient descent, with momentum and Nesterov's look ahead (Sutskever et al., "On the importance of
/// initialization and momentum in deep learning", 2013), in the form of `torch.optim.SGD`.
public final class SGD: Optimizer {
    private let dampening: Double
    private let nesterov: Bool

    /// - Parameters:
    ///   - dampening: how much less than all of a gradient enters the momentum buffer.
    ///   - nesterov: whether the step uses the momentum that the next one will have.
    public init(
        _ parameters: some ParameterSource, learningRate: Double = 1e-3, momentum: Double = 0, dampening: Double = 0,
        weightDecay: Double = 0, nesterov: Bool = false, maximizes: Bool = false
    ) {
        require(
            !nesterov || dampening == 0, "SGD", "Nesterov momentum does not go with a dampening of \(dampening)")
        self.dampening = dampening
        self.nesterov = nesterov
        super.init(
            parameters, learningRate: learningRate, momentum: momentum, weightDecay: weightDecay,
            maximizes: maximizes)
    }

    public override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        let step = kernelStep(state, group)
        let buffer = group.momentum == 0 ? nil : state.tensor("momentum_buffer", like: parameter)
        parameter.backend.sgdStep(
            step, parameter: parameter.array, gradient: gradient.array,
            momentumBuffer: buffer?.array)
        return parameter
    }

    /// Exact without momentum and weight decay: rows without a gradient stay as they are. With either, all rows move.
    public override func updateRows(
        _ parameter: Tensor, gradient: RowGradient, state: inout ParameterState, group: Group
    ) -> Bool {
        guard group.momentum == 0, group.weightDecay == 0 else { return false }
        let step = kernelStep(state, group)
        let values = gradient.values.to(parameter.dtype)
        changeRows(gradient, of: [parameter]) { rows in
            parameter.backend.sgdStep(step, parameter: rows[0], gradient: values.array, momentumBuffer: nil)
        }
        return true
    }

    private func kernelStep(_ state: ParameterState, _ group: Group) -> SGDStep {
        var step = SGDStep(learningRate: group.learningRate)
        step.momentum = group.momentum
        step.dampening = dampening
        step.weightDecay = group.weightDecay
        step.usesNesterov = nesterov
        step.isFirst = state.step == 1
        step.gradientScale = maximizes ? -1 : 1
        return step
    }
}
