import Switchback

/// What a GGUF file says before its tensors' bytes. Every count, length and offset is checked against the file before
/// anything is made of it.
struct GGUFHeader {
    /// A tensor in the file.
    struct Entry {
        let name: String
        let shape: Shape
        /// ggml's number of the type.
        let type: UInt32
        /// Where its bytes begin in the file.
        let start: Int
        let byteCount: Int
    }

    private(set) var metadata: [(name: String, value: JSON)] = []
    private(set) var entries: [Entry] = []

    private static let mostEntries = 1 << 16
    private static let longestName = 1 << 16

    init(of file: MappedFile) throws {
        var reader = GGUFReader(file)
        guard try reader.bytes(4, of: "the mark") == Array("GGUF".utf8) else {
            throw InputError(file.path, "is not a GGUF file: it does not begin with GGUF")
        }
        let version = try reader.number(UInt32.self, of: "the version")
        guard version == 2 || version == 3 else {
            throw InputError(
                file.path, "is of version \(version) of GGUF; 2 and 3 are read, little-endian",
                remedy: "convert the model again")
        }
        let tensors = try reader.count(of: "the tensors", most: GGUFHeader.mostEntries)
        let pairs = try reader.count(of: "the metadata", most: GGUFHeader.mostEntries)
        try readMetadata(pairs, &reader)
        try readEntries(tensors, &reader, file)
    }

    private mutating func readMetadata(_ count: Int, _ reader: inout GGUFReader) throws {
        var seen = Set<ExactText>()
        for _ in 0..<count {
            let name = try reader.string(of: "a name", most: GGUFHeader.longestName)
            guard seen.insert(ExactText(name)).inserted else {
                throw reader.problem("the field \(name) is there twice")
            }
            let type = try reader.number(UInt32.self, of: name)
            metadata.append((name, try reader.value(type, of: name, depth: 0)))
        }
    }

    private mutating func readEntries(_ count: Int, _ reader: inout GGUFReader, _ file: MappedFile) throws {
        var seen = Set<ExactText>()
        var offsets: [(name: String, shape: Shape, type: UInt32, offset: Int)] = []
        for _ in 0..<count {
            let name = try reader.string(of: "a tensor's name", most: GGUFHeader.longestName)
            guard seen.insert(ExactText(name)).inserted else {
                throw reader.problem("the tensor \(name) is there twice")
            }
            let dimensions = try reader.number(UInt32.self, of: name)
            guard (1...4).contains(dimensions) else {
                throw reader.problem("the tensor \(name) has \(dimensions) dimensions, not 1 to 4")
            }
            // The innermost comes first.
            let sizes = try (0..<dimensions).map { _ in try reader.count(of: name, most: .max) }
            let type = try reader.number(UInt32.self, of: name)
            offsets.append((name, Shape(sizes.reversed()), type, try reader.count(of: name, most: .max)))
        }
        let alignment = try self.alignment(file.path)
        let start = (reader.position + alignment - 1) / alignment * alignment
        for (name, shape, type, offset) in offsets {
            entries.append(try entry(name, shape, type, start, offset, alignment, file))
        }
    }

    private func entry(
        _ name: String, _ shape: Shape, _ type: UInt32, _ start: Int, _ offset: Int, _ alignment: Int,
        _ file: MappedFile
    ) throws -> Entry {
        let place = "tensor \(name)"
        guard offset % alignment == 0 else {
            throw InputError(file.path, at: place, "it begins at \(offset), which is not a multiple of \(alignment)")
        }
        // Tensors of types that are not read here are in nobody's way, as long as nobody asks for them.
        guard let kind = GGUFType(rawValue: type) else {
            return Entry(name: name, shape: shape, type: type, start: start, byteCount: 0)
        }
        guard let bytes = kind.byteCount(of: shape) else {
            throw InputError(file.path, at: place, "its shape \(shape) is not whole blocks of \(kind.blockCount)")
        }
        let (begin, overflow) = start.addingReportingOverflow(offset)
        guard !overflow, begin <= file.count, bytes <= file.count - begin else {
            throw InputError(
                file.path, at: place,
                "is cut short: it takes \(bytes) bytes from \(offset) on, and the file ends before")
        }
        return Entry(name: name, shape: shape, type: type, start: begin, byteCount: bytes)
    }

