/// What makes tokens of a word.
protocol PieceModel: Sendable {
    var vocabulary: PieceVocabulary { get }

    /// The tokens of a word, which is not empty.
    ///
    /// Throws `InputError` over a character that there is no token for.
    func encode(_ word: [Unicode.Scalar]) throws -> [Int]
}

/// The pieces of text that tokens stand for, and their numbers.
struct PieceVocabulary: Sendable {
    /// By number; `nil` where no piece has a number.
    let pieces: [[UInt8]?]
    let numbers: [[UInt8]: Int]

    init(pieces: [[UInt8]?]) {
        self.pieces = pieces
        let pairs = pieces.enumerated().compactMap { number, piece in piece.map { ($0, number) } }
        numbers = Dictionary(pairs) { _, last in last }
    }

    subscript(number: Int) -> [UInt8]? { pieces.indices.contains(number) ? pieces[number] : nil }

    /// The tokens of bytes, where there is one for each.
    func bytes(_ bytes: some Sequence<UInt8>) -> [Int]? {
        var tokens: [Int] = []
        for byte in bytes {
            guard let token = numbers[BytePieces.names[Int(byte)]] else { return nil }
            tokens.append(token)
        }
        return tokens
    }
}

extension Sequence<Unicode.Scalar> {
    /// The text.
    var string: String { String(String.UnicodeScalarView(self)) }

    /// The text in UTF-8.
    var utf8Bytes: [UInt8] {
        var bytes: [UInt8] = []
        for scalar in self {
            if scalar.value < 0x80 {
                bytes.append(UInt8(scalar.value))
            } else {
                bytes += UTF8.encode(scalar) ?? .init()
            }
        }
        return bytes
    }
}
