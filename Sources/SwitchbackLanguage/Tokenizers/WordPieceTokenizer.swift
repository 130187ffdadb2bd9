import Foundation
import Switchback
import SwitchbackFormats

/// WordPiece as BERT has it (Schuster and Nakajima, 2012): words and punctuation marks, each cut into the longest
/// pieces that are known, from the front; pieces inside a word begin with `##`.
public struct WordPieceTokenizer: Tokenizer {
    /// By number; `nil` where no piece has a number.
    private let pieces: [String?]
    private let numbers: [[UInt8]: Int]
    private let special: SpecialTokens
    private let normalization: Normalization
    private let unknown: Int
    private let prefix: String
    private let longestWord: Int
    /// In characters, with the prefix.
    private let longestPiece: Int

    /// No file may ask for longer words: cutting one takes time in the square of its length.
    private static let longestWordBound = 10_000

    /// The normalization of text before it is split.
    struct Normalization: Equatable {
        var cleans = true
        var separatesChinese = true
        var stripsAccents = true
        var lowercases = true
    }

    public var vocabularySize: Int { max(pieces.count, special.limit) }

    public var endOfText: Int? { nil }

    /// The token of a mark such as `[PAD]` or `[MASK]`, if the vocabulary has it.
    public func number(of piece: String) -> Int? { numbers[Array(piece.utf8)] }

    public func encode(_ text: String, addingSpecialTokens: Bool) -> [Int] {
        let tokens = encode(special.split(text))
        return addingSpecialTokens ? special.before + tokens + special.after : tokens
    }

    public func encode(_ text: String, reading: [ReadableTokens]) -> [Int] {
        encode(special.split(text, reading: reading))
    }

    private func encode(_ parts: [SpecialTokens.Part]) -> [Int] {
        parts.flatMap { part -> [Int] in
            switch part {
            case .token(let token): [token]
            case .text(let text): words(of: normalization.apply(text.unicodeScalars)).flatMap(encode(word:))
            }
        }
    }

    public func specialToken(_ text: String) -> Int? { special.number(of: text) }

    public func isSpecial(_ token: Int) -> Bool { special.isSpecial(token) }

    /// Cuts at space, which disappears, and around each punctuation mark.
    private func words(of text: String.UnicodeScalarView) -> [[Unicode.Scalar]] {
        var words: [[Unicode.Scalar]] = [[]]
        for scalar in text {
            if scalar.properties.isWhitespace {
                words.append([])
            } else if scalar.isPunctuationMark {
                words += [[scalar], []]
            } else {
                words[words.count - 1].append(scalar)
            }
        }
        return words.filter { !$0.isEmpty }
    }

    private func encode(word: [Unicode.Scalar]) -> [Int] {
        if word.count > longestWord { return [unknown] }
        var tokens: [Int] = []
        var start = 0
        while start < word.count {
            let lead = Array((start == 0 ? "" : prefix).utf8)
            let last = min(word.count, start + longestPiece)
            let found = (start + 1...last).reversed().lazy.compactMap { end -> (Int, Int)? in
                numbers[lead + word[start..<end].flatMap { Array(String($0).utf8) }].map { ($0, end) }
            }.first
            guard let (token, end) = found else { return [unknown] }
            tokens.append(token)
            start = end
        }
        return tokens
    }

    /// With the space before a word that begins one, and without the prefix of others.
    public func bytes(of token: Int) -> [UInt8] {
        if let bytes = special.bytes(of: token) { return Array(" ".utf8) + bytes }
        guard pieces.indices.contains(token), let piece = pieces[token] else { return [] }
        return Array((piece.hasPrefix(prefix) ? String(piece.dropFirst(prefix.count)) : " " + piece).utf8)
    }

    // MARK: As a file

    /// The `tokenizer.json` of a tokenizer of this kind.
    init(_ file: TokenizerFile) throws {
        let vocabulary = try file.vocabulary
        pieces = vocabulary.pieces.map { piece in piece.map { String(decoding: $0, as: UTF8.self) } }
        numbers = vocabulary.numbers
        special = try SpecialTokens(file)
        longestPiece = pieces.compactMap { $0?.unicodeScalars.count }.max() ?? 1
        prefix = try file.model.string("continuing_subword_prefix", default: "##")
        longestWord = try file.model.integer("max_input_chars_per_word", default: 100)
        guard longestWord <= WordPieceTokenizer.longestWordBound else {
            throw file.model.problem(
                "max_input_chars_per_word",
                "it is \(longestWord), and at most \(WordPieceTokenizer.longestWordBound) is read")
        }
        let name = try file.model.string("unk_token", default: "[UNK]")
        guard let unknown = numbers[Array(name.utf8)] else {
            throw file.model.problem("unk_token", "\(name) is not in the vocabulary")
        }
        self.unknown = unknown
        guard try file.root.object("pre_tokenizer")?.string("type") == "BertPreTokenizer" else {
            throw file.root.problem("pre_tokenizer", "WordPiece is supported only with BertPreTokenizer")
        }
        normalization = try Normalization(try file.root.object("normalizer"))
    }

