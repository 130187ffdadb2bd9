import Foundation
import Switchback
import SwitchbackFormats

/// The search for the most likely sequence that an encoder–decoder writes, as Transformers has it: several are followed
/// at the same time, and the best finished ones kept.
struct BeamSearch {
    /// Where sequences begin and end, and what is looked for.
    struct Rules: Equatable, Sendable {
        /// The token that a sequence begins with, and those that end one.
        var start: Int
        var ends: Set<Int>
        /// How many sequences are followed; 1 takes the most likely token each time.
        var beam = 1
        /// How many tokens are written at most, with the first; `nil`: twice as many as are read, and 10.
        var longest: Int?
        var normalization = LengthNormalization.power(1)
        /// Whether the search is over when as many sequences are finished as are followed.
        var stopsEarly = false
        /// The token that comes second, and the one that comes last where the length is over.
        var forcedStart: Int?
        var forcedEnd: Int?
        /// Tokens that are never written.
        var unwanted: Set<Int> = []
        /// So many tokens in a row are not written twice; 0: any are.
        var unrepeated = 0
    }

    /// By what log p is divided, so that longer sequences have a chance.
    enum LengthNormalization: Equatable, Sendable {
        /// The length without the first token to a power.
        case power(Double)
        /// Wu et al., "Google's Neural Machine Translation System", 2016, equation 14, with the length to α.
        case wu(Double)

        func apply(_ score: Double, length: Int) -> Double {
            switch self {
            case .power(let exponent): score / pow(Double(length), exponent)
            case .wu(let exponent): score / pow((6 + Double(length)) / 6, exponent)
            }
        }
    }

    private struct Sequence {
        var tokens: [Int]
        var score: Double
    }

    let rules: Rules
    /// The logits of the tokens that follow sequences of one length: [sequences, vocabulary].
    let logits: ([[Int]]) -> Tensor

    /// The best sequence without its first token and its end.
    ///
    /// - Parameter read: how many tokens the source has.
    func best(read: Int) -> [Int] {
        let longest = rules.longest ?? 2 * read + 11
        let beam = rules.beam
        var open = [Sequence(tokens: [rules.start], score: 0)]
        var finished: [Sequence] = []
        var mayImprove = true
        func normalized(_ score: Double, _ length: Int) -> Double { rules.normalization.apply(score, length: length) }
        while mayImprove, let length = open.first?.tokens.count, length < longest {
            let next = continuations(open, longest, count: max(2, 1 + rules.ends.count) * beam)
            func ends(_ sequence: Sequence) -> Bool {
                sequence.tokens.last.map(rules.ends.contains) ?? false || length + 1 >= longest
            }
            finished += next.prefix(beam).filter(ends).map {
                Sequence(tokens: $0.tokens, score: normalized($0.score, length))
            }
            finished.sort { $0.score > $1.score }
            finished = Array(finished.prefix(beam))
            open = Array(next.filter { !ends($0) }.prefix(beam))
            let isOver = finished.count == beam && (rules.stopsEarly || beam == 1)
            guard let most = open.first, !isOver else { break }
            let worst = finished.count < beam ? -Double.infinity : finished.last?.score ?? 0
            mayImprove = normalized(most.score, length) > worst
        }
        let tokens = (finished.first ?? open.first)?.tokens.dropFirst() ?? []
        return Array(tokens.last.map(rules.ends.contains) == true ? tokens.dropLast() : tokens)
    }

    /// The most likely continuations by one token, the best first.
    private func continuations(_ open: [Sequence], _ longest: Int, count: Int) -> [Sequence] {
        let own = logits(open.map(\.tokens)).logSoftmax(dim: 1)
        let width = own.size(1)
        let before = Tensor(open.map { Float($0.score) }, shape: [open.count, 1], like: own)
        let scores = restricted(own, open, longest) + before
        let chosen = scores.flatten().topK(min(count, scores.count))
        let pairs = zip(chosen.values.toArray(as: Double.self), chosen.indices.toArray(as: Int.self))
        return pairs.filter { $0.0 > -Double.infinity }.map { score, index in
            Sequence(tokens: open[index / width].tokens + [index % width], score: score)
        }
    }

    /// log p with −∞ for tokens that may not follow.
    private func restricted(_ scores: Tensor, _ open: [Sequence], _ longest: Int) -> Tensor {
        let width = scores.size(1)
        let length = open[0].tokens.count
        if let token = length == 1 ? rules.forcedStart : length == longest - 1 ? rules.forcedEnd : nil {
            let only = (0..<width).map { $0 == token ? Float(0) : -.infinity }
            return Tensor(only, shape: [1, width], like: scores).expand(to: open.count, width)
        }
        guard !rules.unwanted.isEmpty || rules.unrepeated > 0 else { return scores }
        var penalties = [Float](repeating: 0, count: scores.count)
        for (row, sequence) in open.enumerated() {
            for token in rules.unwanted.union(repeated(sequence.tokens)) where token < width {
                penalties[row * width + token] = -.infinity
            }
        }
        return scores + Tensor(penalties, shape: scores.shape, like: scores)
    }

    /// The tokens that would write a run of tokens a second time.
    private func repeated(_ tokens: [Int]) -> [Int] {
        let count = rules.unrepeated
        guard count > 0, tokens.count + 1 >= count else { return [] }
        let last = tokens.suffix(count - 1)
        return (0..<max(0, tokens.count - count + 1)).filter { tokens[$0..<$0 + count - 1].elementsEqual(last) }
            .map { tokens[$0 + count - 1] }
    }
}

extension BeamSearch.Rules {
    /// What `generation_config.json` says, or else `config.json`.
    init(_ fields: ConfigurationFields, _ configuration: ConfigurationFields) throws {
        func place(_ name: String) -> ConfigurationFields { fields[name] == nil ? configuration : fields }
        func integer(_ name: String, minimum: Int = 0) throws -> Int? {
            place(name)[name] == nil ? nil : try place(name).integer(name, minimum: minimum)
        }
        guard let start = try integer("decoder_start_token_id") else {
            throw configuration.problem("decoder_start_token_id", "it is missing, so no text can begin")
        }
        self.init(start: start, ends: Set(try place("eos_token_id").integers("eos_token_id")))
        beam = try integer("num_beams", minimum: 1) ?? 1
        guard beam <= 64 else {
            throw place("num_beams").problem("num_beams", "it is \(beam), and at most 64 are followed")
        }
        if let tokens = try integer("max_new_tokens", minimum: 1) { longest = tokens + 1 }
        if longest == nil { longest = try integer("max_length", minimum: 2) }
        normalization = .power(try place("length_penalty").number("length_penalty", default: 1))
        stopsEarly = try place("early_stopping").bool("early_stopping", default: false)
        forcedStart = try integer("forced_bos_token_id")
        forcedEnd = try integer("forced_eos_token_id")
        unrepeated = try integer("no_repeat_ngram_size") ?? 0
        for entry in try place("bad_words_ids").array("bad_words_ids") ?? [] {
            guard case .array(let tokens) = entry, tokens.count == 1, let token = tokens[0].wholeNumber else {
                throw place("bad_words_ids").problem("bad_words_ids", "lists of one token each are supported")
            }
            unwanted.insert(token)
        }
    }
}
