/// Adam whose weight decay acts on the parameters directly (Loshchilov and Hutter, "Decoupled weight decay
/// regularization", 2019), in the form of `torch.optim.AdamW`.
public final class AdamW: Adam {
    public override init(
        _ parameters: some ParameterSource, learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8, weightDecay: Double = 1e-2, amsgrad: Bool = false, maximizes: Bool = false
    ) {
        super.init(
            parameters, learningRate: learningRate, betas: betas, epsilon: epsilon, weightDecay: weightDecay,
            amsgrad: amsgrad, maximizes: maximizes)
    }

    override class var decouplesWeightDecay: Bool { true }
}
