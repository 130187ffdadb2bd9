/// What a model makes of one input or several, as OpenAI lists it.
struct AnswerList<Answer: Encodable & Sendable>: Encodable, Sendable {
    let object = "list"
    let model: String
    /// In the order of the inputs.
    let data: [Answer]
    /// What was read for it, where that is told.
    var usage: ReadingUsage?
}

/// How many tokens were read, where none are written.
struct ReadingUsage: Encodable, Sendable {
    let promptTokens, totalTokens: Int
}
