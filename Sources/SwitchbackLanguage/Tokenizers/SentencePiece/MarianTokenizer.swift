import Foundation
import Switchback
import SwitchbackFormats

/// One side of a folder of Marian's: the pieces of a SentencePiece model, with numbers that both sides share.
///
/// A piece that has no number, and with it a character that is no piece, is the unknown token.
struct MarianTokenizer: Tokenizer {
    private let pieces: SentencePieceTokenizer
    private let vocabulary: PieceVocabulary
    private let unknown, end: Int

    /// The older name of each file is the same in all folders.
    static let source = "source.spm"
    static let target = "target.spm"

    init(_ folder: String, side name: String) throws {
        let path = Folder.join(folder, "vocab.json")
        try TokenizerFile.checkSize(path)
        pieces = try SentencePieceTokenizer(Folder.join(folder, name))
        let fields = try ConfigurationFields(file: path)
        let known = try TokenizerFile(
            root: fields, model: ConfigurationFields(.object([("vocab", fields.json)]), path: path)
        ).vocabulary
        func number(_ piece: String) throws -> Int {
            guard let number = known.numbers[Array(piece.utf8)] else {
                throw fields.problem(piece, "it is missing, and every text needs it")
            }
            return number
        }
        vocabulary = known
        unknown = try number("<unk>")
        end = try number("</s>")
    }

    var vocabularySize: Int { vocabulary.pieces.count }
    var endOfText: Int? { end }
    var file: JSON { .null }
    func isSpecial(_ token: Int) -> Bool {
        token == end || vocabulary[token].map { $0 == Array("<pad>".utf8) } ?? false
    }
    func specialToken(_ text: String) -> Int? { text.isExactly("</s>") ? end : nil }

    func encode(_ text: String, addingSpecialTokens: Bool) throws -> [Int] {
        let (code, rest) = MarianTokenizer.languageCode(text)
        let tokens = try pieces.encodeLiterally(rest).map {
            pieces.piece($0).flatMap { vocabulary.numbers[$0] } ?? unknown
        }
        let marks = code.map { [vocabulary.numbers[Array($0.utf8)] ?? unknown] } ?? []
        return marks + tokens + (addingSpecialTokens ? [end] : [])
    }

    /// The language that a text is to be put into, where it begins with one: `>>fr<<`.
    private static func languageCode(_ text: String) -> (code: String?, rest: String) {
        guard text.hasPrefix(">>"), let close = text.range(of: "<<") else { return (nil, text) }
        return (String(text[..<close.upperBound]), String(text[close.upperBound...]))
    }

    func bytes(of token: Int) -> [UInt8] {
        if isSpecial(token) { return [] }
        return vocabulary[token]?.replacing(SentencePieceNormalizer.mark, with: [UInt8(ascii: " ")]) ?? []
    }
}
