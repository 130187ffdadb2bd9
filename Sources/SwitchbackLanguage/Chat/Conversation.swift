import Switchback

/// A conversation with a model.
///
/// ```swift
/// var conversation = Conversation(model, tokenizer, ChatTemplate(.chatml))
/// let answer = try conversation.ask("Who are you?") {
///     print($0, terminator: "")
///     return true
/// }
/// ```
public struct Conversation {
    public private(set) var messages: [ChatMessage] = []
    public var options = GenerationOptions()
    /// How many messages did not fit into the model's context any more, and were omitted of the last question.
    public private(set) var forgotten = 0

    private let model: LanguageModel
    private let tokenizer: any Tokenizer
    private let template: ChatTemplate
    /// The last answer, whose memory the next one continues.
    private var last: Continuation?

    public init(_ model: LanguageModel, _ tokenizer: any Tokenizer, _ template: ChatTemplate) {
        self.model = model
        self.tokenizer = tokenizer
        self.template = template
    }

    /// How the assistant should behave; `nil` if the template's own words are taken.
    public var system: String? {
        get { messages.first?.role == .system ? messages[0].content : nil }
        set {
            if messages.first?.role == .system { messages.removeFirst() }
            if let newValue { messages.insert(ChatMessage(.system, newValue), at: 0) }
        }
    }

    /// Clears the conversation; the system message stays.
    public mutating func reset() { messages.removeAll { $0.role != .system } }

    /// Asks, and notes the answer; one that the receiver did not want to the end, as far as it went.
    ///
    /// - Parameter receive: is given each piece of the answer as soon as it is there; returns whether to continue.
    /// - Throws: `InputError` over a question that is longer than the model's context; then nothing is noted.
    public mutating func ask(
        _ question: String, _ receive: (String) throws -> Bool = { _ in true }
    ) throws -> TextGenerator.Result {
        let asked = messages + [ChatMessage(.user, question)]
        let prompt = try fittingPrompt(asked)
        var options = options
        options.tokens = min(options.tokens, model.contextLength - prompt.count)
        template.addEnds(to: &options, of: tokenizer)
        let answer = try Continuation(model, tokenizer, prompt: prompt, options, after: last)
        while answer.ending == nil {
            let piece = try model.advance([answer])[0].get()
            if !piece.isEmpty, try !receive(piece) { answer.cancel() }
        }
        last = answer
        messages = asked + [ChatMessage(.assistant, answer.text)]
        return TextGenerator.Result(
            text: answer.text, promptTokens: answer.promptTokens, tokens: answer.tokenCount,
            ending: answer.ending ?? .cancelled)
    }

    /// The tokens of a conversation, with as many of its oldest turns left out as leave a quarter of the context to the
    /// answer.
    private mutating func fittingPrompt(_ messages: [ChatMessage]) throws -> [Int] {
        let first = messages.first?.role == .system ? 1 : 0
        var kept = messages
        forgotten = 0
        var prompt = try encoded(kept)
        while prompt.count > model.contextLength * 3 / 4 && kept.count > first + 1 {
            let turn = min(2, kept.count - first - 1)
            kept.removeSubrange(first..<first + turn)
            forgotten += turn
            prompt = try encoded(kept)
        }
        guard prompt.count < model.contextLength else {
            throw InputError(
                "message",
                "with it the prompt has \(prompt.count.counted("token")), and the model reads \(model.contextLength)",
                remedy: "shorten it")
        }
        return prompt
    }

    private func encoded(_ messages: [ChatMessage]) throws -> [Int] {
        try template.prompt(for: messages, with: tokenizer)
    }
}
