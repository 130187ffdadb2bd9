import Foundation
import Switchback
import SwitchbackFormats

/// The tokenizer of a `tokenizer.model`, as SentencePiece itself has it, with the marks that its model expects around a
/// text.
public struct SentencePieceTokenizer: Tokenizer {
    private let model: any PieceModel
    private let normalizer: SentencePieceNormalizer
    private let special: SpecialTokens
    private let decoder: [Int: [UInt8]]
    private let marks: (before: [Int], after: [Int])
    /// The contents of `tokenizer.model`.
    public let modelFile: [UInt8]?

    public var vocabularySize: Int { max(model.vocabulary.pieces.count, special.limit) }
    public var endOfText: Int? { special.endOfText }
    public func specialToken(_ text: String) -> Int? { special.number(of: text) }
    public func isSpecial(_ token: Int) -> Bool { special.isSpecial(token) }
    /// Nothing: what this tokenizer says stands in `modelFile`.
    public var file: JSON { .null }

    public func encode(_ text: String, addingSpecialTokens: Bool) throws -> [Int] {
        let result = try encode(special.split(text))
        return addingSpecialTokens ? marks.before + result + marks.after : result
    }

    public func encode(_ text: String, reading: [ReadableTokens]) throws -> [Int] {
        try encode(special.split(text, reading: reading))
    }

    private func encode(_ parts: [SpecialTokens.Part]) throws -> [Int] {
        try parts.enumerated().flatMap { index, part -> [Int] in
            switch part {
            case .token(let token): return [token]
            case .text(let text):
                let normal = normalizer.apply(Array(text.utf8), isFirst: index == 0)
                return try model.encode(Array(String(decoding: normal, as: UTF8.self).unicodeScalars))
            }
        }
    }

    /// The piece of a token; `nil` for a number that is that of none.
    func piece(_ token: Int) -> [UInt8]? { model.vocabulary[token] }

    public func bytes(of token: Int) -> [UInt8] { special.bytes(of: token) ?? decoder[token] ?? [] }

    // MARK: As a file

    /// The names that such a file has in model folders.
    static let names = ["tokenizer.model", "spiece.model"]

    /// The file of a folder; `nil` if there is none.
    static func path(in folder: String) -> String? {
        names.map { Folder.join(folder, $0) }.first(where: FileManager.default.fileExists)
    }

    /// Reads a `tokenizer.model` and, beside it, what `tokenizer_config.json` says of marks and added tokens.
    init(_ path: String) throws {
        let file = try SentencePieceFile(path)
        let folder = (path as NSString).deletingLastPathComponent
        let vocabulary = PieceVocabulary(pieces: file.pieces.map(\.text))
        guard let unknown = file.pieces.firstIndex(where: { $0.use == .unknown }) else {
            throw InputError(path, at: "field pieces", "none stands for unknown characters")
        }
        func numbers(_ uses: SentencePieceFile.Use...) -> [Int] {
            file.pieces.indices.filter { uses.contains(file.pieces[$0].use) }
        }
        let fixed = PieceTrie(numbers(.userDefined).map { (file.pieces[$0].text, $0) })
        do {
            let map = file.characterMap.isEmpty ? nil : try CharacterMap(file.characterMap)
            normalizer = SentencePieceNormalizer(file, map: map, fixed: fixed)
        } catch {
            throw InputError(path, at: "field normalizer_spec.precompiled_charsmap", error.text)
        }
        switch file.kind {
        case .unigram:
            model = UnigramModel(file, vocabulary, searched: numbers(.normal, .userDefined), unknown: unknown)
        case .bytePairs: model = ScoredPairModel(file, vocabulary, fixed: fixed, unknown: unknown)
        }
        let settings = try SentencePieceSettings(folder, file)
        special = SpecialTokens(added: settings.added)
        marks = (settings.before, settings.after)
        modelFile = file.bytes
        decoder = Dictionary(
            uniqueKeysWithValues: file.pieces.enumerated().map { number, piece -> (Int, [UInt8]) in
                if piece.use == .byte, let byte = PieceDecoder.byte(piece.text) { return (number, [byte]) }
                let space = [UInt8(ascii: " ")]
                return (number, piece.text.replacing(SentencePieceNormalizer.mark, with: space))
            })
    }
}

extension UnigramModel {
    /// Scores as SentencePiece has them: what its user defined is always chosen.
    fileprivate init(
        _ file: SentencePieceFile, _ vocabulary: PieceVocabulary, searched: [Int], unknown: Int
    ) {
        let normal = file.pieces.filter { $0.use == .normal }.map(\.score)
        let (lowest, highest) = (normal.min() ?? 0, normal.max() ?? 0)
        let scores = file.pieces.map { piece in
            piece.use == .userDefined
                ? Double(Float(piece.text.count) * highest) - 0.1 : Double(piece.score)
        }
        self.init(
            vocabulary, searched: searched, scores: scores, lowest: Double(lowest), unknown: unknown,
            writesBytes: file.writesBytes, precision: .single)
    }
}
