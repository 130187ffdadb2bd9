import Switchback
import SwitchbackFormats

/// Tokens that stand for a text of their own, which is looked for before anything else, such as `<|endoftext|>`; and
/// those that are put around a text.
struct SpecialTokens: Sendable {
    enum Part: Equatable {
        case text(Substring)
        case token(Int)
    }

    private let tokens: [(number: Int, text: String)]
    /// What is put before and after a text.
    private(set) var before: [Int] = []
    private(set) var after: [Int] = []

    init(_ tokens: [(number: Int, text: String)]) {
        // Of several that begin at one place, the longest is meant.
        self.tokens = tokens.sorted { $0.text.utf8.count > $1.text.utf8.count }
    }

    /// One more than the highest number.
    var limit: Int { (tokens.map(\.number).max() ?? -1) + 1 }

    /// The token by which well-known models end a text.
    var endOfText: Int? {
        let names = ["<|endoftext|>", "<|end_of_text|>", "<|im_end|>", "<|eot_id|>", "</s>"]
        return names.lazy.compactMap { name in tokens.first { $0.text == name }?.number }.first
    }

    func number(of text: String) -> Int? { tokens.first { $0.text.utf8.elementsEqual(text.utf8) }?.number }

    func bytes(of token: Int) -> [UInt8]? { tokens.first { $0.number == token }.map { Array($0.text.utf8) } }

    /// Cuts a text where special tokens stand in it.
    func split(_ text: String) -> [Part] {
        if tokens.isEmpty || text.isEmpty { return text.isEmpty ? [] : [.text(text[...])] }
        let bytes = text.utf8
        let firstBytes = Set(tokens.compactMap { $0.text.utf8.first })
        var parts: [Part] = []
        var start = text.startIndex
        var index = start
        while index < text.endIndex {
            let rest = bytes[index...]
            guard firstBytes.contains(bytes[index]),
                let token = tokens.first(where: { rest.starts(with: $0.text.utf8) })
            else {
                index = bytes.index(after: index)
                continue
            }
            if start < index { parts.append(.text(text[start..<index])) }
            parts.append(.token(token.number))
            index = bytes.index(index, offsetBy: token.text.utf8.count)
            start = index
        }
        if start < text.endIndex { parts.append(.text(text[start...])) }
        return parts
    }
}

// MARK: - As a file

extension SpecialTokens {
    /// `added_tokens` and `post_processor` of a `tokenizer.json`.
    init(_ file: TokenizerFile) throws {
        var tokens: [(Int, String)] = []
        for (position, entry) in (try file.root.array("added_tokens") ?? []).enumerated() {
            let fields = try ConfigurationFields(entry, path: file.root.path, prefix: "added_tokens[\(position)].")
            for option in ["single_word", "lstrip", "rstrip"] { try fields.requireOnly(option, false) }
            tokens.append((try fields.integer("id", minimum: 0), try fields.string("content")))
        }
        self.init(tokens)
        if let processor = try file.root.object("post_processor") { try read(processor) }
    }

    private mutating func read(_ processor: ConfigurationFields) throws {
        switch try processor.string("type") {
        case "ByteLevel": break
        case "Sequence":
            for entry in try processor.array("processors") ?? [] {
                try read(try ConfigurationFields(entry, path: processor.path, prefix: "post_processor.processors."))
            }
        case "BertProcessing":
            before = try mark(processor.array("cls"), processor)
            after = try mark(processor.array("sep"), processor)
        case "TemplateProcessing": try readTemplate(processor)
        case let kind:
            throw processor.problem(
                "type", "it is \(kind), and known are ByteLevel, TemplateProcessing, BertProcessing, Sequence")
        }
    }

    private func mark(_ pair: [JSON]?, _ fields: ConfigurationFields) throws -> [Int] {
        guard let pair, pair.count == 2, case .integer(let number) = pair[1] else {
            throw fields.problem("cls", "pairs of a token and its number are needed in cls and sep")
        }
        return [number]
    }

    private mutating func readTemplate(_ processor: ConfigurationFields) throws {
        var isBefore = true
        for entry in try processor.array("single") ?? [] {
            let item = try ConfigurationFields(entry, path: processor.path, prefix: "post_processor.single.")
            guard let token = try item.object("SpecialToken") else {
                isBefore = false
                continue
            }
            let name = try token.string("id")
            let ids = try processor.object("special_tokens")?.object(name)?.integers("ids") ?? []
            guard let number = ids.first ?? number(of: name) else {
                throw token.problem("id", "\(name) is no token")
            }
            if isBefore { before.append(number) } else { after.append(number) }
        }
    }

    var json: JSON {
        .array(
            tokens.sorted { $0.number < $1.number }.map { number, text in
                .object([
                    ("id", .integer(number)), ("content", .string(text)), ("single_word", .bool(false)),
                    ("lstrip", .bool(false)), ("rstrip", .bool(false)), ("normalized", .bool(false)),
                    ("special", .bool(true)),
                ])
            })
    }

    /// The `post_processor` that puts tokens around a text; null where there are none.
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
