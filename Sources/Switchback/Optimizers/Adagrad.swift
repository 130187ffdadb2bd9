/// Divides the gradient by the root of the sum of all its squares (Duchi, Hazan and Singer, "Adaptive subgradient
/// methods", 2011), in the form of `torch.optim.Adagrad`.
public final class Adagrad: Optimizer {
    private let learningRateDecay: Double
    private let initialAccumulator: Double
    private let epsilon: Double

    /// - Parameters:
    ///   - learningRateDecay: the rate of step t is divided by 1 + (t - 1)·decay.
    ///   - initialAccumulator: what the sum of squares starts with.
    public init(
        _ parameters: some ParameterSource, learningRate: Double = 1e-2, learningRateDecay: Double = 0,
        weightDecay: Double = 0, initialAccumulator: Double = 0, epsilon: Double = 1e-10, maximizes: Bool = false
    ) {
        self.learningRateDecay = learningRateDecay
        self.initialAccumulator = initialAccumulator
        self.epsilon = epsilon
        super.init(parameters, learningRate: learningRate, weightDecay: weightDecay, maximizes: maximizes)
    }

    public override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        let g = regularized(gradient, of: parameter, group)
        let sum = state.tensor("sum", like: g, initial: initialAccumulator) + g * g
        state.tensors["sum"] = sum
        let rate = group.learningRate / (1 + Double(state.step - 1) * learningRateDecay)
        return parameter - g / (sum.sqrt() + epsilon) * rate
    }
}
