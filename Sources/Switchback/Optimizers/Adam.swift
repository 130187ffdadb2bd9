/// Steps by running averages of the gradient and of its square (Kingma and Ba, "Adam: a method for stochastic
/// optimization", 2015), in the form of `torch.optim.Adam`. `momentum` of a group is β₁.
open class Adam: Optimizer {
    private let beta2: Double
    private let epsilon: Double
    private let amsgrad: Bool

    /// - Parameters:
    ///   - betas: how much of the past stays in the averages of the gradient and of its square.
    ///   - epsilon: added to the root that divides.
    ///   - amsgrad: divides by the largest average of squares so far (Reddi et al., 2018).
    public init(
        _ parameters: some ParameterSource, learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8, weightDecay: Double = 0, amsgrad: Bool = false, maximizes: Bool = false
    ) {
        beta2 = betas.1
        self.epsilon = epsilon
        self.amsgrad = amsgrad
        super.init(
            parameters, learningRate: learningRate, momentum: betas.0, weightDecay: weightDecay,
            maximizes: maximizes)
    }

    /// Whether the weight decay is taken off the parameters directly instead of being part of the gradient.
    class var decouplesWeightDecay: Bool { false }

    public final override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        var step = AdamStep(learningRate: group.learningRate, step: state.step)
        step.beta1 = group.momentum
        step.beta2 = beta2
        step.epsilon = epsilon
        step.weightDecay = group.weightDecay
        step.isDecoupled = Self.decouplesWeightDecay
        step.gradientScale = maximizes ? -1 : 1
        let maximum = amsgrad ? state.tensor("max_exp_avg_sq", like: parameter) : nil
        parameter.backend.adamStep(
            step, parameter: parameter.array, gradient: gradient.array,
            mean: state.tensor("exp_avg", like: parameter).array,
            variance: state.tensor("exp_avg_sq", like: parameter).array, maximumVariance: maximum?.array)
        return parameter
    }
}