    private func alignment(_ path: String) throws -> Int {
        let fields = try ConfigurationFields(.object(metadata), path: path)
        let alignment = try fields.integer("general.alignment", default: 32)
        guard alignment <= 1 << 16, alignment % 8 == 0 else {
            throw fields.problem("general.alignment", "it is \(alignment); a multiple of 8 up to 65536 is needed")
        }
        return alignment
    }
}

/// Reads the parts of a header one after the other.
private struct GGUFReader {
    private let file: MappedFile
    private(set) var position = 0
    /// How many values of lists may still come: each takes memory many times its size in the file.
    private var valuesLeft = 4 << 20

    init(_ file: MappedFile) { self.file = file }

    func problem(_ problem: String) -> InputError { InputError(file.path, at: "byte \(position)", problem) }

    /// Passes over bytes, and says where they begin.
    private mutating func take(_ count: Int, of part: String) throws -> Int {
        guard count <= file.count - position else {
            throw problem("is cut short: \(part) takes \(count) bytes, and \(file.count - position) follow")
        }
        defer { position += count }
        return position
    }

    mutating func bytes(_ count: Int, of part: String) throws -> [UInt8] {
        let start = try take(count, of: part)
        return Array(file.bytes[start..<start + count])
    }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type, of part: String) throws -> Number {
        let start = try take(MemoryLayout<Number>.size, of: part)
        return Number(littleEndian: file.bytes.loadUnaligned(fromByteOffset: start, as: type))
    }

    mutating func count(of part: String, most: Int) throws -> Int {
        let count = try number(UInt64.self, of: part)
        guard count <= UInt64(most) else { throw problem("\(part): the number \(count) is too large") }
        return Int(count)
    }

    mutating func string(of part: String, most: Int = .max) throws -> String {
        let count = try count(of: part, most: min(most, file.count))
        guard let text = String(validating: try bytes(count, of: part), as: UTF8.self) else {
            throw problem("\(part) is not UTF-8")
        }
        return text
    }

    /// A value of one of the format's types.
    mutating func value(_ type: UInt32, of name: String, depth: Int) throws -> JSON {
        switch type {
        case 0: return .integer(Int(try number(UInt8.self, of: name)))
        case 1: return .integer(Int(try number(Int8.self, of: name)))
        case 2: return .integer(Int(try number(UInt16.self, of: name)))
        case 3: return .integer(Int(try number(Int16.self, of: name)))
        case 4: return .integer(Int(try number(UInt32.self, of: name)))
        case 5: return .integer(Int(try number(Int32.self, of: name)))
        case 6: return .number(Double(Float(bitPattern: try number(UInt32.self, of: name))))
        case 7: return .bool(try number(UInt8.self, of: name) != 0)
        case 8: return .string(try string(of: name))
        case 9: return try list(of: name, depth: depth)
        case 10: return .integer(try count(of: name, most: .max))
        case 11: return .integer(Int(try number(Int64.self, of: name)))
        case 12: return .number(Double(bitPattern: try number(UInt64.self, of: name)))
        default: throw problem("the field \(name) has the type \(type), which the format does not have")
        }
    }

    private mutating func list(of name: String, depth: Int) throws -> JSON {
        guard depth < 4 else { throw problem("the field \(name) has lists in lists in lists") }
        let type = try number(UInt32.self, of: name)
        // Each value takes a byte at least.
        let count = try count(of: name, most: min(file.count, valuesLeft))
        valuesLeft -= count
        return .array(try (0..<count).map { _ in try value(type, of: name, depth: depth + 1) })
    }
}
