import Kernels

/// Adam with the largest gradient so far, fading, instead of the average of squares (Kingma and Ba, 2015, section
/// 7.1), in the form of `torch.optim.Adamax`. `momentum` of a group is β₁.
public final class Adamax: Optimizer {
    private let beta2: Double
    private let epsilon: Double

    public init(
        _ parameters: some ParameterSource, learningRate: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8, weightDecay: Double = 0, maximizes: Bool = false
    ) {
        beta2 = betas.1
        self.epsilon = epsilon
        super.init(
            parameters, learningRate: learningRate, momentum: betas.0, weightDecay: weightDecay,
            maximizes: maximizes)
    }

    public override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        let g = regularized(gradient, of: parameter, group)
        let mean = state.average("exp_avg", g, decay: group.momentum)
        let largest = (state.tensor("exp_inf", like: g) * beta2).maximum(g.abs() + epsilon)
        state.tensors["exp_inf"] = largest
        let correction = 1 - pow(group.momentum, Double(state.step))
        return parameter - mean / largest * (group.learningRate / correction)
    }
}
