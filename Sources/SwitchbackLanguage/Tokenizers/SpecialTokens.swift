import Switchback
import SwitchbackFormats

/// Tokens that stand for a text of their own, which is looked for before anything else, such as `<|endoftext|>`; and
/// those that are put around a text.
struct SpecialTokens: Sendable {
    enum Part: Equatable {
        case text(Substring)
        case token(Int)
    }

    /// A token of its own text, and how it is looked for.
    struct Added {
        let number: Int
        var text: String
        /// Whether it is a mark that is no part of what a text says, such as the end of one.
        var isSpecial = true
        /// Whether it takes the space before or behind it.
        var stripsBefore = false
        var stripsAfter = false
        /// Whether letters or digits beside it make it a part of a longer word.
        var isWord = false
        var isNormalized = false
    }

    private let tokens: [Added]
    private let numbers: [[UInt8]: Int]
    private let byNumber: [Int: Added]
    private let texts: [Int: [UInt8]]
    /// How long the texts are, in bytes: the longest first.
    private let lengths: [Int]
    private let firstBytes: Set<UInt8>
    /// The tokens before and after a text.
    private(set) var before: [Int] = []
    private(set) var after: [Int] = []

    init(_ tokens: [(number: Int, text: String)]) {
        self.init(added: tokens.map { Added(number: $0.number, text: $0.text) })
    }

    init(added tokens: [Added]) {
        self.tokens = tokens
        let bytes = tokens.map { (number: $0.number, text: Array($0.text.utf8)) }
        numbers = Dictionary(bytes.map { ($0.text, $0.number) }) { first, _ in first }
        byNumber = Dictionary(tokens.map { ($0.number, $0) }) { first, _ in first }
        texts = Dictionary(bytes.map { ($0.number, $0.text) }) { first, _ in first }
        lengths = Set(bytes.map(\.text.count)).subtracting([0]).sorted(by: >)
        firstBytes = Set(bytes.compactMap(\.text.first))
    }

    /// One more than the highest number.
    var limit: Int { (tokens.map(\.number) + before + after).reduce(-1, max) + 1 }

    /// The token by which well-known models end a text.
    var endOfText: Int? {
        let names = ["<|endoftext|>", "<|end_of_text|>", "<|im_end|>", "<|eot_id|>", "</s>"]
        return names.lazy.compactMap(number).first
    }

    func number(of text: String) -> Int? { numbers[Array(text.utf8)] }

    func bytes(of token: Int) -> [UInt8]? { texts[token] }

    func isSpecial(_ token: Int) -> Bool { byNumber[token]?.isSpecial ?? false }

    /// Cuts a text where special tokens stand in it.
    ///
    /// - Parameter reading: for each byte which of them are looked for there; all, if it is empty.
    func split(_ text: String, reading: [ReadableTokens] = []) -> [Part] {
        if lengths.isEmpty || text.isEmpty { return text.isEmpty ? [] : [.text(text[...])] }
        let bytes = Array(text.utf8)
        var parts: [Part] = []
        var (start, position) = (0, 0)
        func piece(to end: Int) -> Substring {
            let first = text.utf8.index(text.startIndex, offsetBy: start)
            return text[first..<text.utf8.index(first, offsetBy: end - start)]
        }
        while position < bytes.count {
            guard firstBytes.contains(bytes[position]),
                let (token, length) = self.token(in: bytes, at: position, reading)
            else {
                position += 1
                continue
            }
            let found = byNumber[token]
            let end = found?.stripsBefore == true ? SpecialTokens.endOfText(in: bytes, start..<position) : position
            if start < end { parts.append(.text(piece(to: end))) }
            parts.append(.token(token))
            position += length
            if found?.stripsAfter == true { position = SpecialTokens.endOfSpace(in: bytes, from: position) }
            start = position
        }
        if start < bytes.count { parts.append(.text(piece(to: bytes.count))) }
        return parts
    }

    /// The special token that stands at a place: of several, the longest is meant.
    private func token(
        in bytes: [UInt8], at position: Int, _ reading: [ReadableTokens]
    ) -> (number: Int, length: Int)? {
        for length in lengths where position + length <= bytes.count {
            let range = position..<position + length
            guard let number = numbers[Array(bytes[range])], let token = byNumber[number] else { continue }
            if !reading.isEmpty {
                let needed: ReadableTokens = token.isSpecial ? .all : .ordinary
                if reading[range].contains(where: { $0 < needed }) { continue }
            }
            if token.isWord && SpecialTokens.isInsideWord(range, in: bytes) { continue }
            return (number, length)
        }
        return nil
    }

    // MARK: The neighbors of a token

    private static func isInsideWord(_ range: Range<Int>, in bytes: [UInt8]) -> Bool {
        let before = String(decoding: bytes[max(0, range.lowerBound - 4)..<range.lowerBound], as: UTF8.self)
        let after = String(decoding: bytes[range.upperBound..<min(bytes.count, range.upperBound + 4)], as: UTF8.self)
        func isWord(_ scalar: Unicode.Scalar?) -> Bool {
            guard let scalar else { return false }
            let kind = TextClass(scalar)
            return kind == .letter || kind == .number || scalar == "_"
        }
        return isWord(before.unicodeScalars.last) || isWord(after.unicodeScalars.first)
    }

