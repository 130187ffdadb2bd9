import Switchback
import SwitchbackFormats

/// Byte-pair encoding over characters, as SentencePiece has it (Kudo and Richardson, 2018) and Llama 2, Mistral, Gemma and
/// Phi 3 use it: space becomes the character `▁`, and characters that are no token are written as the tokens of their
/// bytes.
public struct SentencePieceTokenizer: Tokenizer {
    private let pieces: [[UInt8]]
    private let numbers: [[UInt8]: Int]
    private let merges: BytePairMerges
    /// The tokens of single bytes, `<0x00>` to `<0xFF>`; empty, if there are none.
    private let byteTokens: [Int]
    private let byteOfToken: [Int: UInt8]
    private let unknown: Int?
    /// Whether unknown characters beside each other are one token.
    private let joinsUnknown: Bool
    private let ignoresMerges: Bool
    private let special: SpecialTokens
    private let preparation: SpacePreparation
    /// What the file says, which is written as it was read.
    public let file: JSON

    public var vocabularySize: Int { max(pieces.count, special.limit) }
    public var endOfText: Int? { special.endOfText }
    public func specialToken(_ text: String) -> Int? { special.number(of: text) }
    public func isSpecial(_ token: Int) -> Bool { special.isSpecial(token) }

    public func encode(_ text: String, addingSpecialTokens: Bool) throws -> [Int] {
        let result = try encode(special.split(text))
        return addingSpecialTokens ? special.before + result + special.after : result
    }

    public func encode(_ text: String, reading: [ReadableTokens]) throws -> [Int] {
        try encode(special.split(text, reading: reading))
    }

    private func encode(_ parts: [SpecialTokens.Part]) throws -> [Int] {
        var result: [Int] = []
        for (index, part) in parts.enumerated() {
            switch part {
            case .token(let token): result.append(token)
            case .text(let text):
                for word in preparation.words(of: String(text), isFirst: index == 0) { result += try encode(word) }
            }
        }
        return result
    }

    private func encode(_ word: String) throws -> [Int] {
        if ignoresMerges, let token = numbers[Array(word.utf8)] { return [token] }
        var tokens: [Int32] = []
        var lastIsUnknown = false
        for scalar in word.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if let token = numbers[bytes] {
                tokens.append(Int32(token))
                lastIsUnknown = false
            } else if !byteTokens.isEmpty {
                tokens += bytes.map { Int32(byteTokens[Int($0)]) }
                lastIsUnknown = false
            } else if let unknown {
                if !(joinsUnknown && lastIsUnknown) { tokens.append(Int32(unknown)) }
                lastIsUnknown = true
            } else {
                throw InputError("text", "the character '\(scalar)' is not a token, and there are none for bytes")
            }
        }
        return merges.apply(to: tokens).map(Int.init)
    }

    public func bytes(of token: Int) -> [UInt8] {
        if let bytes = special.bytes(of: token) { return bytes }
        if let byte = byteOfToken[token] { return [byte] }
        return pieces.indices.contains(token) ? preparation.text(of: pieces[token]) : []
    }

    // MARK: As a file

    /// Whether a file is of this kind, not of byte-level pairs.
    static func reads(_ file: TokenizerFile) throws -> Bool {
        if try file.model.bool("byte_fallback", default: false) { return true }
        guard let cutting = try file.root.object("pre_tokenizer") else { return true }
        return try cutting.string("type").isExactly("Metaspace")
    }

    /// The `tokenizer.json` of a tokenizer of this kind.
    init(_ file: TokenizerFile) throws {
        let model = file.model
        for option in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] {
            switch model[option] {
            case nil, .string(""): break
            default: throw model.problem(option, "it is set, and only BPE without it is supported")
            }
        }
        let vocabulary = try file.vocabulary
        let pieces = vocabulary.map { Array($0.name.utf8) }
        let numbers = Dictionary(zip(pieces, vocabulary.map(\.number))) { first, _ in first }
        var merges = BytePairMerges()
        for (a, b) in try file.mergeList(numbers) {
            guard let result = numbers[pieces[a] + pieces[b]] else {
                throw model.problem(
                    "merges", "\(vocabulary[a].name) \(vocabulary[b].name) makes no token of the vocabulary")
            }
            merges.append(a, b, into: result)
        }
        (self.pieces, self.numbers, self.merges) = (pieces, numbers, merges)
        let hexadecimal = (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return numbers[Array("<0x\(digits.count < 2 ? "0" : "")\(digits)>".utf8)]
        }
        let hasBytes = try model.bool("byte_fallback", default: false)
        byteTokens = hasBytes && !hexadecimal.contains(nil) ? hexadecimal.compactMap { $0 } : []
        byteOfToken = Dictionary(uniqueKeysWithValues: byteTokens.enumerated().map { ($1, UInt8($0)) })
        let name = model["unk_token"] == nil ? nil : try model.string("unk_token")
        unknown = name.flatMap { numbers[Array($0.utf8)] }
        joinsUnknown = try model.bool("fuse_unk", default: false)
        ignoresMerges = try model.bool("ignore_merges", default: false)
        special = try SpecialTokens(file)
        preparation = try SpacePreparation(file)
        self.file = file.root.json
    }
}

