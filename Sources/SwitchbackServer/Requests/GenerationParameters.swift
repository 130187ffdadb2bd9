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
    /// How many tokens were requested.
    package let tokens: Int?
    /// How many texts are wanted of each prompt.
    package let count: Int
    /// What the text has to be, if it cannot be anything.
    package let grammar: Grammar?
    /// What the request says of the choice of tokens, of the end and the seed, for options that the model has.
    private let change: @Sendable (inout GenerationOptions) -> Void

    /// Fields that any request may have.
    private static let common = [
        "model", "stream", "stream_options", "max_tokens", "temperature", "top_p", "top_k", "min_p",
        "repetition_penalty", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "n", "stop", "seed",
        "response_format",
    ]
    /// Fields that change nothing here: labels, and what only OpenAI's own service has.
    private static let ignored = [
        "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
    ]
    /// Fields of what is not there, with the values that ask for nothing.
    private static let refused: [(name: String, isHarmless: @Sendable (JSON) -> Bool, problem: String)] = [
        ("suffix", { $0.isEmpty }, "texts are only continued"),
        ("functions", { $0.isEmpty }, "they are tools now: send tools"),
        ("function_call", { $0.isText("none") }, "it is tool_choice now: send that"),
        ("modalities", { $0.isTextOnly }, "answers are text, of no other form"),
        ("audio", { _ in false }, "answers are text, of no other form"),
        ("prediction", { _ in false }, "there is none"),
        ("reasoning_effort", { _ in false }, "what a template has for it goes into chat_template_kwargs"),
        ("verbosity", { _ in false }, "there is none"),
        ("web_search_options", { _ in false }, "there is no search"),
    ]
    private static let mostTexts = 128

    package init(_ fields: ConfigurationFields, _ form: AnswerForm, limits: ServerLimits) throws {
        try fields.checkNames(
            known: form.ownFields + GenerationParameters.common + GenerationParameters.ignored
                + GenerationParameters.refused.map(\.name))
        for (name, isHarmless, problem) in GenerationParameters.refused {
            try fields.refuse(name, unless: isHarmless, problem)
        }
        model = try fields.modelName
        stream = try fields.bool("stream", default: false)
        includesUsage =
            try fields.streamOptions(known: ["include_usage"])?.bool("include_usage", default: false) ?? false
        let name = fields["max_completion_tokens"] == nil ? "max_tokens" : "max_completion_tokens"
        tokens = fields[name] == nil ? nil : try fields.integer(name)
        let tokens = tokens
        if fields["max_completion_tokens"] != nil {
            try fields.refuse(
                "max_tokens", unless: { $0.wholeNumber == tokens }, "it is another number than max_completion_tokens")
        }
        if let limit = limits.tokens, let tokens, tokens > limit {
            throw fields.problem(name, "at most \(limit) tokens can be asked for here, not \(tokens)")
        }
        count = try fields.integer("n", default: 1)
        guard count <= GenerationParameters.mostTexts else {
            throw fields.problem("n", "at most \(GenerationParameters.mostTexts) texts can be asked for")
        }
        let count = count
        try fields.refuse("best_of", unless: { $0.isNumber(Double(count)) }, "it can only be n: all texts are given")
        grammar = try fields.responseGrammar()
        change = try fields.samplingChange(scoredAlternatives: try fields.scoredAlternatives(form))
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
    fileprivate func samplingChange(
        scoredAlternatives: Int?
    ) throws -> @Sendable (inout GenerationOptions) -> Void {
        func given(_ name: String) throws -> Double? { try self[name] == nil ? nil : number(name) }
        let (temperature, penalty) = (try given("temperature"), try given("repetition_penalty"))
        let (topP, minP) = (try given("top_p"), try given("min_p"))
        // 0 and −1 are what other servers take for all tokens.
        let topK = self["top_k"] == nil ? nil : try integer("top_k", minimum: -1)
        let (presence, frequency) = (try given("presence_penalty"), try given("frequency_penalty"))
        let bias = try logitBias()
        let stopWords = try stopWords()
        let seed = self["seed"] == nil ? UInt64.random(in: 0...UInt64.max) : try seed()
        let change: @Sendable (inout GenerationOptions) -> Void = { options in
            options.sampling.temperature = temperature ?? options.sampling.temperature
            options.sampling.topP = topP ?? options.sampling.topP
            if let topK { options.sampling.topK = topK > 0 ? topK : nil }
            options.sampling.minP = minP ?? options.sampling.minP
            options.sampling.repetitionPenalty = penalty ?? options.sampling.repetitionPenalty
            options.sampling.presencePenalty = presence ?? 0
            options.sampling.frequencyPenalty = frequency ?? 0
            options.sampling.bias = bias
            options.scoredAlternatives = scoredAlternatives
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

    private static let mostBiases = 1024

    /// Tokens by their numbers, and what is added to their logits.
    fileprivate func logitBias() throws -> [Int: Double] {
        guard let values = try object("logit_bias") else { return [:] }
        guard values.names.count <= ConfigurationFields.mostBiases else {
            throw problem("logit_bias", "at most \(ConfigurationFields.mostBiases) tokens can have one")
        }
        return try values.names.reduce(into: [:]) { result, name in
            guard let token = Int(name), token >= 0 else { throw problem("logit_bias", "\(name) is no token's number") }
            result[token] = try values.number(name)
        }
    }

    private static let mostAlternatives = 20

    /// How many alternatives are told with each token's probability; `nil` where none is told.
    fileprivate func scoredAlternatives(_ form: AnswerForm) throws -> Int? {
        let name = form == .chat ? "top_logprobs" : "logprobs"
        let count: Int?
        switch form {
        case .chat:
            let isWanted = try bool("logprobs", default: false)
            if !isWanted { try refuse("top_logprobs", unless: { $0.isNumber(0) }, "it needs logprobs") }
            count = isWanted ? try integer("top_logprobs", minimum: 0, default: 0) : nil
        case .completion:
            if let value = self["logprobs"], value.isFalse { return nil }
            count = self["logprobs"] == nil ? nil : try integer("logprobs", minimum: 0)
        }
        if let count, count > ConfigurationFields.mostAlternatives {
            throw problem(name, "at most \(ConfigurationFields.mostAlternatives) are told")
        }
        return count
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

    var isFalse: Bool { if case .bool(false) = self { true } else { false } }

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

    /// `["text"]`.
    fileprivate var isTextOnly: Bool {
        guard case .array(let values) = self else { return false }
        return values.allSatisfy { $0.isText("text") }
    }
}
