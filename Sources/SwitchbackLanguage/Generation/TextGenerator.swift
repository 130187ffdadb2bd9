import Switchback

/// Continues a text.
///
/// ```swift
/// let generator = TextGenerator(model, tokenizer)
/// let result = try generator.generate("To be, or", tokens: 100) { print($0, terminator: "") ; return true }
/// ```
public struct TextGenerator {
    private let model: LanguageModel
    private let tokenizer: any Tokenizer
    public var sampling = Sampling()
    /// Words that end the text; they are not part of it.
    public var stopWords: [String] = []
    /// What chance depends on.
    public var seed: UInt64 = 0

    /// Tokens of a prompt that are read at once.
    private static let block = 256

    public init(_ model: LanguageModel, _ tokenizer: any Tokenizer) {
        self.model = model
        self.tokenizer = tokenizer
    }

    public enum Ending: String, Sendable, Codable {
        /// As many tokens as were asked for.
        case length
        /// A stop word, or the token that ends a text.
        case stop
        /// The receiver wanted no more.
        case cancelled
    }

    public struct Result: Sendable {
        public let text: String
        public let promptTokens, tokens: Int
        public let ending: Ending
    }

    /// Generates up to `count` tokens after a prompt.
    ///
    /// - Parameters:
    ///   - prompt: may be empty; then the text begins where a text begins.
    ///   - receive: is given each piece of text, whole characters, as soon as it is there; returns whether to go on.
    /// - Throws: `InputError` over a prompt that is longer than the model's context or has characters that it does not
    ///   know, and over weights that give no numbers.
    public func generate(
        _ prompt: String, tokens count: Int, _ receive: (String) throws -> Bool = { _ in true }
    ) throws -> Result {
        try sampling.check()
        let wasTraining = model.isTraining
        model.eval()
        defer { model.train(wasTraining) }
        let start = try startTokens(prompt)
        var reader = try Reader(model: model, tokens: start)
        var output = Output(decoder: StreamingDecoder(tokenizer), stopWords: StopWords(stopWords))
        let random = Generator(seed: seed)
        var generated = 0
        var ending = Ending.length
        while generated < count {
            let logits = noGrad { reader.nextLogits() }
            let token = try sampling.choose(logits: logits, occurred: reader.occurred, generator: random)
            if token == tokenizer.endOfText {
                ending = .stop
                break
            }
            reader.append(token)
            generated += 1
            if try !output.append(token, receive) {
                ending = .cancelled
                break
            }
            if output.stopWords.isFound {
                ending = .stop
                break
            }
        }
        if ending != .cancelled { try output.finish(receive) }
        return Result(text: output.text, promptTokens: start.count, tokens: generated, ending: ending)
    }

    private func startTokens(_ prompt: String) throws -> [Int] {
        var tokens = try tokenizer.encode(prompt, addingSpecialTokens: true)
        if tokens.isEmpty { tokens = [try tokenizer.endOfText ?? tokenizer.encode("\n").first ?? 0] }
        return tokens
    }

    /// What was read, and what the model remembers of it.
    private struct Reader {
        let model: LanguageModel
        var tokens: [Int]
        var occurred: Set<Int>
        private var memory: ReadingMemory
        /// The first token that is not yet read.
        private var unread = 0

        init(model: LanguageModel, tokens: [Int]) throws {
            self.model = model
            self.tokens = tokens
            occurred = Set(tokens)
            memory = model.makeMemory(batch: 1, capacity: model.contextLength)
            guard tokens.count <= memory.capacity else {
                throw InputError(
                    "prompt", "it has \(tokens.count) tokens, and the model reads at most \(memory.capacity)",
                    remedy: "shorten it")
            }
        }

        mutating func append(_ token: Int) {
            tokens.append(token)
            occurred.insert(token)
        }

        /// The logits of the next token, after reading, block by block, what is not yet read.
        mutating func nextLogits() -> [Float] {
            if memory.length + tokens.count - unread > memory.capacity {
                // The context is full: its second half is read anew, as a text that begins there.
                memory = model.makeMemory(batch: 1, capacity: model.contextLength)
                unread = tokens.count - max(1, model.contextLength / 2)
            }
            var logits: Tensor?
            while unread < tokens.count {
                let end = min(unread + TextGenerator.block, tokens.count)
                logits = model.nextLogits(Tensor([Array(tokens[unread..<end])]), memory: memory)
                unread = end
            }
            return logits?.toArray(as: Float.self) ?? []
        }
    }

    /// The text so far, on its way to whoever receives it.
    private struct Output {
        var decoder: StreamingDecoder
        var stopWords: StopWords
        var text = ""

        mutating func append(_ token: Int, _ receive: (String) throws -> Bool) throws -> Bool {
            try pass(on: stopWords.append(decoder.append(token)), receive)
        }

        mutating func finish(_ receive: (String) throws -> Bool) throws {
            _ = try pass(on: stopWords.append(decoder.finish()) + stopWords.finish(), receive)
        }

        private mutating func pass(on piece: String, _ receive: (String) throws -> Bool) throws -> Bool {
            text += piece
            return try piece.isEmpty || receive(piece)
        }
    }
}
