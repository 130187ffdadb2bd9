import SwitchbackLanguage

/// How likely the tokens of an answer were, in the form of conversations or of continued texts.
enum LogProbabilities: Encodable {
    case chat([Entry])
    case completion(Columns)

    /// A token of a conversation's answer.
    struct Entry: Encodable {
        let token: String
        let logprob: Double
        let bytes: [UInt8]
        let topLogprobs: [Alternative]
    }

    struct Alternative: Encodable {
        let token: String
        let logprob: Double
        let bytes: [UInt8]
    }

    /// The tokens of a continued text.
    struct Columns: Encodable {
        let tokens: [String]
        let tokenLogprobs: [Double]
        let topLogprobs: [[String: Double]]
        /// Where each token begins in the text, in characters.
        let textOffset: [Int]
    }

    private enum CodingKeys: CodingKey { case content }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .chat(let entries):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(entries, forKey: .content)
        case .completion(let columns): try columns.encode(to: encoder)
        }
    }

    /// - Parameter offset: how long the text before these tokens is; afterwards, with them.
    init(_ scores: [TokenScore], _ form: AnswerForm, _ tokenizer: any Tokenizer, offset: inout Int) {
        let texts = scores.map { tokenizer.decode([$0.token]) }
        switch form {
        case .chat:
            self = .chat(
                zip(scores, texts).map { score, text in
                    Entry(
                        token: text, logprob: score.logProbability.told, bytes: tokenizer.bytes(of: score.token),
                        topLogprobs: score.alternatives.map {
                            Alternative(
                                token: tokenizer.decode([$0.token]), logprob: $0.logProbability.told,
                                bytes: tokenizer.bytes(of: $0.token))
                        })
                })
        case .completion:
            var offsets: [Int] = []
            for text in texts {
                offsets.append(offset)
                offset += text.unicodeScalars.count
            }
            self = .completion(
                Columns(
                    tokens: texts, tokenLogprobs: scores.map(\.logProbability.told),
                    topLogprobs: scores.map { score in
                        Dictionary(
                            score.alternatives.map { (tokenizer.decode([$0.token]), $0.logProbability.told) }
                        ) { first, _ in first }
                    },
                    textOffset: offsets))
        }
    }
}

extension Double {
    /// JSON has no infinities; OpenAI's word for "not at all" is this number.
    fileprivate var told: Double { Swift.max(self, -9999) }
}
