import Switchback

/// A text being generated: what was read, what the model remembers, and how it continues.
///
/// `LanguageModel.advance(_:)` writes one or several of them, a token at a time.
public final class Continuation {
    public enum Ending: String, Sendable, Codable {
        /// As many tokens as were requested.
        case length
        /// A stop word, or a token that ends a text.
        case stop
        /// The receiver wanted no more.
        case cancelled
    }

    /// How many tokens the prompt has.
    public let promptTokens: Int
    /// How many were added so far.
    public private(set) var tokenCount = 0
    /// The text so far, without what may be the start of a stop word or an incomplete character.
    public private(set) var text = ""
    /// Why nothing more comes; `nil` as long as something does.
    public private(set) var ending: Ending?

    private let model: LanguageModel
    private let tokenizer: any Tokenizer
    private let options: GenerationOptions
    private let endTokens: Set<Int>
    private let random: Generator
    private var decoder: StreamingDecoder
    private var stopWords: StopWords
    private(set) var tokens: [Int]
    /// How often tokens were added; those of the prompt are there as well.
    private var occurred: [Int: Int]
    private var walk: GrammarWalk?
    /// The tokens that were added and whose scores nobody has taken yet.
    private var scores: [TokenScore] = []
    private(set) var memory: ReadingMemory
    /// The first token that the model has not read.
    private(set) var unread = 0
    /// How many tokens of the prompt were taken over from another text instead of read.
    public private(set) var cachedTokens = 0

    /// - Parameters:
    ///   - prompt: at least one token.
    ///   - previous: a text of the same model, which is over: what the two begin with alike is not read again.
    /// - Throws: `InputError` over options that make no sense, and a prompt that is longer than the model's context.
    public init(
        _ model: LanguageModel, _ tokenizer: any Tokenizer, prompt: [Int], _ options: GenerationOptions,
        after previous: Continuation? = nil
    ) throws {
        try options.sampling.check()
        self.model = model
        self.tokenizer = tokenizer
        self.options = options
        endTokens = options.endTokens.union(tokenizer.endOfText.map { [$0] } ?? [])
        random = Generator(seed: options.seed)
        decoder = StreamingDecoder(tokenizer)
        stopWords = StopWords(options.stopWords)
        promptTokens = prompt.count
        tokens = prompt
        occurred = Dictionary(prompt.map { ($0, 0) }) { first, _ in first }
        walk = options.grammar.map { GrammarWalk($0) }
        if options.tokens <= 0 { ending = .length }
        memory = model.makeMemory(batch: 1, capacity: model.contextLength)
        guard prompt.count <= memory.capacity else {
            throw InputError(
                "prompt", "it has \(prompt.count.counted("token")), and the model reads at most \(memory.capacity)",
                remedy: "shorten it")
        }
        if let previous { takeMemory(of: previous) }
    }

    /// How many tokens the model has read.
    public var readCount: Int { unread }

    /// Takes over what was read of another text, as far as the two begin alike; nobody else uses it from now on.
    public func begin(with prefix: ReadPrefix) {
        let common = ReadPrefix.sharedCount(of: prefix.tokens, with: tokens)
        memory = prefix.memory
        memory.rewind(to: common)
        (unread, cachedTokens) = (common, common)
    }

    private func takeMemory(of previous: Continuation) {
        // A recurrent memory cannot be rewound; and one that began anew in the midst of a text has other positions.
        guard previous.memory is KeyValueCache, previous.memory.length == previous.unread else { return }
        // The last token is read in any case: its logits are needed.
        let common = zip(previous.tokens.prefix(previous.unread), tokens.dropLast()).prefix { $0 == $1 }.count
        memory = previous.memory
        memory.rewind(to: common)
        unread = common
    }

    /// Whether only the token that was chosen last is still to be read.
    var isWriting: Bool { unread == tokens.count - 1 }

