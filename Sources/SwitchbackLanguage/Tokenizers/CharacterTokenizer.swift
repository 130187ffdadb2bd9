import Switchback
import SwitchbackFormats

/// One token for each character (Unicode scalar) that occurs in a text, numbered in their order in Unicode.
public struct CharacterTokenizer: Tokenizer {
    private let scalars: [Unicode.Scalar]
    private let numbers: [Unicode.Scalar: Int]

    /// The characters of a text.
    public init(charactersOf text: String) {
        self.init { add in add(text) }
    }

    /// The characters of a text that comes in pieces.
    ///
    /// - Parameter forEachPiece: calls the function that it is given with each.
    init(_ forEachPiece: ((String) -> Void) throws -> Void) rethrows {
        var scalars = Set<Unicode.Scalar>()
        try forEachPiece { scalars.formUnion($0.unicodeScalars) }
        self.init(scalars.sorted())
    }

    private init(_ scalars: [Unicode.Scalar]) {
        self.scalars = scalars
        numbers = Dictionary(uniqueKeysWithValues: scalars.enumerated().map { ($1, $0) })
    }

    public var vocabularySize: Int { scalars.count }

    public func encode(_ text: String, addingSpecialTokens: Bool) throws -> [Int] {
        try text.unicodeScalars.map { scalar in
            guard let number = numbers[scalar] else {
                let code = String(scalar.value, radix: 16, uppercase: true)
                throw InputError(
                    "text",
                    "the character '\(scalar)' (U+\(code)) is not one of the \(vocabularySize) that the model knows",
                    remedy: "leave it out, or train a model with --tokenizer bpe, which can write any text")
            }
            return number
        }
    }

    public func bytes(of token: Int) -> [UInt8] {
        scalars.indices.contains(token) ? Array(String(scalars[token]).utf8) : []
    }

    // MARK: As a file

    /// How `tokenizer.json` says "every character by itself".
    static let pattern = #"[\s\S]"#

    public var file: JSON {
        let vocabulary = scalars.enumerated().map { (name: String($1), value: JSON.integer($0)) }
        return .object([
            ("version", .string("1.0")),
            ("added_tokens", .array([])),
            (
                "pre_tokenizer",
                .object([
                    ("type", .string("Split")), ("pattern", .object([("Regex", .string(CharacterTokenizer.pattern))])),
                    ("behavior", .string("Isolated")), ("invert", .bool(false)),
                ])
            ),
            ("decoder", .object([("type", .string("Fuse"))])),
            (
                "model",
                .object([
                    ("type", .string("WordLevel")), ("vocab", .object(vocabulary)), ("unk_token", .string("")),
                ])
            ),
        ])
    }

    /// The `tokenizer.json` of a tokenizer of this kind.
    init(_ file: TokenizerFile) throws {
        let model = file.model
        guard try file.preTokenizerPattern == CharacterTokenizer.pattern else {
            throw model.problem("type", "WordLevel is supported only with single characters as words")
        }
        let tokens = try file.vocabulary.pieces.map { piece -> Unicode.Scalar in
            let name = String(decoding: piece ?? [], as: UTF8.self)
            guard let scalar = name.unicodeScalars.first, name.unicodeScalars.count == 1 else {
                throw model.problem("vocab", "'\(name)' is not one character")
            }
            return scalar
        }
        self.init(tokens)
    }
}
