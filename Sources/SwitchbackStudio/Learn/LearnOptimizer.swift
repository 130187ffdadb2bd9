import Switchback

/// The optimizers that a reader compares.
package enum LearnOptimizer: String, CaseIterable, Codable, Sendable {
    case sgd, momentum, adam

    func callAsFunction(_ parameters: some ParameterSource, rate: Double) -> Optimizer {
        switch self {
        case .sgd: SGD(parameters, learningRate: rate)
        case .momentum: SGD(parameters, learningRate: rate, momentum: 0.9)
        case .adam: Adam(parameters, learningRate: rate)
        }
    }
}
