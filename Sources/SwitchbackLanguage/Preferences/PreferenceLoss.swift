import Switchback

/// The loss of direct preference optimization (Rafailov et al., "Direct Preference Optimization", 2023, equation 7):
///
///     −log σ(r(chosen) − r(rejected)),   r(answer) = β · (log p(answer) − log p_reference(answer))
///
/// where r is the reward that the model gives an answer by making it more likely than the reference does. With label
/// smoothing ε, each preference is taken to be the other way around with probability ε (Mitchell, "A note on DPO with
/// noisy preferences", 2023): −(1 − ε) · log σ(d) − ε · log σ(−d), d = r(chosen) − r(rejected).
public struct PreferenceLoss: Sendable {
    /// How strongly the model is held to the reference.
    public var beta: Double
    public var labelSmoothing: Double

    public init(beta: Double = 0.1, labelSmoothing: Double = 0) {
        (self.beta, self.labelSmoothing) = (beta, labelSmoothing)
    }

    /// The mean over pairs, and what stands behind it.
    struct Values {
        /// Of one element.
        let loss: Tensor
        /// The rewards of the answers, [pairs].
        let chosen, rejected: Tensor

        /// How much more the chosen answers are rewarded, on average; and the share of pairs in which they are.
        var margin: Tensor { (chosen - rejected).mean() }
        var accuracy: Tensor { chosen.gt(rejected).to(.float32).mean() }

        /// What is shown beside the loss.
        var items: [(name: String, value: Tensor)] {
            noGrad {
                [("accuracy", accuracy), ("margin", margin), ("chosen", chosen.mean()), ("rejected", rejected.mean())]
            }
        }
    }

    /// - Parameters:
    ///   - logProbabilities: those of the chosen answers and then those of the rejected ones, in nats, [2 · pairs].
    ///   - reference: the same of the reference.
    func callAsFunction(_ logProbabilities: Tensor, reference: Tensor) -> Values {
        let pairs = logProbabilities.size(0) / 2
        let rewards = (logProbabilities - reference) * beta
        let chosen = rewards.narrow(dim: 0, start: 0, length: pairs)
        let rejected = rewards.narrow(dim: 0, start: pairs, length: pairs)
        let difference = chosen - rejected
        var losses = -difference.logSigmoid()
        if labelSmoothing > 0 {
            losses = losses * (1 - labelSmoothing) - (-difference).logSigmoid() * labelSmoothing
        }
        return Values(loss: losses.mean(), chosen: chosen, rejected: rejected)
    }
}
