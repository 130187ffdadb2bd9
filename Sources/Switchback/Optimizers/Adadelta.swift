/// Steps whose size follows from the sizes of earlier steps and gradients (Zeiler, "ADADELTA: an adaptive learning
/// rate method", 2012), in the form of `torch.optim.Adadelta`.
public final class Adadelta: Optimizer {
    private let rho: Double
    private let epsilon: Double

    /// - Parameter rho: how much of the past stays in the averages of squares.
    public init(
        _ parameters: some ParameterSource, learningRate: Double = 1, rho: Double = 0.9, epsilon: Double = 1e-6,
        weightDecay: Double = 0, maximizes: Bool = false
    ) {
        self.rho = rho
        self.epsilon = epsilon
        super.init(parameters, learningRate: learningRate, weightDecay: weightDecay, maximizes: maximizes)
    }

    public override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        let g = regularized(gradient, of: parameter, group)
        let squares = state.average("square_avg", g * g, decay: rho)
        let steps = state.tensor("acc_delta", like: g)
        let direction = ((steps + epsilon) / (squares + epsilon)).sqrt() * g
        _ = state.average("acc_delta", direction * direction, decay: rho)
        return parameter - direction * group.learningRate
    }
}
