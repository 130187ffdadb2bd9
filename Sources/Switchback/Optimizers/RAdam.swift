import Kernels

/// Adam that waits with dividing by the root until the average of squares is known well enough (Liu et al., "On the
/// variance of the adaptive learning rate and beyond", 2020), in the form of `torch.optim.RAdam`. `momentum` of a
/// group is β₁.
public final class RAdam: Optimizer {
    private let beta2: Double
    private let epsilon: Double
    private let decouplesWeightDecay: Bool

    public init(
        _ parameters: some ParameterSource, learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8, weightDecay: Double = 0, decouplesWeightDecay: Bool = false, maximizes: Bool = false
    ) {
        beta2 = betas.1
        self.epsilon = epsilon
        self.decouplesWeightDecay = decouplesWeightDecay
        super.init(
            parameters, learningRate: learningRate, momentum: betas.0, weightDecay: weightDecay,
            maximizes: maximizes)
    }

    public override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        let g = descent(gradient, of: parameter, group, decoupled: decouplesWeightDecay)
        let start = decouplesWeightDecay ? decayed(parameter, group) : parameter
        let mean = state.average("exp_avg", g, decay: group.momentum)
        let variance = state.average("exp_avg_sq", g * g, decay: beta2)
        let rate = group.learningRate / (1 - pow(group.momentum, Double(state.step)))
        guard let rectification = rectification(at: state.step) else { return start - mean * rate }
        let correction = (1 - pow(beta2, Double(state.step))).squareRoot()
        return start - mean / (variance.sqrt() + epsilon) * (rate * rectification * correction)
    }

    /// The factor r_t of the paper's section 4.2, or `nil` while the variance of the root is not tractable.
    private func rectification(at step: Int) -> Double? {
        let power = pow(beta2, Double(step))
        let limit = 2 / (1 - beta2) - 1
        let length = limit - 2 * Double(step) * power / (1 - power)
        if length <= 5 { return nil }
        let numerator = (length - 4) * (length - 2) * limit
        return (numerator / ((limit - 4) * (limit - 2) * length)).squareRoot()
    }
}