    public var file: JSON {
        .object([
            ("version", .string("1.0")),
            ("added_tokens", special.json),
            ("normalizer", normalization.json),
            ("pre_tokenizer", .object([("type", .string("BertPreTokenizer"))])),
            ("post_processor", special.template),
            (
                "decoder",
                .object([
                    ("type", .string("WordPiece")), ("prefix", .string(prefix)), ("cleanup", .bool(false)),
                ])
            ),
            (
                "model",
                .object([
                    ("type", .string("WordPiece")), ("unk_token", .string(pieces[unknown] ?? "")),
                    ("continuing_subword_prefix", .string(prefix)), ("max_input_chars_per_word", .integer(longestWord)),
                    (
                        "vocab",
                        .object(
                            pieces.enumerated().compactMap { number, piece in piece.map { ($0, .integer(number)) } })
                    ),
                ])
            ),
        ])
    }
}

extension WordPieceTokenizer.Normalization {
    init(_ fields: ConfigurationFields?) throws {
        guard let fields else {
            self.init(cleans: false, separatesChinese: false, stripsAccents: false, lowercases: false)
            return
        }
        try fields.requireOnly("type", ["BertNormalizer"], default: "BertNormalizer")
        let lowercases = try fields.bool("lowercase", default: true)
        self.init(
            cleans: try fields.bool("clean_text", default: true),
            separatesChinese: try fields.bool("handle_chinese_chars", default: true),
            stripsAccents: try fields.bool("strip_accents", default: lowercases), lowercases: lowercases)
    }

    fileprivate var json: JSON {
        .object([
            ("type", .string("BertNormalizer")), ("clean_text", .bool(cleans)),
            ("handle_chinese_chars", .bool(separatesChinese)), ("strip_accents", .bool(stripsAccents)),
            ("lowercase", .bool(lowercases)),
        ])
    }

    func apply(_ text: some Sequence<Unicode.Scalar>) -> String.UnicodeScalarView {
        var scalars = String.UnicodeScalarView()
        for scalar in text where !cleans || !scalar.isControl {
            if separatesChinese && scalar.isChinese {
                scalars += [" ", scalar, " "]
            } else {
                scalars.append(cleans && scalar.properties.isWhitespace ? " " : scalar)
            }
        }
        if stripsAccents {
            let decomposed = String(scalars).decomposed.unicodeScalars
            scalars = String.UnicodeScalarView(decomposed.filter { !$0.isAccent })
        }
        return lowercases
            ? String.UnicodeScalarView(scalars.flatMap { $0.properties.lowercaseMapping.unicodeScalars }) : scalars
    }
}

extension Unicode.Scalar {
    /// The category as of Unicode 8, which is what the `tokenizers` package has for BERT: later characters count as
    /// unassigned, and a few were others then.
    private var category: Unicode.GeneralCategory {
        switch value {
        case ..<0x166D: break
        case 0x166D, 0x111C9: return .otherPunctuation
        case 0x1734, 0x1171E: return .nonspacingMark
        case 0x1885...0x1886: return .otherLetter
        case 0xA9BD: return .spacingMark
        default: break
        }
        return (properties.age?.major ?? .max) <= 8 ? properties.generalCategory : .unassigned
    }

    /// What BERT leaves out: control and format characters, private ones, U+FFFD; not tabs and line ends.
    fileprivate var isControl: Bool {
        if self == "\t" || self == "\n" || self == "\r" { return false }
        switch category {
        case .control, .format, .privateUse: return true
        default: return value == 0xFFFD
        }
    }

    fileprivate var isAccent: Bool { category == .nonspacingMark }

    /// The ranges of Chinese characters that BERT knows.
    fileprivate var isChinese: Bool {
        let ranges: [ClosedRange<UInt32>] = [
            0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B81F, 0x2B920...0x2CEAF,
            0xF900...0xFAFF, 0x2F800...0x2FA1F,
        ]
        return value >= 0x3400 && ranges.contains { $0.contains(value) }
    }

    /// Punctuation of Unicode, and all signs of ASCII that are not letters or digits.
    var isPunctuationMark: Bool {
        switch category {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return isASCII && (0x21...0x7E).contains(value) && TextClass(self) == .other
        }
    }
}
