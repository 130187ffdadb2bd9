/// Decodes tokens one by one and never returns half a character: the bytes of an incomplete one wait for the next
/// token. Special tokens are no text.
public struct StreamingDecoder {
    private let tokenizer: any Tokenizer
    private var waiting: [UInt8] = []

    public init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

    /// The text that a further token completes; often empty.
    public mutating func append(_ token: Int) -> String {
        if tokenizer.isSpecial(token) { return finish() }
        waiting += tokenizer.bytes(of: token)
        let complete = waiting.count - incompleteTail
        defer { waiting.removeFirst(complete) }
        return String(decoding: waiting.prefix(complete), as: UTF8.self)
    }

    /// What still waits at the end of the tokens: U+FFFD for a character that was never completed, or nothing.
    public mutating func finish() -> String {
        defer { waiting = [] }
        return String(decoding: waiting, as: UTF8.self)
    }

    /// How many bytes at the end begin a character that they do not complete.
    private var incompleteTail: Int {
        for length in 1...3 where length <= waiting.count {
            let byte = waiting[waiting.count - length]
            if byte & 0xC0 == 0x80 { continue }
            let wanted = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 1
            return wanted > length && byte < 0xF5 ? length : 0
        }
        return 0
    }
}
