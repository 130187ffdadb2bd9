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

    init(
        _ name: String, _ folder: String, template style: ChatTemplate.Style?, dtype: WeightFormat,
        _ limits: ServerLimits, _ metrics: ServerMetrics
    ) throws {
        let checkpoint = try Checkpoint(folder)
        let (model, tokenizer) = try checkpoint.languageModelAndTokenizer(dtype: dtype)
        let template = try ChatTemplate.choose(style, for: folder)
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
        engine = GenerationEngine(name, model, tokenizer, limits, metrics)
    }

    /// Queues the answer to a conversation.
    ///
    /// Throws `InputError` if it cannot be written in the model's tokens, or is longer than its context.
    func answer(
        _ messages: [ChatMessage], _ context: ChatTemplate.Context, _ parameters: GenerationParameters
    ) throws -> GenerationRequest {
        var options = parameters.options(over: defaults)
        template.addEnds(to: &options, of: tokenizer)
        let prompt = try template.prompt(for: messages, with: tokenizer, context)
        return try submit(prompt, options, parameters.tokens, field: "messages")
    }

    /// Queues the continuation of a text.
    func continuation(of prompt: String, _ parameters: GenerationParameters) throws -> GenerationRequest {
        // OpenAI's number, where none is given.
        try submit(
            tokenizer.promptTokens(prompt), parameters.options(over: defaults), parameters.tokens ?? 16, field: "prompt"
        )
    }

    private func submit(
        _ prompt: [Int], _ options: GenerationOptions, _ tokens: Int?, field: String
    ) throws -> GenerationRequest {
        guard prompt.count < contextLength else {
            throw APIError.invalid(
                "request, field \(field): it has \(prompt.count.counted("token")), and the model reads at most "
                    + "\(contextLength) with its answer; shorten it",
                param: field, code: "context_length_exceeded")
        }
        var options = options
        options.tokens = min(tokens ?? limits.tokens ?? .max, contextLength - prompt.count)
        return try engine.submit(prompt: prompt, options)
    }
}
