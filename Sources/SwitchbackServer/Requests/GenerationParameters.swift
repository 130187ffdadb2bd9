import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// The parameters of a generation request, apart from the prompt.
package struct GenerationParameters: Sendable {
    /// The model's name; any where it is omitted and there is only one.
    package let model: String?
    package let stream: Bool
    /// Whether a stream ends with the number of tokens.
    package let includesUsage: Bool
    /// What the request says of the choice of tokens, of the end and the seed, for options that the model has.
    private let change: @Sendable (inout GenerationOptions) -> Void
    /// How many tokens were requested.
    package let tokens: Int?

    /// Fields that any request may have.
    private static let common = [
        "model", "stream", "stream_options", "max_tokens", "temperature", "top_p", "top_k", "min_p",
        "repetition_penalty", "stop", "seed",
    ]
    /// Fields that change nothing here: labels, and what only OpenAI's own service has.
    private static let ignored = [
        "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "parallel_tool_calls",
    ]
    /// Fields of what is not there, with the values that ask for nothing.
    private static let refused: [(name: String, isHarmless: @Sendable (JSON) -> Bool, problem: String)] = [
        ("n", { $0.isNumber(1) }, "only one answer per request is supported"),
        ("best_of", { $0.isNumber(1) }, "only one answer per request is supported"),
        ("presence_penalty", { $0.isNumber(0) }, "there is none; repetition_penalty does something similar"),
        ("frequency_penalty", { $0.isNumber(0) }, "there is none; repetition_penalty does something similar"),
        ("logit_bias", { $0.isEmpty }, "there is none"),
        ("logprobs", { $0.isFalse || $0.isNumber(0) }, "log probabilities are not supported"),
        ("top_logprobs", { $0.isNumber(0) }, "log probabilities are not supported"),
        ("echo", { $0.isFalse }, "echoing the prompt is not supported"),
        ("suffix", { $0.isEmpty }, "texts are only continued"),
        ("functions", { $0.isEmpty }, "they are tools now: send tools"),
        ("response_format", { $0.isTextFormat }, "answers are text, of no other form"),
        ("modalities", { $0.isTextOnly }, "answers are text, of no other form"),
    ]

    /// - Parameter own: the fields that this kind of request has beside those that all have.
    package init(_ fields: ConfigurationFields, own: [String], limits: ServerLimits) throws {
        try fields.checkNames(
            known: own + GenerationParameters.common + GenerationParameters.ignored
                + GenerationParameters.refused.map(\.name))
        for (name, isHarmless, problem) in GenerationParameters.refused {
            try fields.refuse(name, unless: isHarmless, problem)
        }
        model = fields["model"] == nil ? nil : try fields.string("model")
        stream = try fields.bool("stream", default: false)
        includesUsage = try fields.object("stream_options")?.bool("include_usage", default: false) ?? false
        let name = fields["max_completion_tokens"] == nil ? "max_tokens" : "max_completion_tokens"
        tokens = fields[name] == nil ? nil : try fields.integer(name)
        if let limit = limits.tokens, let tokens, tokens > limit {
            throw fields.problem(name, "at most \(limit) tokens can be asked for here, not \(tokens)")
        }
        change = try fields.samplingChange()
    }

    /// The options of the request, over those of the model.
    package func options(over defaults: GenerationOptions = GenerationOptions()) -> GenerationOptions {
        var options = defaults
        change(&options)
        return options
    }
}

extension ConfigurationFields {
    /// Throws `InputError` over a value that makes no sense.
    fileprivate func samplingChange() throws -> @Sendable (inout GenerationOptions) -> Void {
        func given(_ name: String) throws -> Double? { try self[name] == nil ? nil : number(name) }
        let (temperature, penalty) = (try given("temperature"), try given("repetition_penalty"))
        let (topP, minP) = (try given("top_p"), try given("min_p"))
        // 0 and −1 are what other servers take for all tokens.
        let topK = self["top_k"] == nil ? nil : try integer("top_k", minimum: -1)
        let stopWords = try stopWords()
        let seed = self["seed"] == nil ? UInt64.random(in: 0...UInt64.max) : try seed()
        let change: @Sendable (inout GenerationOptions) -> Void = { options in
            options.sampling.temperature = temperature ?? options.sampling.temperature
            options.sampling.topP = topP ?? options.sampling.topP
            if let topK { options.sampling.topK = topK > 0 ? topK : nil }
            options.sampling.minP = minP ?? options.sampling.minP
            options.sampling.repetitionPenalty = penalty ?? options.sampling.repetitionPenalty
            options.stopWords = stopWords
            options.seed = seed
        }
        var options = GenerationOptions()
        change(&options)
        do {
            try options.sampling.check()
        } catch let error as InputError {
            throw problem(error.subject.replacing("option ", with: "").replacing("-", with: "_"), error.problem)
        }
        return change
    }
}

extension ConfigurationFields {
    private static let mostStopWords = 16
    /// In bytes. What may be the beginning of one is compared with each after every token.
    private static let longestStopWord = 1000

    fileprivate func stopWords() throws -> [String] {
        switch self["stop"] {
        case nil: return []
        case .string(let word): return [try stopWord(word)]
        case .array(let values) where values.count <= ConfigurationFields.mostStopWords:
            return try values.map { value in
                guard case .string(let word) = value else {
                    throw problem("stop", "text is needed, or a list of texts")
                }
                return try stopWord(word)
            }
        case .array(let values):
            throw problem("stop", "there are \(values.count); \(ConfigurationFields.mostStopWords) are allowed")
        default: throw problem("stop", "text is needed, or a list of texts")
        }
    }

    private func stopWord(_ word: String) throws -> String {
        guard word.utf8.count <= ConfigurationFields.longestStopWord else {
            throw problem("stop", "a word has at most \(ConfigurationFields.longestStopWord) bytes")
        }
        return word
    }

    fileprivate func seed() throws -> UInt64 {
        guard let number = self["seed"]?.wholeNumber else { throw problem("seed", "a whole number is needed") }
        return UInt64(bitPattern: Int64(number))
    }
}

extension JSON {
    fileprivate func isNumber(_ number: Double) -> Bool {
        switch self {
        case .integer(let value): Double(value) == number
        case .number(let value): value == number
        default: false
        }
    }

    fileprivate var isFalse: Bool { if case .bool(false) = self { true } else { false } }

    func isText(_ text: String) -> Bool {
        if case .string(let own) = self { own.isExactly(text) } else { false }
    }

    fileprivate var isEmpty: Bool {
        switch self {
        case .array(let values): values.isEmpty
        case .object(let members): members.isEmpty
        case .string(let text): text.isEmpty
        default: false
        }
    }

    /// `{"type": "text"}`.
    fileprivate var isTextFormat: Bool {
        guard case .object(let members) = self else { return false }
        return members.contains { $0.name == "type" && $0.value.isText("text") }
    }

    /// `["text"]`.
    fileprivate var isTextOnly: Bool {
        guard case .array(let values) = self else { return false }
        return values.allSatisfy { $0.isText("text") }
    }
}
