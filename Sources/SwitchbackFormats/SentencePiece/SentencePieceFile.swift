import Foundation
import Switchback
import SwiftProtobuf

/// A `tokenizer.model` of SentencePiece (Kudo and Richardson, "SentencePiece", 2018).
package struct SentencePieceFile: Sendable {
    /// The ways to choose pieces.
    package enum Kind: Sendable { case unigram, bytePairs }

    /// What a piece is for.
    package enum Use: Int32, Sendable {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    package struct Piece: Sendable {
        package let text: [UInt8]
        package let score: Float
        package let use: Use
    }

    package let kind: Kind
    package let pieces: [Piece]
    /// A table of what becomes of characters; empty if they stay.
    package let characterMap: [UInt8]
    /// Whether a space is put before a text, or behind it.
    package let addsSpace: Bool
    package let isSpaceBehind: Bool
    /// Whether space at the ends, and all but one beside each other, is left out.
    package let removesExtraSpace: Bool
    /// Whether space is written as `▁`.
    package let marksSpace: Bool
    /// Whether characters without pieces are written as the pieces of their bytes.
    package let writesBytes: Bool
    /// The bytes of the file.
    package let bytes: [UInt8]

    private static let largest = 1 << 26

    /// Throws `InputError` over a file that is none, or of a kind that is not known here.
    package init(_ path: String) throws {
        let file = try MappedFile(path)
        guard file.count <= Self.largest else {
            throw InputError(path, "it has \(file.count) bytes, and a model of pieces at most \(Self.largest)")
        }
        bytes = [UInt8](file.bytes)
        let message: SentencePieceModelProto
        do {
            message = try SentencePieceModelProto(serializedBytes: bytes)
        } catch { throw InputError(path, "it is not a model of SentencePiece, or damaged") }
        switch message.trainerSpec.modelType {
        case 1: kind = .unigram
        case 2: kind = .bytePairs
        case let number:
            throw InputError(
                path, at: "field trainer_spec.model_type",
                "it is \(number == 3 ? "words" : number == 4 ? "characters" : "\(number)"); supported are Unigram and BPE"
            )
        }
        guard !message.pieces.isEmpty else { throw InputError(path, at: "field pieces", "there are none") }
        pieces = try message.pieces.enumerated().map { number, piece in
            guard let use = Use(rawValue: piece.type), piece.score.isFinite, !piece.piece.isEmpty else {
                throw InputError(path, at: "piece \(number)", "it has no text, no score or no known type")
            }
            return Piece(text: Array(piece.piece.utf8), score: piece.score, use: use)
        }
        let rule = message.normalizerSpec
        characterMap = [UInt8](rule.precompiledCharsmap)
        (addsSpace, isSpaceBehind) = (rule.addDummyPrefix, message.trainerSpec.treatWhitespaceAsSuffix)
        (removesExtraSpace, marksSpace) = (rule.removeExtraWhitespaces, rule.escapeWhitespaces)
        writesBytes = message.trainerSpec.byteFallback
    }
}
