import Switchback
import SwitchbackFormats

/// What a token's piece says in a text: the `decoder` of a `tokenizer.json`, token by token.
struct PieceDecoder: Sendable {
    private enum Step: Sendable {
        case replace([UInt8], with: [UInt8])
        /// `<0x41>` is a byte.
        case bytes
        /// Characters of GPT-2's alphabet are bytes.
        case alphabet
        /// Words begin with a space, and what goes on within one with a prefix.
        case wordPieces(prefix: [UInt8])
        /// Words end with a suffix.
        case suffix([UInt8])
    }

    private var steps: [Step] = []

    /// - Parameter fields: the `decoder`, if there is one.
    init(_ fields: ConfigurationFields?) throws {
        guard let fields else { return }
        try read(fields)
        let growth = steps.reduce(1.0) { growth, step in
            if case .replace(_, let content) = step { growth * Double(max(content.count, 1)) } else { growth }
        }
        guard growth <= TextNormalizer.mostGrowth else {
            throw fields.problem("type", "it can make more than \(Int(TextNormalizer.mostGrowth)) characters of one")
        }
    }

    private mutating func read(_ fields: ConfigurationFields) throws {
        let kinds = [
            "Sequence", "Replace", "ByteFallback", "ByteLevel", "Metaspace", "WordPiece", "BPEDecoder", "Fuse", "Strip",
        ]
        switch try fields.string("type") {
        case "Sequence": for entry in try fields.entries("decoders") { try read(entry) }
        case "Replace":
            guard case .text(let text) = try TextPattern(fields) else {
                throw fields.problem("pattern", "a text is supported here, not an expression")
            }
            let content = Array(try fields.string("content").utf8)
            steps.append(.replace(text.flatMap { Array(String($0).utf8) }, with: content))
        case "ByteFallback": steps.append(.bytes)
        case "ByteLevel": steps.append(.alphabet)
        case "Metaspace":
            let mark = fields["replacement"] == nil ? "\u{2581}" : try fields.scalar("replacement")
            steps.append(.replace(Array(String(mark).utf8), with: [UInt8(ascii: " ")]))
        case "WordPiece": steps.append(.wordPieces(prefix: Array(try fields.string("prefix", default: "##").utf8)))
        case "BPEDecoder": steps.append(.suffix(Array(try fields.string("suffix", default: "</w>").utf8)))
        // Tokens are joined as they are, and the space before a whole text belongs to its first word.
        case "Fuse", "Strip": break
        case let kind: try fields.requireOnly("type", kinds, default: kind)
        }
    }

    /// The bytes of a piece.
    func bytes(of piece: [UInt8]) -> [UInt8] {
        var piece = piece
        for step in steps {
            switch step {
            case .replace(let text, let content): piece = piece.replacing(text, with: content)
            case .bytes: if let byte = PieceDecoder.byte(piece) { return [byte] }
            case .alphabet: piece = ByteAlphabet.bytes(of: String(decoding: piece, as: UTF8.self)) ?? piece
            case .wordPieces(let prefix):
                let goesOn = !prefix.isEmpty && piece.starts(with: prefix)
                piece = goesOn ? Array(piece.dropFirst(prefix.count)) : [UInt8(ascii: " ")] + piece
            case .suffix(let suffix): piece = piece.replacing(suffix, with: [UInt8(ascii: " ")])
            }
        }
        return piece
    }

    /// The byte that `<0x41>` stands for.
    static func byte(_ piece: [UInt8]) -> UInt8? {
        guard piece.count == 6, piece.starts(with: Array("<0x".utf8)), piece.last == UInt8(ascii: ">") else {
            return nil
        }
        return UInt8(String(decoding: piece[3..<5], as: UTF8.self), radix: 16)
    }
}

/// The pieces that stand for single bytes, `<0x00>` to `<0xFF>`.
enum BytePieces {
    static let names: [[UInt8]] = (0..<256).map { byte in
        let digits = String(byte, radix: 16, uppercase: true)
        return Array("<0x\(digits.count < 2 ? "0" : "")\(digits)>".utf8)
    }
}
