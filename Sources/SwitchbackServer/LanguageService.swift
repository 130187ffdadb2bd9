import Switchback
import SwitchbackLanguage

/// A language model with everything that its requests need: what may be used from any thread is here, the model itself
/// belongs to the engine.
package struct LanguageService: Sendable {
    let engine: GenerationEngine
    let tokenizer: any Tokenizer
    let template: ChatTemplate
    /// How text is generated where a request says nothing else.
    let defaults: GenerationOptions
    let contextLength: Int
    let limits: ServerLimits
    private let vocabularySize: Int
    private let table: OnDemand<TokenTable>

    init(
        _ name: String, _ checkpoint: Checkpoint, template style: ChatTemplate.Style?, dtype: WeightFormat,
        _ limits: ServerLimits, _ metrics: ServerMetrics
    ) throws {
        let (model, tokenizer) = try checkpoint.languageModelAndTokenizer(dtype: dtype)
        let template = try ChatTemplate.choose(style, for: checkpoint)
        try template.check(tokenizer)
        self.init(name, model, tokenizer, template, try checkpoint.generationOptions(), limits, metrics)
    }

    /// - Parameter model: is used by nobody else from now on.
    init(
        _ name: String, _ model: LanguageModel, _ tokenizer: any Tokenizer, _ template: ChatTemplate,
        _ defaults: GenerationOptions, _ limits: ServerLimits, _ metrics: ServerMetrics
    ) {
        self.tokenizer = tokenizer
        self.template = template
        self.defaults = defaults
        self.limits = limits
        contextLength = model.contextLength
        vocabularySize = model.vocabularySize
        table = OnDemand { TokenTable(tokenizer) }
        engine = GenerationEngine(name, model, tokenizer, limits, metrics)
    }

    /// Queues the answers to a conversation.
    ///
    /// Throws `InputError` if it cannot be written in the model's tokens, or is longer than its context.
    ///
    /// - Parameter grammar: what the answers have to be, if they cannot be anything.
    func answers(
        _ messages: [ChatMessage], _ context: ChatTemplate.Context, _ parameters: GenerationParameters,
        _ grammar: Grammar?
    ) throws -> [GenerationRequest] {
        var options = try options(parameters, grammar)
        template.addEnds(to: &options, of: tokenizer)
        let prompt = try template.prompt(for: messages, with: tokenizer, context)
        return try submit([prompt], options, parameters.tokens, count: parameters.count, field: "messages")
    }

    /// Queues the continuations of texts: all of the first one, then those of the next.
    func continuations(of prompts: [Prompt], _ parameters: GenerationParameters) throws -> [GenerationRequest] {
        // OpenAI's number, where none is given.
        try submit(
            prompts.map(tokens), options(parameters, parameters.grammar), parameters.tokens ?? 16,
            count: parameters.count, field: "prompt")
    }

    /// A text to continue, or its tokens.
    enum Prompt: Sendable {
        case text(String)
        case tokens([Int])
    }

    /// The tokens of a prompt. Throws `InputError` where the model has no such ones.
    func tokens(of prompt: Prompt) throws -> [Int] {
        switch prompt {
        case .text(let text): return try tokenizer.promptTokens(text)
        case .tokens(let tokens):
            guard !tokens.isEmpty, tokens.allSatisfy((0..<tokenizer.vocabularySize).contains) else {
                throw InputError(
                    "request", at: "field prompt",
                    "tokens of the model are needed, from 0 to \(tokenizer.vocabularySize - 1)")
            }
            return tokens
        }
    }

    func text(of prompt: Prompt) -> String {
        switch prompt {
        case .text(let text): text
        case .tokens(let tokens): tokenizer.decode(tokens)
        }
    }

    private func options(_ parameters: GenerationParameters, _ grammar: Grammar?) throws -> GenerationOptions {
        var options = parameters.options(over: defaults)
        if let strange = options.sampling.bias.keys.first(where: { $0 >= vocabularySize }) {
            throw InputError("request", at: "field logit_bias", "the model has no token \(strange)")
        }
        if let grammar {
            guard table.value.hasASCII else {
                throw InputError(
                    "request", at: "field response_format", "the model has no tokens for all characters of JSON")
            }
            options.grammar = TokenGrammar(grammar, table.value)
        }
        return options
    }

    private static let mostTexts = 128

    private func submit(
        _ prompts: [[Int]], _ options: GenerationOptions, _ tokens: Int?, count: Int, field: String
    ) throws -> [GenerationRequest] {
        guard prompts.count * count <= LanguageService.mostTexts else {
            throw InputError(
                "request", at: "field n",
                "\(prompts.count.counted("prompt")) with \(count.counted("text")) each are too many; at most "
                    + "\(LanguageService.mostTexts) texts can be asked for")
        }
        let requests = try prompts.flatMap { prompt in
            try check(prompt, field: field)
            return (0..<count).map { number in
                var options = options
                options.tokens = min(tokens ?? limits.tokens ?? .max, contextLength - prompt.count)
                // The first is the text that this seed gives alone.
                options.seed &+= UInt64(number)
                return GenerationRequest(prompt: prompt, options, seconds: limits.seconds)
            }
        }
        try engine.submit(requests)
        return requests
    }

    private func check(_ prompt: [Int], field: String) throws {
        guard prompt.count < contextLength else {
            throw APIError.invalid(
                "request, field \(field): it has \(prompt.count.counted("token")), and the model reads at most "
                    + "\(contextLength) with its answer; shorten it",
                param: field, code: "context_length_exceeded")
        }
    }
}
