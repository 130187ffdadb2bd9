import Kernels

/// Adam for tables of which a step uses few rows, in the form of `torch.optim.SparseAdam`: only those rows move, and
/// only their averages.
///
/// It is lazy: the averages of a row that is not used do not decay meanwhile, and the row does not continue its
/// momentum, as they would under `Adam`. The corrections for the averages' beginning count all steps. There is no
/// weight decay. Parameters with a whole gradient are trained by the same formula, all their rows used.
public final class SparseAdam: Optimizer {
    private let beta2: Double
    private let epsilon: Double

    /// - Parameters:
    ///   - betas: how much of the past stays in the averages of the gradient and of its square.
    ///   - epsilon: added to the root that divides, before the correction for the average's beginning.
    public init(
        _ parameters: some ParameterSource, learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8, maximizes: Bool = false
    ) {
        beta2 = betas.1
        self.epsilon = epsilon
        super.init(parameters, learningRate: learningRate, momentum: betas.0, maximizes: maximizes)
    }

    public override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        parameter.backend.adamStep(
            kernelStep(state, group), parameter: parameter.array, gradient: gradient.array,
            mean: state.tensor("exp_avg", like: parameter).array,
            variance: state.tensor("exp_avg_sq", like: parameter).array, maximumVariance: nil)
        return parameter
    }

    public override func updateRows(
        _ parameter: Tensor, gradient: RowGradient, state: inout ParameterState, group: Group
    ) -> Bool {
        let step = kernelStep(state, group)
        let values = gradient.values.to(parameter.dtype)
        let mean = state.tensor("exp_avg", like: parameter)
        let variance = state.tensor("exp_avg_sq", like: parameter)
        changeRows(gradient, of: [parameter, mean, variance]) { rows in
            parameter.backend.adamStep(
                step, parameter: rows[0], gradient: values.array, mean: rows[1], variance: rows[2],
                maximumVariance: nil)
        }
        return true
    }

    private func kernelStep(_ state: ParameterState, _ group: Group) -> AdamStep {
        var step = AdamStep(learningRate: group.learningRate, step: state.step)
        step.beta1 = group.momentum
        step.beta2 = beta2
        // Adam's is added after the correction of the root.
        step.epsilon = epsilon / (1 - pow(beta2, Double(state.step))).squareRoot()
        step.gradientScale = maximizes ? -1 : 1
        return step
    }
}