    /// The tokens that the model reads next: at most `limit`. Of a prompt they are several wherever possible: one token
    /// alone is computed in another way, with other last bits.
    func nextTokens(_ limit: Int) -> [Int] {
        if memory.length + tokens.count - unread > memory.capacity {
            // The context is full: its second half is read anew, as a text that begins there.
            memory = model.makeMemory(batch: 1, capacity: model.contextLength)
            unread = tokens.count - max(1, model.contextLength / 2)
        }
        let left = tokens.count - unread
        let count = min(limit, left)
        return Array(tokens[unread..<unread + (left - count == 1 && count > 2 ? count - 1 : count)])
    }

    /// Notes that the model has read tokens of the text; returns whether it has read all, so that one can be chosen.
    func didRead(_ count: Int) -> Bool {
        unread += count
        return unread == tokens.count
    }

    /// Adds a token; returns the text, whole characters, that can be given out now.
    ///
    /// - Throws: `InputError` if the logits are not numbers, or no token has the form that was asked for.
    func choose(_ logits: [Float]) throws -> String {
        var possible = logits
        try walk?.restrict(&possible, endTokens: endTokens)
        let token = try options.sampling.choose(logits: possible, occurred: occurred, generator: random)
        if endTokens.contains(token) {
            ending = .stop
            return give(finish())
        }
        if let count = options.scoredAlternatives { scores.append(TokenScore(token, logits, alternatives: count)) }
        tokens.append(token)
        occurred[token, default: 0] += 1
        tokenCount += 1
        walk?.accept(tokenizer.bytes(of: token))
        var piece = stopWords.append(decoder.append(token))
        if stopWords.isFound || walk?.isComplete ?? false {
            ending = .stop
        } else if tokenCount == options.tokens {
            ending = .length
        }
        if ending != nil { piece += finish() }
        return give(piece)
    }

    /// The scores of the tokens that were added since they were last taken, where the options ask for them.
    public func takeScores() -> [TokenScore] {
        defer { scores = [] }
        return scores
    }

    /// Ends the text here.
    public func cancel() { ending = ending ?? .cancelled }

    private func finish() -> String { stopWords.append(decoder.finish()) + stopWords.finish() }

    private func give(_ piece: String) -> String {
        text += piece
        return piece
    }
}

extension LanguageModel {
    /// Tokens of prompts that are read at once.
    public static let readingBlock = 256

    /// Reads on in each text, in one pass of the network, and adds a token to those of which it has read all.
    ///
    /// Texts come and go between the calls, each at its own place: those that are being written get their next token in
    /// every call, and what remains of `readingBlock` goes to prompts, the first ones first. A text's tokens do not
    /// depend on the others.
    ///
    /// - Parameter texts: none of them has ended. Nothing is recorded for `backward()`; the model is in inference mode.
    /// - Returns: for each text the piece that was added, often empty; or what is wrong with it, which does not concern
    ///   the others: logits that are not numbers.
    public final func advance(_ texts: [Continuation]) -> [Result<String, any Error>] {
        var results = texts.map { _ in Result<String, any Error>.success("") }
        var room = LanguageModel.readingBlock
        var parts: [(text: Int, tokens: [Int])] = []
        let (waiting, written) = (
            texts.indices.filter { !texts[$0].isWriting }, texts.indices.filter { texts[$0].isWriting }
        )
        for index in written + waiting where room > (texts[index].isWriting ? 0 : 1) {
            parts.append((index, texts[index].nextTokens(room)))
            room -= parts[parts.count - 1].tokens.count
        }
        guard !parts.isEmpty else { return results }
        let rows = noGrad {
            nextLogits(parts.map { ($0.tokens, texts[$0.text].memory) }).split(1).map { $0.toArray(as: Float.self) }
        }
        for (part, logits) in zip(parts, rows) where texts[part.text].didRead(part.tokens.count) {
            results[part.text] = Result { try texts[part.text].choose(logits) }
        }
        return results
    }
}
