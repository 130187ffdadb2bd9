import Switchback
import SwitchbackFormats

// Tokenizers in GGUF files, as the `tokenizer.json` that they were made from.

/// What a token is, by ggml's numbers (`llama.h`, `enum llama_token_type`).
enum GGUFTokenType: Int {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6
}

/// How words are cut, by the names that llama.cpp has for it (`tokenizer.ggml.pre`).
enum GGUFWords: String, CaseIterable {
    case gpt2 = "gpt-2"
    case llama3 = "llama-bpe"
    case qwen2
    /// As `qwen2`, where letters are not composed.
    case deepseekQwen = "deepseek-r1-qwen"
    case smollm
    case gpt4o = "gpt-4o"

    /// Others that mean the same.
    private static let synonyms = ["llama3": llama3, "llama-v3": llama3, "falcon3": llama3, "llama4": gpt4o]

    init?(name: String) {
        guard let known = GGUFWords(rawValue: name) ?? GGUFWords.synonyms[name] else { return nil }
        self = known
    }

    /// The one by which a tokenizer cuts words, with the same settings if there is one; `nil` if it is none of them.
    init?(_ tokenizer: BytePairTokenizer) {
        let settings = tokenizer.settings
        let fitting = GGUFWords.allCases.filter {
            $0.pattern == tokenizer.pattern && $0.settings.digits == settings.digits
        }
        guard !settings.addsPrefixSpace, let known = fitting.first(where: { $0.settings == settings }) ?? fitting.first
        else { return nil }
        self = known
    }

    private var pattern: WordScanner.Pattern {
        switch self {
        case .gpt2, .smollm: .gpt2
        case .llama3: .llama3
        case .qwen2, .deepseekQwen: .qwen
        case .gpt4o: .gpt4o
        }
    }

    /// What the tokenizers that have this name do beside it. llama.cpp composes no letters; the models learned from texts
    /// in which they were.
    var settings: BytePairTokenizer.Settings {
        BytePairTokenizer.Settings(
            normalizesToNFC: self == .qwen2, digits: self == .smollm ? .single : .inWords,
            ignoresMerges: self == .llama3)
    }

    /// Whether a text begins with a mark where the file says nothing of it.
    var addsBeginning: Bool { self == .llama3 }

    /// The `pre_tokenizer` of a `tokenizer.json`.
    var preTokenizer: JSON { BytePairTokenizer.preTokenizer(pattern, settings) }
}

extension GGUFModel {
    /// The tokenizer of the file.
    ///
    /// Throws `InputError` over a kind that is not known, and lists that do not fit together.
    func tokenizerFile() throws -> TokenizerFile {
        let metadata = file.metadata
        let tokens = try texts("tokenizer.ggml.tokens")
        let types = try types(tokens.count)
        let kind = try metadata.string("tokenizer.ggml.model")
        let words = try kind == "gpt2" ? words() : nil
        let addsBeginning = try metadata.bool(
            "tokenizer.ggml.add_bos_token", default: words?.addsBeginning ?? (kind == "llama"))
        var root: [(name: String, value: JSON)] = [("added_tokens", .array(addedTokens(tokens, types)))]
        if addsBeginning, let number = try metadata.integers("tokenizer.ggml.bos_token_id").first {
            root.append(("post_processor", try mark(number, tokens)))
        }
        let model: [(name: String, value: JSON)]
        switch (kind, words) {
        case (_, let words?): model = try byteLevel(tokens, words, &root)
        case ("llama", _): model = try sentencePiece(tokens, &root)
        default:
            throw metadata.problem("tokenizer.ggml.model", "it is \(kind); supported in GGUF files are gpt2 and llama")
        }
        root.append(("model", .object(model)))
        let fields = try ConfigurationFields(.object(root), path: file.path)
        return TokenizerFile(root: fields, model: try ConfigurationFields(.object(model), path: file.path))
    }

    private func texts(_ name: String) throws -> [String] {
        guard let list = try file.metadata.array(name) else { throw file.metadata.problem(name, "it is missing") }
        return try list.map { value in
            guard case .string(let text) = value else { throw file.metadata.problem(name, "texts are needed") }
            return text
        }
    }

    private func types(_ count: Int) throws -> [GGUFTokenType] {
        let numbers = try file.metadata.integers("tokenizer.ggml.token_type")
        if numbers.isEmpty { return Array(repeating: .normal, count: count) }
        guard numbers.count == count else {
            throw file.metadata.problem(
                "tokenizer.ggml.token_type", "there are \(numbers.count) types of \(count) tokens")
        }
        return numbers.map { GGUFTokenType(rawValue: $0) ?? .normal }
    }

    /// Tokens that are found in a text as they are.
    private func addedTokens(_ tokens: [String], _ types: [GGUFTokenType]) -> [JSON] {
        tokens.indices.filter { [.control, .userDefined, .unknown].contains(types[$0]) }.map { number in
            .object([
                ("id", .integer(number)), ("content", .string(tokens[number])),
                ("special", .bool(types[number] != .userDefined)), ("normalized", .bool(false)),
            ])
        }
    }

    /// The `post_processor` that puts a token before a text.
    private func mark(_ number: Int, _ tokens: [String]) throws -> JSON {
        guard tokens.indices.contains(number) else {
            throw file.metadata.problem("tokenizer.ggml.bos_token_id", "there is no token \(number)")
        }
        let name = JSON.string(tokens[number])
        return .object([
            ("type", .string("TemplateProcessing")),
            (
                "single",
                .array([
                    .object([("SpecialToken", .object([("id", name), ("type_id", .integer(0))]))]),
                    .object([("Sequence", .object([("id", .string("A")), ("type_id", .integer(0))]))]),
                ])
            ),
            (
                "special_tokens",
                .object([
                    (
                        tokens[number],
                        .object([
                            ("id", name), ("ids", .array([.integer(number)])), ("tokens", .array([name])),
                        ])
                    )
                ])
            ),
        ])
    }

