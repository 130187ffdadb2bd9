import SwitchbackLanguage

/// A text of an answer, of which pieces come.
struct PendingText {
    let number: Int
    private let form: AnswerForm
    private let tokenizer: any Tokenizer
    private var reader: ToolCallReader?
    private(set) var summary: GenerationSummary?
    /// What has come and was not taken.
    private var parts: [ToolCallReader.Part]
    private var scores: [TokenScore] = []
    private var offset: Int
    private var callCount = 0

    /// - Parameters:
    ///   - reader: tells the functions that it calls, if it can call any.
    ///   - echo: what it begins with.
    init(number: Int, form: AnswerForm, tokenizer: any Tokenizer, reader: ToolCallReader?, echo: String) {
        (self.number, self.form, self.tokenizer, self.reader) = (number, form, tokenizer, reader)
        parts = echo.isEmpty ? [] : [.text(echo)]
        offset = echo.unicodeScalars.count
    }

    /// Notes an event. Throws `APIError` where the text was broken off.
    mutating func add(_ event: GenerationEvent) throws {
        switch event {
        case .text(let piece): parts += reader?.append(piece) ?? [.text(piece)]
        case .score(let score): scores.append(score)
        case .finished(let summary):
            guard summary.ending != .cancelled else { throw APIError.clientLeft }
            parts += reader?.finish() ?? []
            self.summary = summary
        }
    }

    /// All of it, once it is over.
    mutating func whole() throws -> GenerationAnswer.Choice {
        guard summary != nil else { throw APIError.stopping }
        var content = ""
        var calls: [GenerationAnswer.Call] = []
        for part in takeParts() {
            switch part {
            case .text(let text): content += text
            case .call(let name): calls.append(makeCall(name))
            case .arguments(let text): calls[calls.count - 1].function.arguments += text
            }
        }
        var choice = GenerationAnswer.Choice(
            index: number, logprobs: logProbabilities(), finishReason: finishReason)
        switch form {
        case .chat:
            choice.message = .init(
                role: "assistant", content: content.isEmpty && !calls.isEmpty ? nil : content,
                toolCalls: calls.isEmpty ? nil : calls, isWhole: true)
        case .completion: choice.text = content
        }
        return choice
    }

    /// What can be sent of it now, and was not sent before.
    mutating func pieces() -> [GenerationAnswer.Choice] {
        var pieces = takeParts().map { piece($0) }
        guard summary != nil else { return pieces }
        if !scores.isEmpty { pieces.append(piece(.text(""))) }
        var last = GenerationAnswer.Choice(index: number, finishReason: finishReason)
        if form == .chat { last.delta = .init() } else { last.text = "" }
        return pieces + [last]
    }

    /// OpenAI's word for how it ended: `length` where it was cut off, also behind whole calls, as others may be missing.
    private var finishReason: String? {
        callCount > 0 && summary?.ending != .length ? "tool_calls" : summary?.ending.finishReason
    }

    private mutating func takeParts() -> [ToolCallReader.Part] {
        defer { parts = [] }
        return parts
    }

    private mutating func makeCall(_ name: String) -> GenerationAnswer.Call {
        callCount += 1
        return GenerationAnswer.Call(name, index: callCount - 1)
    }

    /// A part in the form of a chunk. The first one has what is known of the tokens since the last.
    private mutating func piece(_ part: ToolCallReader.Part) -> GenerationAnswer.Choice {
        var choice = GenerationAnswer.Choice(index: number, logprobs: logProbabilities())
        switch part {
        case .text(let text) where form == .completion: choice.text = text
        case .text(let text): choice.delta = .init(content: text)
        case .call(let name): choice.delta = .init(toolCalls: [makeCall(name)])
        case .arguments(let text):
            choice.delta = .init(toolCalls: [.init(moreArguments: text, index: callCount - 1)])
        }
        return choice
    }

    private mutating func logProbabilities() -> LogProbabilities? {
        if scores.isEmpty { return nil }
        defer { scores = [] }
        return LogProbabilities(scores, form, tokenizer, offset: &offset)
    }
}
