/// The optimizers by the names that options and configurations use.
public enum OptimizerKind: String, CaseIterable, Codable, Sendable {
    case sgd, adam, adamw, adamax, nadam, radam, rmsprop, adagrad, adadelta, rprop, asgd, lion, muon, musgd

    /// The learning rate that a first attempt is well served with.
    public var defaultLearningRate: Double {
        switch self {
        case .sgd, .rmsprop, .adagrad, .rprop, .asgd, .musgd: 0.01
        case .adam, .adamw, .radam: 1e-3
        case .adamax, .nadam: 2e-3
        case .adadelta: 1
        case .lion: 1e-4
        case .muon: 0.02
        }
    }

    /// An optimizer of this kind.
    ///
    /// Muon trains matrices only: with other parameters among them, choose `musgd`, or make two optimizers.
    ///
    /// - Parameters:
    ///   - momentum: of SGD, RMSprop, Muon and MuSGD, and β₁ of Adam and its kin; `nil` is the kind's own default.
    ///   - beta2: β₂ of Adam and its kin; `nil` is the kind's own default.
    ///   - weightDecay: `nil` is the kind's own default. Rprop has none.
    ///   - nesterov: whether SGD looks ahead.
    public func makeOptimizer(
        _ parameters: some ParameterSource, learningRate: Double? = nil, momentum: Double? = nil,
        beta2: Double? = nil, weightDecay: Double? = nil, nesterov: Bool = false
    ) -> Optimizer {
        let rate = learningRate ?? defaultLearningRate
        let decay = weightDecay ?? 0
        let betas = (momentum ?? 0.9, beta2 ?? 0.999)
        switch self {
        case .sgd:
            return SGD(
                parameters, learningRate: rate, momentum: momentum ?? 0.9, weightDecay: decay, nesterov: nesterov)
        case .adam: return Adam(parameters, learningRate: rate, betas: betas, weightDecay: decay)
        case .adamw: return AdamW(parameters, learningRate: rate, betas: betas, weightDecay: weightDecay ?? 1e-2)
        case .adamax: return Adamax(parameters, learningRate: rate, betas: betas, weightDecay: decay)
        case .nadam: return NAdam(parameters, learningRate: rate, betas: betas, weightDecay: decay)
        case .radam: return RAdam(parameters, learningRate: rate, betas: betas, weightDecay: decay)
        case .rmsprop: return RMSprop(parameters, learningRate: rate, momentum: momentum ?? 0, weightDecay: decay)
        case .adagrad: return Adagrad(parameters, learningRate: rate, weightDecay: decay)
        case .adadelta: return Adadelta(parameters, learningRate: rate, weightDecay: decay)
        case .rprop: return Rprop(parameters, learningRate: rate)
        case .asgd: return ASGD(parameters, learningRate: rate, weightDecay: decay)
        case .lion:
            return Lion(parameters, learningRate: rate, betas: (betas.0, beta2 ?? 0.99), weightDecay: decay)
        case .muon:
            return Muon(parameters, learningRate: rate, momentum: momentum ?? 0.95, weightDecay: weightDecay ?? 0.1)
        case .musgd: return MuSGD(parameters, learningRate: rate, momentum: momentum ?? 0.9, weightDecay: decay)
        }
    }
}
