import Switchback

/// A JSON value that keeps the order of an object's members and notices one that occurs twice, which Foundation's
/// parser passes over in silence.
public enum JSON: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([(name: String, value: JSON)])

    /// The problem of a text, and its byte position.
    public struct Problem: Error {
        public let offset: Int
        public let message: String
    }

    /// - Parameter limit: how many values there may be in all.
    public init(parsing bytes: UnsafeRawBufferPointer, limit: Int = .max) throws(Problem) {
        var parser = JSONParser(bytes: bytes, valuesLeft: limit)
        self = try parser.document()
    }

    /// The value of a text. Throws `Problem` if it is not JSON.
    package init(text: String) throws {
        self = try Array(text.utf8).withUnsafeBytes { try JSON(parsing: $0) }
    }

    /// The value of a file. Throws `InputError` if it cannot be read or is not JSON.
    public init(file path: String) throws {
        let file = try MappedFile(path)
        do {
            try self.init(parsing: UnsafeRawBufferPointer(file.bytes))
        } catch let problem {
            throw InputError(path, at: "byte \(problem.offset)", "it is not valid JSON: \(problem.message)")
        }
    }
}

extension JSON {
    /// A whole number, however it is written: 4 or 4.0.
    package var wholeNumber: Int? {
        switch self {
        case .integer(let number): number
        case .number(let number): Int(exactly: number)
        default: nil
        }
    }

    /// A number, whole or not; `nil` where it is too large for one.
    package var finiteNumber: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number) where number.isFinite: number
        default: nil
        }
    }
}

extension JSON: CustomStringConvertible {
    /// The value as JSON text; objects have one member a line.
    public var description: String { text(indent: "") }

    /// The value as JSON text in one line, as `json.dumps` of Python has it.
    package var line: String {
        switch self {
        case .array(let values): return "[" + values.map(\.line).joined(separator: ", ") + "]"
        case .object(let members):
            return "{" + members.map { "\($0.name.jsonQuoted): \($0.value.line)" }.joined(separator: ", ") + "}"
        default: return description
        }
    }

