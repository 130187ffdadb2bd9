import Foundation

/// A token with the natural logarithm of the probability that the model gave it, before anything was done to the choice.
public struct TokenScore: Sendable, Equatable {
    public let token: Int
    public let logProbability: Double
    /// The most likely tokens at its place, most likely first, as many as were asked for.
    public let alternatives: [Alternative]

    public struct Alternative: Sendable, Equatable {
        public let token: Int
        public let logProbability: Double
    }

    /// - Parameter count: how many alternatives are kept.
    init(_ token: Int, _ logits: [Float], alternatives count: Int) {
        let scores = logits.map(Double.init)
        let highest = scores.max() ?? 0
        let total = highest + log(scores.reduce(0) { $0 + exp($1 - highest) })
        self.token = token
        logProbability = scores[token] - total
        alternatives = Ranking(scores, step: 4).prefix(count).map {
            Alternative(token: $0, logProbability: scores[$0] - total)
        }
    }
}
