/// Muon and SGD at once: matrices and filters take a step of both, everything else one of SGD; the optimizer that
/// Ultralytics trains YOLO26 with.
public final class MuSGD: Optimizer {
    private let nesterov: Bool
    private let muonShare: Double
    private let sgdShare: Double
    private let iteration: NewtonSchulz

    /// - Parameters:
    ///   - muonShare, sgdShare: what the learning rate is multiplied by in each of the two steps of a matrix.
    public init(
        _ parameters: some ParameterSource, learningRate: Double = 1e-3, momentum: Double = 0.9,
        weightDecay: Double = 0, nesterov: Bool = true, muonShare: Double = 0.2, sgdShare: Double = 1,
        iteration: NewtonSchulz = NewtonSchulz()
    ) {
        self.nesterov = nesterov
        self.muonShare = muonShare
        self.sgdShare = sgdShare
        self.iteration = iteration
        super.init(parameters, learningRate: learningRate, momentum: momentum, weightDecay: weightDecay)
    }

    public override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        var value = parameter
        if parameter.rank >= 2 {
            let rate = group.learningRate * muonShare
            value = value - muonDirection(gradient, &state, group) * rate
        }
        let g = regularized(gradient, of: value, group)
        let buffer = state.tensor("momentum_buffer_sgd", like: g) * group.momentum + g
        state.tensors["momentum_buffer_sgd"] = buffer
        let direction = nesterov ? g + buffer * group.momentum : buffer
        return value - direction * (group.learningRate * (parameter.rank >= 2 ? sgdShare : 1))
    }

    /// The orthogonal matrix of a momentum, filters being rows; scaled up for tall ones.
    private func muonDirection(_ gradient: Tensor, _ state: inout ParameterState, _ group: Group) -> Tensor {
        let average = state.average("momentum_buffer", gradient, decay: group.momentum)
        let look = nesterov ? gradient * (1 - group.momentum) + average * group.momentum : average
        let matrix = look.reshape([look.shape[0], look.count / look.shape[0]])
        let direction = iteration.orthogonalized(matrix).reshape(gradient.shape)
        let aspect = Double(gradient.size(-2)) / Double(gradient.size(-1))
        return direction * max(1, aspect).squareRoot()
    }
}
