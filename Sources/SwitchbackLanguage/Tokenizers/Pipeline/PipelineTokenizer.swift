import Switchback
import SwitchbackFormats

/// A tokenizer put together from the parts of a `tokenizer.json`: a text is normalized, cut into words, and each word
/// written in pieces.
public struct PipelineTokenizer: Tokenizer {
    private let model: any PieceModel
    private let normalizer: TextNormalizer
    private let cutter: TextCutter
    private let decoder: PieceDecoder
    private let special: SpecialTokens
    /// Those of the special tokens that are looked for in a text as it is, and in normalized text.
    private let raw, normalized: SpecialTokens
    /// What the file says, which is written as it was read.
    public let file: JSON

    public var vocabularySize: Int { max(model.vocabulary.pieces.count, special.limit) }
    public var endOfText: Int? { special.endOfText }
    public func specialToken(_ text: String) -> Int? { special.number(of: text) }
    public func isSpecial(_ token: Int) -> Bool { special.isSpecial(token) }

    public func encode(_ text: String, addingSpecialTokens: Bool) throws -> [Int] {
        let result = try encode(text, reading: [])
        return addingSpecialTokens ? special.before + result + special.after : result
    }

    public func encode(_ text: String, reading: [ReadableTokens]) throws -> [Int] {
        var known: [[Unicode.Scalar]: [Int]] = [:]
        var result: [Int] = []
        // What is looked for in normalized text has lost its place there: the strictest place of the text counts.
        let strictest = reading.min() ?? .all
        for (index, part) in raw.split(text, reading: reading).enumerated() {
            switch part {
            case .token(let token): result.append(token)
            case .text(let text):
                let normal = normalizer.apply(Array(text.unicodeScalars))
                try encode(normal, isFirst: index == 0, strictest, &known, into: &result)
            }
        }
        return result
    }

    private func encode(
        _ text: [Unicode.Scalar], isFirst: Bool, _ reading: ReadableTokens, _ known: inout [[Unicode.Scalar]: [Int]],
        into result: inout [Int]
    ) throws {
        for (index, part) in parts(of: text, reading).enumerated() {
            switch part {
            case .token(let token): result.append(token)
            case .text(let text):
                let whole = TextCutter.Piece(scalars: Array(text.unicodeScalars), isFirst: isFirst && index == 0)
                for word in cutter.cut([whole]) where !word.scalars.isEmpty {
                    result += try tokens(of: word.scalars, &known)
                }
            }
        }
    }

    private func parts(of text: [Unicode.Scalar], _ reading: ReadableTokens) -> [SpecialTokens.Part] {
        let text = text.string
        let levels = reading == .all ? [] : [ReadableTokens](repeating: reading, count: text.utf8.count)
        return normalized.split(text, reading: levels)
    }

    /// Words that return, as most do, are written once.
    private func tokens(of word: [Unicode.Scalar], _ known: inout [[Unicode.Scalar]: [Int]]) throws -> [Int] {
        guard word.count <= 64 else { return try model.encode(word) }
        if let tokens = known[word] { return tokens }
        let tokens = try model.encode(word)
        known[word] = tokens
        return tokens
    }

    public func bytes(of token: Int) -> [UInt8] {
        special.bytes(of: token) ?? model.vocabulary[token].map(decoder.bytes) ?? []
    }

    /// The `tokenizer.json` of a tokenizer of this kind.
    init(_ file: TokenizerFile, model: any PieceModel) throws {
        self.model = model
        normalizer = try file.root.object("normalizer").map(TextNormalizer.init) ?? .sequence([])
        cutter = try file.root.object("pre_tokenizer").map(TextCutter.init) ?? .sequence([])
        decoder = try PieceDecoder(file.root.object("decoder"))
        special = try SpecialTokens(file)
        let prepare = normalizer
        raw = special.looked(inNormalized: false)
        normalized = special.looked(inNormalized: true) { prepare.apply(Array($0.unicodeScalars)).string }
        self.file = file.root.json
    }
}
