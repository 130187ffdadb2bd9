import Switchback

/// The header of an npy file: a Python dictionary with the element type, the order and the shape
/// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
struct NPYHeader {
    let format: ElementFormat
    /// Whether the first dimension is the dense one.
    let isFortranOrder: Bool
    let shape: Shape

    /// Longer headers describe records with very many fields, which are not read.
    private static let maximumLength = 1 << 20

    init(from source: any ByteSource) throws {
        let start = try source.bytes(8, of: "the magic number")
        guard start.starts(with: [0x93] + Array("NUMPY".utf8)) else {
            throw InputError(source.subject, "is not an .npy file: its first bytes are not \\x93NUMPY")
        }
        guard (1...3).contains(start[6]) else {
            throw InputError(source.subject, "is of version \(start[6]) of the .npy format; 1, 2 and 3 can be read")
        }
        let lengthField = try source.bytes(start[6] == 1 ? 2 : 4, of: "the header's length")
        let length = lengthField.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= NPYHeader.maximumLength else {
            throw InputError(source.subject, at: "header", "its length is given as \(length) bytes, more than 1 MB")
        }
        let text = String(decoding: try source.bytes(length, of: "the header"), as: UTF8.self)
        do {
            var parser = PythonDictionaryParser(text)
            self = try NPYHeader(parser.entries(), subject: source.subject)
        } catch let problem as PythonDictionaryParser.Problem {
            throw InputError(source.subject, at: "header", problem.message)
        }
    }

    private init(_ entries: [String: PythonValue], subject: String) throws {
        guard case .text(let type)? = entries["descr"], case .truth(let isFortranOrder)? = entries["fortran_order"],
            case .tuple(let sizes)? = entries["shape"]
        else {
            throw InputError(
                subject, at: "header", "the entries descr, fortran_order and shape of a plain array are not all there")
        }
        guard sizes.count <= Shape.maximumRank else {
            throw InputError(
                subject, at: "header", "it has \(sizes.count) dimensions; at most \(Shape.maximumRank) can be read")
        }
        guard let format = ElementFormat(numPyType: type) else {
            throw InputError(
                subject, at: "header", "its element type is '\(type)', which cannot be read",
                remedy: type.contains("O") ? "arrays of Python objects hold code" : "convert it with astype")
        }
        self.format = format
        self.isFortranOrder = isFortranOrder
        shape = Shape(sizes)
    }

    /// The header of a file with elements of `type` in row-major order, padded so that they start at a multiple of 64.
    static func bytes(type: String, shape: Shape) -> [UInt8] {
        let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }"
        let padding = String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
        let length = text.utf8.count + padding.utf8.count
        return [0x93] + "NUMPY".utf8 + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + (text + padding).utf8
    }
}

extension ElementFormat {
    /// The format that a NumPy type string such as `<f4` or `|u1` describes, if it is one of a plain number.
    init?(numPyType type: String) {
        let kinds: [String: Kind] = [
            "b1": .bool, "i1": .int8, "u1": .uint8, "i2": .int16, "u2": .uint16, "i4": .int32, "u4": .uint32,
            "i8": .int64, "f2": .float16, "f4": .float32, "f8": .float64, "c8": .complex64, "c16": .complex128,
        ]
        guard let order = type.first, "<>|=".contains(order), let kind = kinds[String(type.dropFirst())] else {
            return nil
        }
        self.init(kind: kind, isBigEndian: order == ">")
    }
}

extension DType {
    /// NumPy's type string. NumPy has no bfloat16; its values are written as float32.
    var numPyType: String {
        switch self {
        case .float32, .bfloat16: "<f4"
        case .float64: "<f8"
        case .float16: "<f2"
        case .int32: "<i4"
        case .int64: "<i8"
        case .uint8: "|u1"
        case .bool: "|b1"
        case .complex64: "<c8"
        case .complex128: "<c16"
        }
    }
}

/// The few kinds of values in an npy header.
private enum PythonValue {
    case text(String)
    case truth(Bool)
    case tuple([Int])
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, the one form that NumPy writes.
private struct PythonDictionaryParser {
    struct Problem: Error {
        let message: String
    }

    private var rest: Substring

    init(_ text: String) { rest = Substring(text) }

    mutating func entries() throws(Problem) -> [String: PythonValue] {
        var entries: [String: PythonValue] = [:]
        try expect("{")
        while !take("}") {
            let key = try quoted()
            try expect(":")
            guard entries.updateValue(try value(), forKey: key) == nil else {
                throw Problem(message: "the entry '\(key)' occurs twice")
            }
            if !take(",") {
                try expect("}")
                break
            }
        }
        return entries
    }

    private mutating func skipSpace() { rest = rest.drop { $0.isWhitespace } }

    private mutating func take(_ word: String) -> Bool {
        skipSpace()
        guard rest.hasPrefix(word) else { return false }
        rest = rest.dropFirst(word.count)
        return true
    }

    private mutating func expect(_ word: String) throws(Problem) {
        if !take(word) { throw Problem(message: "'\(word)' was expected before '\(rest.prefix(20))'") }
    }

    private mutating func quoted() throws(Problem) -> String {
        skipSpace()
        guard let quote = rest.first, quote == "'" || quote == "\"" else {
            throw Problem(message: "a quoted name was expected before '\(rest.prefix(20))'")
        }
        let body = rest.dropFirst()
        guard let end = body.firstIndex(of: quote) else { throw Problem(message: "a string has no end") }
        rest = body[end...].dropFirst()
        return String(body[..<end])
    }

    private mutating func value() throws(Problem) -> PythonValue {
        if take("True") { return .truth(true) }
        if take("False") { return .truth(false) }
        if take("(") { return .tuple(try sizes()) }
        if take("[") { throw Problem(message: "its elements are records of several fields, which cannot be read") }
        return .text(try quoted())
    }

    private mutating func sizes() throws(Problem) -> [Int] {
        var sizes: [Int] = []
        while !take(")") {
            skipSpace()
            let digits = rest.prefix { $0.isNumber }
            guard let size = Int(digits) else { throw Problem(message: "its shape holds something that is not a size") }
            sizes.append(size)
            rest = rest.dropFirst(digits.count)
            if !take(",") {
                try expect(")")
                break
            }
        }
        return sizes
    }
}
