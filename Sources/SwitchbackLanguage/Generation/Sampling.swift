import Foundation
import Switchback

/// How the next token is chosen from its odds.
public struct Sampling: Sendable, Equatable {
    /// Below 1 the likely become likelier; 0 always takes the likeliest.
    public var temperature = 1.0
    /// Only so many of the likeliest tokens can be chosen.
    public var topK: Int?
    /// Only the fewest likeliest tokens whose probabilities together reach this (Holtzman et al., 2020).
    public var topP: Double?
    /// Only tokens with at least this fraction of the likeliest one's probability (Nguyen et al., 2024).
    public var minP: Double?
    /// Above 1 tokens that occurred become less likely (Keskar et al., "CTRL", 2019, section 4.1).
    public var repetitionPenalty = 1.0

    public init() {}

    /// Throws `InputError` where a value makes no sense.
    public func check() throws {
        func require(_ holds: Bool, _ name: String, _ problem: String) throws {
            if !holds { throw InputError("option \(name)", problem) }
        }
        try require(temperature >= 0 && temperature.isFinite, "temperature", "it is not negative, as \(temperature) is")
        try require(topK ?? 1 > 0, "top-k", "at least 1 token must be left, not \(topK ?? 0)")
        try require((0...1).contains(topP ?? 1) && topP != 0, "top-p", "it is above 0 and at most 1, not \(topP ?? 0)")
        try require((0...1).contains(minP ?? 0), "min-p", "it is from 0 to 1, not \(minP ?? 0)")
        try require(repetitionPenalty > 0, "repetition-penalty", "it is above 0, not \(repetitionPenalty)")
    }

    /// The tokens that can be chosen, likeliest first, with their probabilities.
    ///
    /// - Parameters:
    ///   - logits: one for each token.
    ///   - occurred: the tokens of the text so far.
    /// - Throws: `InputError` if the logits are no numbers.
    public func candidates(logits: [Float], occurred: Set<Int>) throws -> [(token: Int, probability: Double)] {
        var scores = logits.map(Double.init)
        if let bad = scores.firstIndex(where: { $0.isNaN }) {
            throw InputError("model", at: "token \(bad)", "its logit is not a number: the weights are damaged")
        }
        for token in occurred where repetitionPenalty != 1 {
            scores[token] = scores[token] > 0 ? scores[token] / repetitionPenalty : scores[token] * repetitionPenalty
        }
        let order = likeliest(of: scores)
        guard temperature > 0, let highest = order.first.map({ scores[$0] }) else {
            return order.prefix(1).map { ($0, 1) }
        }
        let weights = order.map { exp((scores[$0] - highest) / temperature) }
        let total = weights.reduce(0, +)
        var kept = zip(order, weights).map { (token: $0, probability: $1 / total) }
        if let topP {
            var sum = 0.0
            kept = Array(
                kept.prefix { entry in
                    defer { sum += entry.probability }
                    return sum < topP
                })
        }
        if let minP, let first = kept.first { kept = kept.filter { $0.probability >= minP * first.probability } }
        let sum = kept.reduce(0) { $0 + $1.probability }
        return kept.map { ($0.token, $0.probability / sum) }
    }

    /// The tokens that top-k leaves, likeliest first; of equal ones the lower number.
    private func likeliest(of scores: [Double]) -> [Int] {
        let precedes = { (a: Int, b: Int) in scores[a] != scores[b] ? scores[a] > scores[b] : a < b }
        if temperature == 0 { return scores.indices.min(by: precedes).map { [$0] } ?? [] }
        let order = scores.indices.sorted(by: precedes)
        return topK.map { Array(order.prefix($0)) } ?? order
    }

    /// One of the candidates, by chance.
    public func choose(logits: [Float], occurred: Set<Int>, generator: Generator) throws -> Int {
        let candidates = try candidates(logits: logits, occurred: occurred)
        var left = Tensor.rand([1], dtype: .float64, generator: generator).item()
        for (token, probability) in candidates {
            left -= probability
            if left < 0 { return token }
        }
        return candidates.last?.token ?? 0
    }
}
