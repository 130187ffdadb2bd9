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
    private let options: GenerationOptions
    private let endTokens: Set<Int>
    private let random: Generator
    private var decoder: StreamingDecoder
    private var stopWords: StopWords
    private var tokens: [Int]
    private var occurred: Set<Int>
    private(set) var memory: ReadingMemory
    /// The first token that the model has not read.
    private var unread = 0

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
        self.options = options
        endTokens = options.endTokens.union(tokenizer.endOfText.map { [$0] } ?? [])
        random = Generator(seed: options.seed)
        decoder = StreamingDecoder(tokenizer)
        stopWords = StopWords(options.stopWords)
        promptTokens = prompt.count
        tokens = prompt
        occurred = Set(prompt)
        if options.tokens <= 0 { ending = .length }
        memory = model.makeMemory(batch: 1, capacity: model.contextLength)
        guard prompt.count <= memory.capacity else {
            throw InputError(
                "prompt", "it has \(prompt.count.counted("token")), and the model reads at most \(memory.capacity)",
                remedy: "shorten it")
        }
        if let previous { takeMemory(of: previous) }
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

    /// The tokens that the model reads next: at most `limit`.
    func nextTokens(_ limit: Int) -> [Int] {
        if memory.length + tokens.count - unread > memory.capacity {
            // The context is full: its second half is read anew, as a text that begins there.
            memory = model.makeMemory(batch: 1, capacity: model.contextLength)
            unread = tokens.count - max(1, model.contextLength / 2)
        }
        return Array(tokens[unread..<min(unread + limit, tokens.count)])
    }

    /// Notes that the model has read tokens of the text; returns whether it has read all, so that one can be chosen.
    func didRead(_ count: Int) -> Bool {
        unread += count
        return unread == tokens.count
    }

    /// Adds a token; returns the text, whole characters, that can be given out now.
    ///
    /// - Throws: `InputError` if the logits are not numbers.
    func choose(_ logits: [Float]) throws -> String {
        let token = try options.sampling.choose(logits: logits, occurred: occurred, generator: random)
        if endTokens.contains(token) {
            ending = .stop
            return give(finish())
        }
        tokens.append(token)
        occurred.insert(token)
        tokenCount += 1
        var piece = stopWords.append(decoder.append(token))
        if stopWords.isFound { ending = .stop } else if tokenCount == options.tokens { ending = .length }
        if ending != nil { piece += finish() }
        return give(piece)
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
        for index in written + waiting where room > 0 {
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
