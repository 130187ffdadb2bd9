import Switchback

/// Generates text.
///
/// ```swift
/// let generator = TextGenerator(model, tokenizer)
/// let result = try generator.generate("To be, or", tokens: 100) {
///     print($0, terminator: "")
///     return true
/// }
/// ```
public struct TextGenerator {
    private let model: LanguageModel
    private let tokenizer: any Tokenizer
    public var options = GenerationOptions()

    public init(_ model: LanguageModel, _ tokenizer: any Tokenizer) {
        self.model = model
        self.tokenizer = tokenizer
    }

    public struct Result: Sendable {
        public let text: String
        public let promptTokens, tokens: Int
        public let ending: Continuation.Ending
    }

    /// Generates up to `count` tokens after a prompt.
    ///
    /// - Parameters:
    ///   - prompt: may be empty; then the text begins where a text begins. Of one that is longer than the model's
    ///     context, the end is read, with a warning.
    ///   - count: as many as the options say, by default.
    ///   - receive: is given each piece of text, whole characters, as soon as it is there; returns whether to continue.
    /// - Throws: `InputError` over a prompt that has characters that the tokenizer does not know, and over weights that
    ///   give no numbers.
    public func generate(
        _ prompt: String, tokens count: Int? = nil, _ receive: (String) throws -> Bool = { _ in true }
    ) throws -> Result {
        let wasTraining = model.isTraining
        model.eval()
        defer { model.train(wasTraining) }
        var options = options
        options.tokens = count ?? options.tokens
        let text = try Continuation(model, tokenizer, prompt: try promptTokens(prompt), options)
        while text.ending == nil {
            let piece = try model.advance([text])[0].get()
            if !piece.isEmpty, try !receive(piece) { text.cancel() }
        }
        return Result(
            text: text.text, promptTokens: text.promptTokens, tokens: text.tokenCount,
            ending: text.ending ?? .cancelled)
    }

    private func promptTokens(_ prompt: String) throws -> [Int] {
        let tokens = try tokenizer.promptTokens(prompt)
        guard tokens.count > model.contextLength else { return tokens }
        Diagnostics.warn(
            "the prompt has \(tokens.count.counted("token")), and the model reads \(model.contextLength.grouped): "
                + "only the end of it is read")
        return tokens.suffix(model.contextLength)
    }
}

extension Tokenizer {
    /// The tokens that a model reads before it continues a text; at least one, for an empty text as well.
    public func promptTokens(_ prompt: String) throws -> [Int] {
        let tokens = try encode(prompt, addingSpecialTokens: true)
        return tokens.isEmpty ? [try endOfText ?? encode("\n").first ?? 0] : tokens
    }
}
