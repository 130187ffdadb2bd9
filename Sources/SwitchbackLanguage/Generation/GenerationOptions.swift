/// How text is generated: how tokens are chosen, and when to stop.
public struct GenerationOptions: Sendable, Equatable {
    public var sampling = Sampling()
    /// How many tokens are added at most.
    public var tokens = 200
    /// Words that end the text; they are not part of it.
    public var stopWords: [String] = []
    /// Tokens that end the text, beside the tokenizer's own; they are not part of it.
    public var endTokens: Set<Int> = []
    /// What the text has to be, if it cannot be anything.
    public var grammar: TokenGrammar?
    /// How many of the most likely tokens are noted beside each one that is chosen; nothing is noted if `nil`.
    public var scoredAlternatives: Int?
    /// The random seed.
    public var seed: UInt64 = 0

    public init() {}
}
