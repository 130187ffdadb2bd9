import Kernels

/// Stochastic gradient descent with a rate that falls, which also keeps the average of the parameters (Polyak and Juditsky,
/// "Acceleration of stochastic approximation by averaging", 1992), in the form of `torch.optim.ASGD`. The average of each
/// parameter is in the optimizer's state, as `ax`.
public final class ASGD: Optimizer {
    private let decay, power, start: Double

    /// - Parameters:
    ///   - decay: how fast the rate falls; the rate of step t is learningRate / (1 + decay · learningRate · (t − 1))^power.
    ///     PyTorch's `lambd`, with `power` as its `alpha`.
    ///   - start: the step from which on parameters are averaged; PyTorch's `t0`.
    public init(
        _ parameters: some ParameterSource, learningRate: Double = 1e-2, decay: Double = 1e-4, power: Double = 0.75,
        start: Double = 1e6, weightDecay: Double = 0, maximizes: Bool = false
    ) {
        (self.decay, self.power, self.start) = (decay, power, start)
        super.init(parameters, learningRate: learningRate, weightDecay: weightDecay, maximizes: maximizes)
    }

    public override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        let g = regularized(gradient, of: parameter, group)
        let past = Double(state.step - 1)
        let rate = group.learningRate / pow(1 + decay * group.learningRate * past, power)
        let next = parameter * (1 - decay * rate) - g * rate
        let share = 1 / max(1, past - start)
        let average = state.tensor("ax", like: g)
        state.tensors["ax"] = share == 1 ? next : average + (next - average) * share
        return next
    }
}
