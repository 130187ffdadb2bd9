import Switchback
import SwitchbackFormats

/// Turns text into the integers that a language model reads, and back.
public protocol Tokenizer: Sendable {
    /// How many tokens there are; their numbers run from 0.
    var vocabularySize: Int { get }
    /// The token after which a text is over, if there is one.
    var endOfText: Int? { get }

    /// The tokens of a text.
    ///
    /// - Parameter addingSpecialTokens: whether the marks that the model expects around a text, such as the beginning
    ///   of a text or the end of a sentence, are added.
    /// - Throws: `InputError` over a character that the tokenizer does not know.
    func encode(_ text: String, addingSpecialTokens: Bool) throws -> [Int]

    /// The tokens of a text in which not every special token counts: what people typed may look like one.
    ///
    /// - Parameter reading: for each UTF-8 byte which of them are looked for there.
    func encode(_ text: String, reading: [ReadableTokens]) throws -> [Int]

    /// The number of a special token by its text, such as `<|im_end|>`; `nil` if there is none of that text.
    func specialToken(_ text: String) -> Int?

    /// Whether a token is a mark that is no part of what a text says.
    func isSpecial(_ token: Int) -> Bool

    /// The UTF-8 bytes that a token stands for; not always whole characters. None for a number that is not a token.
    func bytes(of token: Int) -> [UInt8]

    /// The contents of `tokenizer.json`, as the `tokenizers` package reads it; null where there is a `modelFile`.
    var file: JSON { get }

    /// The contents of `tokenizer.model`, of a tokenizer that came from one.
    var modelFile: [UInt8]? { get }
}

extension Tokenizer {
    /// The tokens of a text, without marks around it.
    public func encode(_ text: String) throws -> [Int] { try encode(text, addingSpecialTokens: false) }

    /// The tokens of a text that was read from somewhere, which errors then name.
    package func encode(_ text: String, from source: String, addingSpecialTokens: Bool = false) throws -> [Int] {
        do {
            return try encode(text, addingSpecialTokens: addingSpecialTokens)
        } catch let error as InputError {
            throw InputError(source, error.problem, remedy: error.remedy)
        }
    }

    /// The text of tokens. Bytes that are not characters become U+FFFD.
    public func decode(_ tokens: some Sequence<Int>) -> String {
        String(decoding: tokens.flatMap(bytes(of:)), as: UTF8.self)
    }

    public var endOfText: Int? { nil }

    public var modelFile: [UInt8]? { nil }

    public func encode(_ text: String, reading: [ReadableTokens]) throws -> [Int] { try encode(text) }

    /// The tokens of a text in which nothing is a special token.
    public func encodeLiterally(_ text: String) throws -> [Int] {
        try encode(text, reading: Array(repeating: .none, count: text.utf8.count))
    }

    public func isSpecial(_ token: Int) -> Bool { false }

    public func specialToken(_ text: String) -> Int? { nil }
}

/// Which tokens with texts of their own are looked for at a place of a text.
public enum ReadableTokens: Int, Comparable, Sendable {
    case none
    /// Those that are part of what a text says, such as `<think>`.
    case ordinary
    /// Marks such as the end of a message, too.
    case all

    public static func < (a: ReadableTokens, b: ReadableTokens) -> Bool { a.rawValue < b.rawValue }
}