    private func vocabulary(_ tokens: [String]) throws -> JSON {
        var seen = Set<ExactText>()
        return .object(
            try tokens.enumerated().map { number, text -> (name: String, value: JSON) in
                guard seen.insert(ExactText(text)).inserted else {
                    throw file.metadata.problem("tokenizer.ggml.tokens", "the token \(text) is there twice")
                }
                return (text, .integer(number))
            })
    }

    /// How words are cut. Files from before llama.cpp had names for it do not say.
    private func words() throws -> GGUFWords {
        let name = try file.metadata.string("tokenizer.ggml.pre", default: "default")
        if name.isExactly("default") {
            if architecture != .gpt2 {
                Diagnostics.warn(
                    "\(file.path) does not say how words are cut (tokenizer.ggml.pre): they are as GPT-2 does it, which may "
                        + "not be how the model learned it")
            }
            return .gpt2
        }
        guard let words = GGUFWords(name: name) else {
            let names = GGUFWords.allCases.map(\.rawValue).joined(separator: ", ")
            throw file.metadata.problem("tokenizer.ggml.pre", "it is \(name); supported are \(names)")
        }
        return words
    }

    private func byteLevel(
        _ tokens: [String], _ words: GGUFWords, _ root: inout [(name: String, value: JSON)]
    ) throws -> [(name: String, value: JSON)] {
        root.append(("pre_tokenizer", words.preTokenizer))
        root.append(("decoder", .object([("type", .string("ByteLevel"))])))
        root.append(("normalizer", BytePairTokenizer.normalizer(words.settings)))
        return [
            ("type", .string("BPE")), ("vocab", try vocabulary(tokens)),
            ("ignore_merges", .bool(words.settings.ignoresMerges)),
            ("merges", .array(try texts("tokenizer.ggml.merges").map { .string($0) })),
        ]
    }

    private func sentencePiece(
        _ tokens: [String], _ root: inout [(name: String, value: JSON)]
    ) throws -> [(name: String, value: JSON)] {
        let spaces: JSON = .object([
            ("type", .string("Replace")), ("pattern", .object([("String", .string(" "))])),
            ("content", .string("\u{2581}")),
        ])
        let first: JSON = .object([("type", .string("Prepend")), ("prepend", .string("\u{2581}"))])
        let isPrefixed = try file.metadata.bool("tokenizer.ggml.add_space_prefix", default: true)
        root.append(
            (
                "normalizer",
                .object([
                    ("type", .string("Sequence")), ("normalizers", .array(isPrefixed ? [first, spaces] : [spaces])),
                ])
            ))
        let mark: JSON = .object([
            ("type", .string("Replace")), ("pattern", .object([("String", .string("\u{2581}"))])),
            ("content", .string(" ")),
        ])
        let steps = [mark] + ["ByteFallback", "Fuse"].map { JSON.object([("type", .string($0))]) }
        root.append(("decoder", .object([("type", .string("Sequence")), ("decoders", .array(steps))])))
        let unknown = try file.metadata.integers("tokenizer.ggml.unknown_token_id").first ?? 0
        return [
            ("type", .string("BPE")), ("vocab", try vocabulary(tokens)), ("byte_fallback", .bool(true)),
            ("fuse_unk", .bool(true)),
            ("unk_token", tokens.indices.contains(unknown) ? .string(tokens[unknown]) : .null),
            ("merges", .array(try scoredMerges(tokens))),
        ]
    }

    /// The pairs of tokens that make others, the ones of higher scores first, as Transformers makes them of SentencePiece's
    /// files.
    private func scoredMerges(_ tokens: [String]) throws -> [JSON] {
        guard let list = try file.metadata.array("tokenizer.ggml.scores"), list.count == tokens.count else {
            throw file.metadata.problem(
                "tokenizer.ggml.scores", "a number for each of the \(tokens.count) tokens is needed")
        }
        let numbers = Dictionary(tokens.enumerated().map { (Array($1.unicodeScalars), $0) }) { first, _ in first }
        var merges: [(first: [Unicode.Scalar], second: [Unicode.Scalar], score: Double, order: Int)] = []
        for (number, text) in tokens.enumerated() {
            guard case .number(let score) = list[number] else { continue }
            let scalars = Array(text.unicodeScalars)
            guard (2...GGUFModel.longestToken).contains(scalars.count) else { continue }
            let pairs = (1..<scalars.count).map { (Array(scalars[..<$0]), Array(scalars[$0...])) }
                .compactMap { first, second -> (first: [Unicode.Scalar], second: [Unicode.Scalar], key: (Int, Int))? in
                    guard let a = numbers[first], let b = numbers[second] else { return nil }
                    return (first, second, (a, b))
                }
                .sorted { $0.key < $1.key }
            for pair in pairs { merges.append((pair.first, pair.second, score, merges.count)) }
        }
        merges.sort { $0.score != $1.score ? $0.score > $1.score : $0.order < $1.order }
        func text(_ scalars: [Unicode.Scalar]) -> JSON { .string(scalars.string) }
        return merges.map { .array([text($0.first), text($0.second)]) }
    }

    private static let longestToken = 256
}
