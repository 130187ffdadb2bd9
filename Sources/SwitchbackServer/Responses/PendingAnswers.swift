import SwitchbackLanguage

/// The answers to a request that are being written, and how they are sent.
struct PendingAnswers: Sendable {
    /// One for each choice.
    let requests: [GenerationRequest]
    let form: AnswerForm
    let head: AnswerHead
    let parameters: GenerationParameters
    let tokenizer: any Tokenizer
    var tools: OfferedTools?
    /// What stands before each text, if the prompt is part of it.
    var echo: [String]?

    init(
        _ requests: [GenerationRequest], _ form: AnswerForm, model: String, _ parameters: GenerationParameters,
        _ tokenizer: any Tokenizer, idPrefix: String? = nil
    ) {
        self.requests = requests
        self.form = form
        head = AnswerHead(prefix: idPrefix ?? form.idPrefix, model: model)
        self.parameters = parameters
        self.tokenizer = tokenizer
    }

    /// Nobody waits for the answers any more. Returns whether there was still something to wait for.
    @discardableResult func cancel() -> Bool {
        // Each one has to be told.
        requests.map { $0.cancel() }.contains(true)
    }

    func answer(_ choices: [GenerationAnswer.Choice], usage: Usage? = nil, isChunk: Bool) -> GenerationAnswer {
        GenerationAnswer(head, object: isChunk ? form.chunkObject : form.object, choices: choices, usage: usage)
    }

    func usage(_ summaries: [GenerationSummary]) -> Usage { Usage(summaries, perPrompt: parameters.count) }

    /// What has come of each text.
    func texts() -> [Text] {
        requests.indices.map { number in
            Text(
                number: number, form: form, tokenizer: tokenizer, tools: tools?.form == nil ? nil : tools,
                echo: echo?[number / parameters.count] ?? "")
        }
    }

    /// A text of which pieces come.
    struct Text {
        let number: Int
        let form: AnswerForm
        let tokenizer: any Tokenizer
        /// The functions that it may call, if there are any: then it is known what it is only when it is whole.
        let tools: OfferedTools?
        private(set) var summary: GenerationSummary?
        private var text: String
        private var scores: [TokenScore] = []
        private var offset: Int

        init(number: Int, form: AnswerForm, tokenizer: any Tokenizer, tools: OfferedTools?, echo: String) {
            (self.number, self.form, self.tokenizer, self.tools) = (number, form, tokenizer, tools)
            text = echo
            offset = echo.unicodeScalars.count
        }

        /// Notes an event. Throws `APIError` where the text was broken off.
        mutating func add(_ event: GenerationEvent) throws {
            switch event {
            case .text(let piece): text += piece
            case .score(let score): scores.append(score)
            case .finished(let summary):
                guard summary.ending != .cancelled else { throw APIError.clientLeft }
                self.summary = summary
            }
        }

        /// All of it, once it is over.
        mutating func whole() throws -> GenerationAnswer.Choice {
            guard let summary else { throw APIError.stopping }
            let (content, calls) = tools?.parse(text) ?? (text, [])
            var choice = GenerationAnswer.Choice(
                index: number, logprobs: logProbabilities(),
                finishReason: calls.isEmpty ? summary.ending.finishReason : "tool_calls")
            switch form {
            case .chat:
                choice.message = .init(
                    role: "assistant", content: content.isEmpty && !calls.isEmpty ? nil : content,
                    toolCalls: GenerationAnswer.Call.list(calls), isWhole: true)
            case .completion: choice.text = content
            }
            return choice
        }

        /// What can be sent of it now, and was not sent before.
        mutating func pieces() -> [GenerationAnswer.Choice] {
            guard let summary else {
                guard tools == nil, !text.isEmpty else { return [] }
                return [piece(takeText())]
            }
            let (content, calls) = tools?.parse(text) ?? (text, [])
            text = ""
            var pieces = content.isEmpty && scores.isEmpty ? [] : [piece(content)]
            if let list = GenerationAnswer.Call.list(calls) {
                pieces.append(.init(index: number, delta: .init(toolCalls: list)))
            }
            var last = GenerationAnswer.Choice(
                index: number, finishReason: calls.isEmpty ? summary.ending.finishReason : "tool_calls")
            if form == .chat { last.delta = .init() } else { last.text = "" }
            return pieces + [last]
        }

        private mutating func takeText() -> String {
            defer { text = "" }
            return text
        }

        private mutating func piece(_ text: String) -> GenerationAnswer.Choice {
            var choice = GenerationAnswer.Choice(index: number, logprobs: logProbabilities())
            if form == .chat { choice.delta = .init(content: text) } else { choice.text = text }
            return choice
        }

        private mutating func logProbabilities() -> LogProbabilities? {
            if scores.isEmpty { return nil }
            defer { scores = [] }
            return LogProbabilities(scores, form, tokenizer, offset: &offset)
        }
    }
}
