import Switchback
import SwitchbackFormats

/// The most likely of all ways to write a text in pieces that have probabilities (Kudo, "Subword Regularization", 2018,
/// section 3.2), found by Viterbi's algorithm.
struct UnigramModel: PieceModel {
    /// How scores are added: the `tokenizers` package has 64 bits, SentencePiece 32.
    enum Precision: Sendable { case double, single }

    let vocabulary: PieceVocabulary
    private let trie: PieceTrie
    private let scores: [Double]
    /// Added for a character that is no piece.
    private let unknownScore: Double
    let unknown: Int?
    private let writesBytes: Bool
    private let precision: Precision

    /// What a character without a piece is worth less than the least likely piece.
    private static let penalty = 10.0
    /// No tokenizer has longer pieces; each position of a text is looked at so many times at most.
    private static let longestPiece = 1000

    /// - Parameter lowest: the score of the least likely piece.
    init(
        _ vocabulary: PieceVocabulary, searched: [Int], scores: [Double], lowest: Double, unknown: Int?,
        writesBytes: Bool, precision: Precision
    ) {
        self.vocabulary = vocabulary
        self.scores = scores
        self.unknown = unknown
        self.writesBytes = writesBytes
        self.precision = precision
        unknownScore = precision == .single ? Double(Float(lowest - Self.penalty)) : lowest - Self.penalty
        trie = PieceTrie(
            searched.compactMap { number -> ([UInt8], Int)? in
                guard let piece = vocabulary[number], (1...Self.longestPiece).contains(piece.count) else { return nil }
                return (piece, number)
            })
    }

    func encode(_ word: [Unicode.Scalar]) throws -> [Int] {
        let bytes = word.utf8Bytes
        var tokens: [Int] = []
        var unknownStart: Int?
        func endUnknown(_ end: Int) throws {
            guard let start = unknownStart else { return }
            unknownStart = nil
            if precision == .double, let whole = vocabulary.numbers[Array(bytes[start..<end])] {
                tokens.append(whole)
            } else if writesBytes, let own = vocabulary.bytes(bytes[start..<end]) {
                tokens += own
            } else if let unknown {
                tokens.append(unknown)
            } else {
                let text = String(decoding: bytes[start..<end], as: UTF8.self)
                throw InputError("text", "'\(text)' is not a token, and there is none for unknown characters")
            }
        }
        for (start, number) in path(bytes) {
            if number == unknown ?? -1 {
                unknownStart = unknownStart ?? start
            } else {
                try endUnknown(start)
                tokens.append(number)
            }
        }
        try endUnknown(bytes.count)
        return tokens
    }

    private struct Node {
        var score = 0.0
        var start = -1
        var number = -1
    }

    /// The best way through a text: where each piece begins, and its number; −1 or that of unknown characters, if none.
    private func path(_ bytes: [UInt8]) -> [(start: Int, number: Int)] {
        var best = [Node](repeating: Node(), count: bytes.count + 1)
        func offer(_ start: Int, _ end: Int, _ score: Double, _ number: Int) {
            let candidate = score + best[start].score
            guard best[end].start < 0 || candidate > best[end].score else { return }
            let kept = precision == .single ? Double(Float(candidate)) : candidate
            best[end] = Node(score: kept, start: start, number: number)
        }
        var start = 0
        while start < bytes.count {
            let next = start + UTF8.width(ofFirst: bytes[start])
            var hasSingle = false
            trie.forEachPiece(in: bytes, at: start) { end, number in
                offer(start, end, scores[number], number)
                if end == next { hasSingle = true }
            }
            if !hasSingle { offer(start, next, unknownScore, unknown ?? -1) }
            start = next
        }
        var path: [(start: Int, number: Int)] = []
        var end = bytes.count
        while end > 0 {
            path.append((best[end].start, best[end].number))
            end = best[end].start
        }
        return path.reversed()
    }

}

// MARK: - As a file

extension UnigramModel {
    /// The `model` of a `tokenizer.json`.
    init(_ file: TokenizerFile) throws {
        let model = file.model
        guard let list = try model.array("vocab"), !list.isEmpty, list.count <= TokenizerFile.mostTokens else {
            throw model.problem("vocab", "a list of pieces and their scores is needed")
        }
        var scores: [Double] = []
        let pieces = try list.enumerated().map { number, entry -> [UInt8]? in
            guard case .array(let pair) = entry, pair.count == 2, case .string(let piece) = pair[0],
                let score = pair[1].finiteNumber
            else { throw model.problem("vocab", "entry \(number + 1) is not a piece and its score") }
            scores.append(score)
            return Array(piece.utf8)
        }
        let unknown = model["unk_id"] == nil ? nil : try model.integer("unk_id", minimum: 0)
        guard unknown ?? 0 < pieces.count else {
            throw model.problem("unk_id", "it is \(unknown ?? 0), and there are \(pieces.count) pieces")
        }
        self.init(
            PieceVocabulary(pieces: pieces), searched: Array(pieces.indices), scores: scores,
            lowest: scores.min() ?? 0, unknown: unknown,
            writesBytes: try model.bool("byte_fallback", default: false), precision: .double)
    }
}
