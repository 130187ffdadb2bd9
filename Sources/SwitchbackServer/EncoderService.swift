import SwitchbackLanguage

/// A sentence encoder with what may be used of it from any thread.
package struct EncoderService: Sendable {
    let thread: ModelThread<SentenceEncoder>
    let tokenizer: any Tokenizer
    /// How many tokens it reads.
    let length: Int
    /// What it reads before every text.
    let prompt: String

    init(_ encoder: SentenceEncoder, _ limits: ServerLimits) {
        (tokenizer, length, prompt) = (encoder.tokenizer, encoder.length, encoder.prompt)
        thread = ModelThread(encoder, limits)
    }
}
