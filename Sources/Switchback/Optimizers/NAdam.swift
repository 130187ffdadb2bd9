import Kernels

/// Adam with Nesterov's momentum (Dozat, "Incorporating Nesterov momentum into Adam", 2016), in the form of
/// `torch.optim.NAdam`. `momentum` of a group is β₁.
public final class NAdam: Optimizer {
    private let beta2: Double
    private let epsilon: Double
    private let momentumDecay: Double
    private let decouplesWeightDecay: Bool

    /// - Parameter momentumDecay: how fast the momentum approaches β₁ from half of it.
    public init(
        _ parameters: some ParameterSource, learningRate: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8, weightDecay: Double = 0, momentumDecay: Double = 4e-3,
        decouplesWeightDecay: Bool = false, maximizes: Bool = false
    ) {
        beta2 = betas.1
        self.epsilon = epsilon
        self.momentumDecay = momentumDecay
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
        let divisor = (variance / (1 - pow(beta2, Double(state.step)))).sqrt() + epsilon

        let momentum = warmedMomentum(at: state.step, group)
        let next = warmedMomentum(at: state.step + 1, group)
        let product = (state.numbers["mu_product"] ?? 1) * momentum
        state.numbers["mu_product"] = product
        let gradientShare = group.learningRate * (1 - momentum) / (1 - product)
        let meanShare = group.learningRate * next / (1 - product * next)
        return start - g / divisor * gradientShare - mean / divisor * meanShare
    }

    /// μ_t of the paper's section 3.
    private func warmedMomentum(at step: Int, _ group: Group) -> Double {
        group.momentum * (1 - 0.5 * pow(0.96, Double(step) * momentumDecay))
    }
}
