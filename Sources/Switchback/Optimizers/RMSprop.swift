/// Divides the gradient by the root of the running average of its square (Hinton, "Neural networks for machine
/// learning", lecture 6e, 2012), in the form of `torch.optim.RMSprop`.
public final class RMSprop: Optimizer {
    private let smoothing: Double
    private let epsilon: Double
    private let centered: Bool

    /// - Parameters:
    ///   - smoothing: how much of the past stays in the average of squares; PyTorch's `alpha`.
    ///   - centered: divides by the standard deviation instead, subtracting the square of the average gradient.
    public init(
        _ parameters: some ParameterSource, learningRate: Double = 1e-2, smoothing: Double = 0.99,
        epsilon: Double = 1e-8, momentum: Double = 0, weightDecay: Double = 0, centered: Bool = false,
        maximizes: Bool = false
    ) {
        self.smoothing = smoothing
        self.epsilon = epsilon
        self.centered = centered
        super.init(
            parameters, learningRate: learningRate, momentum: momentum, weightDecay: weightDecay,
            maximizes: maximizes)
    }

    public override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        let g = regularized(gradient, of: parameter, group)
        var variance = state.average("square_avg", g * g, decay: smoothing)
        if centered {
            let mean = state.average("grad_avg", g, decay: smoothing)
            variance = variance - mean * mean
        }
        let direction = g / (variance.sqrt() + epsilon)
        if group.momentum == 0 { return parameter - direction * group.learningRate }
        let buffer = state.tensor("momentum_buffer", like: g) * group.momentum + direction
        state.tensors["momentum_buffer"] = buffer
        return parameter - buffer * group.learningRate
    }
}