    /// Where a text ends without the space at its end.
    private static func endOfText(in bytes: [UInt8], _ range: Range<Int>) -> Int {
        let scalars = Array(String(decoding: bytes[range], as: UTF8.self).unicodeScalars)
        let space = scalars.reversed().prefix { $0.properties.isWhitespace }
        return range.upperBound - space.reduce(0) { $0 + UTF8.width($1) }
    }

    private static func endOfSpace(in bytes: [UInt8], from start: Int) -> Int {
        var end = start
        for scalar in String(decoding: bytes[start...], as: UTF8.self).unicodeScalars {
            guard scalar.properties.isWhitespace else { break }
            end += UTF8.width(scalar)
        }
        return end
    }
}

// MARK: - As a file

extension SpecialTokens {
    /// `added_tokens` and `post_processor` of a `tokenizer.json`.
    init(_ file: TokenizerFile) throws {
        self.init(added: try file.root.entries("added_tokens").map { try Added($0) })
        if let processor = try file.root.object("post_processor") { try read(processor) }
    }

    /// Those of the tokens that are looked for in raw text, or in normalized text, where theirs is normalized, too.
    func looked(inNormalized isNormalized: Bool, as text: (String) -> String = { $0 }) -> SpecialTokens {
        SpecialTokens(
            added: tokens.filter { $0.isNormalized == isNormalized }.map { token in
                var token = token
                token.text = text(token.text)
                return token
            })
    }

    private mutating func read(_ processor: ConfigurationFields) throws {
        switch try processor.string("type") {
        case "ByteLevel": break
        case "Sequence":
            for entry in try processor.entries("processors") { try read(entry) }
        case "BertProcessing", "RobertaProcessing":
            before = try mark(processor.array("cls"), processor)
            after = try mark(processor.array("sep"), processor)
        case "TemplateProcessing": try readTemplate(processor)
        case let kind:
            throw processor.problem(
                "type",
                "it is \(kind); supported are ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing, Sequence"
            )
        }
    }

    private func mark(_ pair: [JSON]?, _ fields: ConfigurationFields) throws -> [Int] {
        guard let pair, pair.count == 2, case .integer(let number) = pair[1] else {
            throw fields.problem("cls", "pairs of a token and its number are needed in cls and sep")
        }
        try SpecialTokens.check(number, fields, "cls")
        return [number]
    }

    /// No model has more tokens than this.
    private static let numbers = 0..<1 << 24

    /// Throws unless a number can be that of a token: what is made of it is looked up in a model's table.
    fileprivate static func check(_ number: Int, _ fields: ConfigurationFields, _ name: String) throws {
        guard numbers.contains(number) else { throw fields.problem(name, "\(number) is the number of no token") }
    }

    private mutating func readTemplate(_ processor: ConfigurationFields) throws {
        var isBefore = true
        for item in try processor.entries("single") {
            guard let token = try item.object("SpecialToken") else {
                isBefore = false
                continue
            }
            let name = try token.string("id")
            let ids = try processor.object("special_tokens")?.object(name)?.integers("ids") ?? []
            guard let number = ids.first ?? number(of: name) else {
                throw token.problem("id", "\(name) is not a token")
            }
            try SpecialTokens.check(number, token, "id")
            if isBefore { before.append(number) } else { after.append(number) }
        }
    }

    var json: JSON {
        .array(
            tokens.sorted { $0.number < $1.number }.map { token in
                .object([
                    ("id", .integer(token.number)), ("content", .string(token.text)),
                    ("single_word", .bool(token.isWord)), ("lstrip", .bool(token.stripsBefore)),
                    ("rstrip", .bool(token.stripsAfter)), ("normalized", .bool(token.isNormalized)),
                    ("special", .bool(token.isSpecial)),
                ])
            })
    }

    /// The `post_processor` that puts tokens around a text; null if there are none.
    var template: JSON {
        if before.isEmpty && after.isEmpty { return .null }
        func item(_ number: Int) -> JSON {
            let name = String(decoding: bytes(of: number) ?? [], as: UTF8.self)
            return .object([("SpecialToken", .object([("id", .string(name)), ("type_id", .integer(0))]))])
        }
        func sequence(_ name: String, _ type: Int) -> JSON {
            .object([("Sequence", .object([("id", .string(name)), ("type_id", .integer(type))]))])
        }
        let single = before.map(item) + [sequence("A", 0)] + after.map(item)
        let marks = Set(before + after).sorted().map { number -> (name: String, value: JSON) in
            let name = String(decoding: bytes(of: number) ?? [], as: UTF8.self)
            return (
                name,
                .object([
                    ("id", .string(name)), ("ids", .array([.integer(number)])), ("tokens", .array([.string(name)])),
                ])
            )
        }
        return .object([
            ("type", .string("TemplateProcessing")), ("single", .array(single)),
            ("pair", .array(single + [sequence("B", 1)] + after.map(item))), ("special_tokens", .object(marks)),
        ])
    }
}

extension SpecialTokens.Added {
    /// An entry of `added_tokens`.
    init(_ fields: ConfigurationFields) throws {
        let number = try fields.integer("id", minimum: 0)
        try SpecialTokens.check(number, fields, "id")
        self.init(
            number: number, text: try fields.string("content"), isSpecial: try fields.bool("special", default: true),
            stripsBefore: try fields.bool("lstrip", default: false),
            stripsAfter: try fields.bool("rstrip", default: false),
            isWord: try fields.bool("single_word", default: false),
            isNormalized: try fields.bool("normalized", default: false))
    }
}