    private func text(indent: String) -> String {
        switch self {
        case .null: return "null"
        case .bool(let value): return "\(value)"
        case .integer(let value): return "\(value)"
        case .number(let value): return "\(value)"
        case .string(let value): return value.jsonQuoted
        case .array(let values): return "[" + values.map { $0.text(indent: indent) }.joined(separator: ", ") + "]"
        case .object(let members):
            if members.isEmpty { return "{}" }
            let inner = indent + "  "
            let lines = members.map { "\(inner)\($0.name.jsonQuoted): \($0.value.text(indent: inner))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }
}

extension String {
    private static let longestMarkRun = 256

    /// Whether there are so many combining marks in a row as no text has: to compare such strings, and to bring them to
    /// a normal form, takes time in the square of their number.
    fileprivate var hasLongMarkRun: Bool {
        // The first combining mark is U+0300, whose first byte is 0xCC.
        guard utf8.contains(where: { $0 >= 0xCC }) else { return false }
        var run = 0
        for scalar in unicodeScalars {
            let isMark = scalar.value >= 0x300 && scalar.properties.canonicalCombiningClass != .notReordered
            run = isMark ? run + 1 : 0
            if run > String.longestMarkRun { return true }
        }
        return false
    }

    /// The text as a JSON string, quotes included.
    var jsonQuoted: String {
        var result = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

private struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    /// How many values may still come.
    var valuesLeft: Int
    var position = 0
    private static let longestName = 4096
    private static let longestNumber = 1024
    /// How deep values may be nested; keeps a hostile text from overflowing the stack.
    let maximumDepth = 64

    mutating func document() throws(JSON.Problem) -> JSON {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        let value = try value(depth: 0)
        skipSpace()
        if position < bytes.count { throw problem("there is more text after the value") }
        return value
    }

    private func problem(_ message: String) -> JSON.Problem {
        JSON.Problem(offset: position, message: message)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    /// Takes `character` if it comes next, after any space.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(JSON.Problem) {
        if !take(character) { throw problem("'\(character)' was expected") }
    }

    private mutating func value(depth: Int) throws(JSON.Problem) -> JSON {
        if depth > maximumDepth { throw problem("values are nested more than \(maximumDepth) deep") }
        valuesLeft -= 1
        if valuesLeft < 0 { throw problem("there are too many values") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(JSON.Problem) -> JSON {
        try expect("{")
        var members: [(name: String, value: JSON)] = []
        // Two spellings that Swift takes for one text, such as é in one and in two code points, are two names.
        var names = Set<ExactText>()
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            let name = try name()
            guard names.insert(ExactText(name)).inserted else {
                throw problem("the name \(name.jsonQuoted.shortened) is there twice")
            }
            try expect(":")
            members.append((name, try value(depth: depth + 1)))
        } while take(",")
        try expect("}")
        return .object(members)
    }

    private mutating func array(depth: Int) throws(JSON.Problem) -> JSON {
        try expect("[")
        var elements: [JSON] = []
        if take("]") { return .array([]) }
        repeat { elements.append(try value(depth: depth + 1)) } while take(",")
        try expect("]")
        return .array(elements)
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSON.Problem) -> JSON {
        for i in 0..<word.utf8CodeUnitCount {
            guard next == word.utf8Start[i] else { throw problem("'\(word)' was expected") }
            position += 1
        }
        return value
    }

    private mutating func number() throws(JSON.Problem) -> JSON {
        let start = position
        while let byte = next, "+-.0123456789eE".utf8.contains(byte) { position += 1 }
        if position - start > JSONParser.longestNumber {
            throw problem("a number of more than \(JSONParser.longestNumber) digits")
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if let integer = Int(text) { return .integer(integer) }
        if let number = Double(text) { return .number(number) }
        position = start
        throw problem("a value was expected")
    }

    private mutating func name() throws(JSON.Problem) -> String {
        let name = try string()
        if name.utf8.count > JSONParser.longestName {
            throw problem("a name of \(name.utf8.count) bytes, and at most \(JSONParser.longestName) are read")
        }
        return name
    }

    private mutating func string() throws(JSON.Problem) -> String {
        guard next == UInt8(ascii: "\"") else { throw problem("a quoted name was expected") }
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw problem("text is not UTF-8")
                }
                if string.hasLongMarkRun { throw problem("a letter with hundreds of marks on it") }
                return string
            case UInt8(ascii: "\\"): text += String(try escape()).utf8
            case 0..<0x20: throw problem("a control character inside a string")
            default: text.append(byte)
            }
        }
        throw problem("a string has no end")
    }

    /// The character after a backslash.
    private mutating func escape() throws(JSON.Problem) -> Character {
        guard let byte = next else { throw problem("a string has no end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return Character(try codePoint())
        default: throw problem("an unknown escape in a string")
        }
    }

    /// Four hexadecimal digits, or a pair of them that stands for a character beyond 16 bits.
    private mutating func codePoint() throws(JSON.Problem) -> Unicode.Scalar {
        var value = try hexadecimal()
        if 0xD800..<0xDC00 ~= value {
            guard next == UInt8(ascii: "\\"), position + 1 < bytes.count,
                bytes[position + 1] == UInt8(ascii: "u")
            else { throw problem("half a surrogate pair") }
            position += 2
            let low = try hexadecimal()
            guard 0xDC00..<0xE000 ~= low else { throw problem("half a surrogate pair") }
            value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw problem("an escape that is not a character")
        }
        return scalar
    }

    private mutating func hexadecimal() throws(JSON.Problem) -> UInt32 {
        guard position + 4 <= bytes.count,
            let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw problem("four hexadecimal digits were expected") }
        position += 4
        return value
    }
}
