import SwitchbackLanguage

/// The answers to a request that are being written, and how they are sent.
struct PendingAnswers: Sendable {
    /// One for each choice.
    let requests: [GenerationRequest]
    let form: AnswerForm
    let head: AnswerHead
    let parameters: GenerationParameters
    let tokenizer: any Tokenizer
    /// Tells calls from text, where functions are offered.
    var reader: ToolCallReader?
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
    func texts() -> [PendingText] {
        requests.indices.map { number in
            PendingText(
                number: number, form: form, tokenizer: tokenizer, reader: reader,
                echo: echo?[number / parameters.count] ?? "")
        }
    }
}
