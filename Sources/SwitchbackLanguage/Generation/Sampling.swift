import Foundation
import Switchback
import SwitchbackTraining

/// How the next token is chosen from its probabilities.
public struct Sampling: Sendable, Equatable {
    /// Below 1 the likely become likelier; 0 always takes the most likely.
    public var temperature = 1.0
    /// Only so many of the most likely tokens can be chosen.
    public var topK: Int?
    /// Only the fewest most likely tokens whose probabilities together reach this (Holtzman et al., 2020).
    public var topP: Double?
    /// Only tokens with at least this fraction of the most likely one's probability (Nguyen et al., 2024).
    public var minP: Double?
    /// Above 1 tokens that occurred become less likely (Keskar et al., "CTRL", 2019, section 4.1).
    public var repetitionPenalty = 1.0
    /// What is taken from the logit of every token that was written before, and what for each time that it was (OpenAI's
    /// API reference, "frequency and presence penalties"); the prompt does not count.
    public var presencePenalty = 0.0
    public var frequencyPenalty = 0.0
    /// What is added to the logits of some tokens.
    public var bias: [Int: Double] = [:]

    public init() {}

    /// The numbers that the properties can have.
    public enum Ranges {
        public static let temperature = NumberRange.from(0, to: 100)
        public static let topK = NumberRange.count()
        public static let topP = NumberRange.above(0, to: 1)
        public static let minP = NumberRange.probability
        public static let repetitionPenalty = NumberRange.above(0, to: 100)
        public static let countPenalty = NumberRange.from(-2, to: 2)
        public static let bias = NumberRange.from(-100, to: 100)
    }

    /// Throws `InputError` if a value makes no sense.
    public func check() throws {
        try Ranges.temperature.check(temperature, option: "temperature")
        if let topK { try Ranges.topK.check(Double(topK), option: "top-k", isWhole: true) }
        if let topP { try Ranges.topP.check(topP, option: "top-p") }
        if let minP { try Ranges.minP.check(minP, option: "min-p") }
        try Ranges.repetitionPenalty.check(repetitionPenalty, option: "repetition-penalty")
        try Ranges.countPenalty.check(presencePenalty, option: "presence-penalty")
        try Ranges.countPenalty.check(frequencyPenalty, option: "frequency-penalty")
        for value in bias.values { try Ranges.bias.check(value, option: "logit-bias") }
    }

    /// The tokens that can be chosen, most likely first, with their probabilities.
    ///
    /// - Parameters:
    ///   - logits: one for each token.
    ///   - occurred: the tokens of the text so far, and how often each was written after the prompt.
    /// - Throws: `InputError` if the logits are not numbers.
    public func candidates(logits: [Float], occurred: [Int: Int]) throws -> [(token: Int, probability: Double)] {
        try candidates(logits, occurred, upTo: .infinity)
    }

    /// One of the candidates, by chance.
    public func choose(logits: [Float], occurred: [Int: Int], generator: Generator) throws -> Int {
        var left = Tensor.rand([1], dtype: .float64, generator: generator).item()
        // Those that come after what was drawn need not even be sorted.
        let candidates = try candidates(logits, occurred, upTo: left)
        for (token, probability) in candidates {
            left -= probability
            if left < 0 { return token }
        }
        return candidates.last?.token ?? 0
    }

    /// As many of the most likely candidates as together have more than a probability: all of them, where top-k, top-p
    /// or min-p leave only some of all tokens.
    private func candidates(
        _ logits: [Float], _ occurred: [Int: Int], upTo enough: Double
    ) throws -> [(token: Int, probability: Double)] {
        let scores = try penalized(logits, occurred)
        let ranking = Ranking(scores, step: 4 * temperature)
        guard temperature > 0, let highest = scores.max() else { return ranking.prefix(1).map { ($0, 1) } }
        let weights = scores.map { exp(($0 - highest) / temperature) }
        let left = topK.map { Array(ranking.prefix($0)) }
        let total = left.map { $0.reduce(0) { $0 + weights[$1] } } ?? weights.reduce(0, +)
        var kept: [(token: Int, probability: Double)] = []
        var sum = 0.0
        for token in left.map({ AnySequence($0) }) ?? AnySequence(ranking) {
            let probability = weights[token] / total
            if sum >= topP ?? .infinity || weights[token] < minP ?? 0 || weights[token] == 0 { break }
            kept.append((token, probability))
            sum += probability
            if isUnrestricted && sum > enough { return kept }
        }
        return kept.map { ($0.token, $0.probability / sum) }
    }

    private var isUnrestricted: Bool { topK == nil && topP == nil && minP == nil }

    /// The logits as numbers, less those of tokens that occurred, and with the bias.
    private func penalized(_ logits: [Float], _ occurred: [Int: Int]) throws -> [Double] {
        var scores = logits.map(Double.init)
        if let bad = scores.firstIndex(where: { $0.isNaN || $0 == .infinity }) {
            throw InputError("model", at: "token \(bad)", "its logit is \(scores[bad]): the weights are damaged")
        }
        for token in occurred.keys where repetitionPenalty != 1 {
            scores[token] = scores[token] > 0 ? scores[token] / repetitionPenalty : scores[token] * repetitionPenalty
        }
        for (token, count) in occurred where count > 0 {
            scores[token] -= presencePenalty + frequencyPenalty * Double(count)
        }
        for (token, value) in bias where scores.indices.contains(token) { scores[token] += value }
        return scores
    }
}
