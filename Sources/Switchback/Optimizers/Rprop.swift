/// Steps whose size grows while the gradient's sign stays and shrinks where it turns, whatever its magnitude (Riedmiller and
/// Braun, "A direct adaptive method for faster backpropagation learning", 1993), in the form of `torch.optim.Rprop`. For
/// gradients of the whole data, not of batches.
public final class Rprop: Optimizer {
    private let shrinking, growing: Double
    private let stepSizes: ClosedRange<Double>

    /// - Parameters:
    ///   - learningRate: the size of the first steps.
    ///   - shrinking: what a step is multiplied by where the sign turned, and `growing` where it stayed.
    ///   - stepSizes: the smallest and the largest step.
    public init(
        _ parameters: some ParameterSource, learningRate: Double = 1e-2, shrinking: Double = 0.5, growing: Double = 1.2,
        stepSizes: ClosedRange<Double> = 1e-6...50, maximizes: Bool = false
    ) {
        self.shrinking = shrinking
        self.growing = growing
        self.stepSizes = stepSizes
        super.init(parameters, learningRate: learningRate, maximizes: maximizes)
    }

    public override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        let g = regularized(gradient, of: parameter, group)
        let agreement = g * state.tensor("prev", like: g)
        let size = state.tensor("step_size", like: g, initial: group.learningRate)
        let grown = Tensor.where(agreement.gt(0), size * growing, size)
        let next = Tensor.where(agreement.lt(0), size * shrinking, grown)
            .clamp(min: stepSizes.lowerBound, max: stepSizes.upperBound)
        // Where the sign turned, the step before was too long: this time nothing moves.
        let direction = g.maskedFill(agreement.lt(0), 0)
        state.tensors["step_size"] = next
        state.tensors["prev"] = direction
        return parameter - direction.sign() * next
    }
}
