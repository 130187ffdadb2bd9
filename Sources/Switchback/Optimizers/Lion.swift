/// Steps by the sign of a momentum (Chen et al., "Symbolic discovery of optimization algorithms", 2023, algorithm 2).
/// `momentum` of a group is β₁. Not in PyTorch.
public final class Lion: Optimizer {
    private let beta2: Double

    /// - Parameters:
    ///   - learningRate: three to ten times smaller than AdamW's.
    ///   - betas: how much of the past is in the step's direction, and how much stays in the momentum.
    ///   - weightDecay: acts on the parameters directly; three to ten times larger than AdamW's.
    public init(
        _ parameters: some ParameterSource, learningRate: Double = 1e-4, betas: (Double, Double) = (0.9, 0.99),
        weightDecay: Double = 0, maximizes: Bool = false
    ) {
        beta2 = betas.1
        super.init(
            parameters, learningRate: learningRate, momentum: betas.0, weightDecay: weightDecay,
            maximizes: maximizes)
    }

    public override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        let g = maximizes ? -gradient : gradient
        let momentum = state.tensor("exp_avg", like: g)
        let direction = (momentum * group.momentum + g * (1 - group.momentum)).sign()
        _ = state.average("exp_avg", g, decay: beta2)
        return decayed(parameter, group) - direction * group.learningRate
    }
}