/// How text is prepared for SentencePiece's tokens: space becomes `▁`, and a word may begin with one more.
private struct SpacePreparation {
    enum Beginning { case nowhere, everywhere, atStart }

    static let mark = "\u{2581}"

    var beginning = Beginning.nowhere
    /// Whether one more is put before a text that begins with a space, too.
    var addsBeforeSpace = false
    var replacesSpace = false
    /// Whether text is cut before each `▁`.
    var cuts = false

    init(_ file: TokenizerFile) throws {
        if let normalizer = try file.root.object("normalizer") { try read(normalizer: normalizer) }
        guard let cutting = try file.root.object("pre_tokenizer") else { return }
        switch try cutting.string("type") {
        case "Metaspace":
            try cutting.requireOnly("replacement", [SpacePreparation.mark], default: SpacePreparation.mark)
            replacesSpace = true
            cuts = try cutting.bool("split", default: true)
            let usual = try cutting.bool("add_prefix_space", default: true) ? "always" : "never"
            let scheme = try cutting.string("prepend_scheme", default: usual)
            try cutting.requireOnly("prepend_scheme", ["always", "first", "never"], default: usual)
            beginning = scheme == "always" ? .everywhere : scheme == "first" ? .atStart : .nowhere
        case "Split":
            // Where all space has become marks, a cut at spaces does nothing.
            guard replacesSpace, try cutting.object("pattern")?.string("String") == " " else {
                throw cutting.problem("pattern", "only a cut at spaces that are no longer there is supported")
            }
        case let kind: throw cutting.problem("type", "it is \(kind); supported are Metaspace and Split at spaces")
        }
    }

    private mutating func read(normalizer: ConfigurationFields) throws {
        switch try normalizer.string("type") {
        case "Sequence":
            for entry in try normalizer.array("normalizers") ?? [] {
                try read(
                    normalizer: try ConfigurationFields(entry, path: normalizer.path, prefix: "normalizer.normalizers.")
                )
            }
        case "Prepend":
            try normalizer.requireOnly("prepend", [SpacePreparation.mark], default: SpacePreparation.mark)
            (beginning, addsBeforeSpace) = (.everywhere, true)
        case "Replace":
            guard try normalizer.object("pattern")?.string("String") == " ",
                try normalizer.string("content") == SpacePreparation.mark
            else {
                throw normalizer.problem("pattern", "only spaces that become \(SpacePreparation.mark) are supported")
            }
            replacesSpace = true
        case let kind:
            throw normalizer.problem("type", "it is \(kind); supported are Sequence, Prepend and Replace of spaces")
        }
    }

    /// The words of a text in which pairs are merged.
    ///
    /// - Parameter isFirst: whether the text begins where the whole one does.
    func words(of text: String, isFirst: Bool) -> [String] {
        var text = text
        if replacesSpace {
            text = String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == " " ? "\u{2581}" : $0 }))
        }
        if beginning == .everywhere || (beginning == .atStart && isFirst) {
            if addsBeforeSpace || text.unicodeScalars.first != "\u{2581}" { text = SpacePreparation.mark + text }
        }
        guard cuts else { return text.isEmpty ? [] : [text] }
        var words: [String.UnicodeScalarView] = []
        for scalar in text.unicodeScalars {
            if scalar == "\u{2581}" || words.isEmpty { words.append(.init()) }
            words[words.count - 1].append(scalar)
        }
        return words.map(String.init)
    }

    /// The text of a token: its marks are spaces.
    func text(of piece: [UInt8]) -> [UInt8] {
        guard replacesSpace else { return piece }
        return Array(String(decoding: piece, as: UTF8.self).replacing(SpacePreparation.mark, with: " ").utf8)
    }
}
