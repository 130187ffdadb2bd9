import Switchback

/// The header of a safetensors file, checked against the file: every tensor lies within it, they follow each other
/// without overlap or gap, and each has as many bytes as its shape and type need.
struct SafetensorsHeader {
    struct Entry {
        let name: String
        /// As the file has it: `I8`.
        let typeName: String
        let type: StoredType
        let shape: Shape
        /// Where the bytes are, counted from the end of the header.
        let range: Range<Int>
    }

    /// In the order in which the tensors lie in the file.
    let entries: [Entry]
    let metadata: [String: String]
    /// Where the header ends.
    let dataStart: Int

    /// The bound that the reference implementation sets, too.
    private static let maximumLength: UInt64 = 100_000_000

    init(of file: MappedFile) throws {
        let path = file.path
        guard file.count >= 8 else {
            throw InputError(
                path, "is not a safetensors file: it has \(file.count) bytes, fewer than its first field")
        }
        let length = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
        guard length <= SafetensorsHeader.maximumLength else {
            throw InputError(
                path, at: "header", "its length is given as \(length) bytes, more than 100 MB")
        }
        guard length <= UInt64(file.count - 8) else {
            throw InputError(
                path, at: "header",
                "its length is given as \(length) bytes, but only \(file.count - 8) follow",
                remedy: "the file is cut short or is not a safetensors file")
        }
        dataStart = 8 + Int(length)
        let members = try SafetensorsHeader.parse(
            UnsafeRawBufferPointer(rebasing: file.bytes[8..<dataStart]), path)
        var entries: [Entry] = []
        var metadata: [String: String] = [:]
        var names: Set<String> = []
        for (name, value) in members {
            // Tensors are looked up by name: of two that Unicode takes for one, one would disappear.
            guard names.insert(name).inserted else {
                throw InputError(path, at: "tensor \(name)", "two tensors have this name, in two Unicode forms")
            }
            if name == "__metadata__" {
                metadata = try SafetensorsHeader.metadata(value, path)
            } else {
                entries.append(try SafetensorsHeader.entry(name, value, path))
            }
        }
        entries.sort {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        try SafetensorsHeader.checkCoverage(entries, byteCount: file.count - dataStart, path)
        self.entries = entries
        self.metadata = metadata
    }

    private static func parse(
        _ text: UnsafeRawBufferPointer, _ path: String
    ) throws -> [(
        name: String, value: JSON
    )] {
        do {
            if case .object(let members) = try JSON(parsing: text) { return members }
            throw InputError(path, at: "header", "it is not a JSON object")
        } catch let problem as JSON.Problem {
            throw InputError(
                path, at: "header, byte \(8 + problem.offset)", "it is not valid JSON: \(problem.message)")
        }
    }

    private static func metadata(_ value: JSON, _ path: String) throws -> [String: String] {
        guard case .object(let members) = value else {
            throw InputError(path, at: "header", "__metadata__ is not an object")
        }
        var result: [String: String] = [:]
        for (name, value) in members {
            guard case .string(let text) = value else {
                throw InputError(path, at: "header, __metadata__", "the value of \(name) is not text")
            }
            result[name] = text
        }
        return result
    }

    private static func entry(_ name: String, _ value: JSON, _ path: String) throws -> Entry {
        let place = "tensor \(name)"
        var fields: [String: JSON] = [:]
        if case .object(let members) = value { for (key, field) in members { fields[key] = field } }
        guard case .string(let typeName) = fields["dtype"], case .array(let sizes) = fields["shape"],
            case .array(let offsets) = fields["data_offsets"]
        else {
            throw InputError(
                path, at: place, "its entry in the header needs the fields dtype, shape and data_offsets")
        }
        guard let type = StoredType(safetensorsName: typeName) else {
            let known = StoredType.safetensorsNames.joined(separator: ", ")
            throw InputError(
                path, at: place, "its element type is \(typeName), and only \(known) can be read")
        }
        guard offsets.count == 2, let start = offsets[0].size, let end = offsets[1].size, start <= end
        else {
            throw InputError(path, at: place, "data_offsets is not a pair of byte positions in order")
        }
        let shape = try shape(sizes, path, place)
        guard shape.byteCount(elementSize: type.byteCount) == end - start else {
            throw InputError(
                path, at: place,
                "\(end - start) bytes are set aside for it, which does not fit its shape \(shape) "
                    + "of \(typeName)")
        }
        return Entry(name: name, typeName: typeName, type: type, shape: shape, range: start..<end)
    }

    private static func shape(_ sizes: [JSON], _ path: String, _ place: String) throws -> Shape {
        guard sizes.count <= Shape.maximumRank else {
            throw InputError(
                path, at: place,
                "it has \(sizes.count) dimensions, and at most \(Shape.maximumRank) can be read")
        }
        return Shape(
            try sizes.map { value in
                guard let size = value.size else {
                    throw InputError(path, at: place, "its shape holds something that is not a size")
                }
                return size
            })
    }

    private static func checkCoverage(_ entries: [Entry], byteCount: Int, _ path: String) throws {
        var end = 0
        for entry in entries {
            guard entry.range.upperBound <= byteCount else {
                throw InputError(
                    path, at: "tensor \(entry.name)",
                    "it is declared to end at byte \(entry.range.upperBound) of the data, of which the file has "
                        + "\(byteCount)", remedy: "the file is cut short or its header is wrong")
            }
            guard entry.range.lowerBound == end else {
                let relation = entry.range.lowerBound < end ? "overlaps" : "leaves a gap after"
                throw InputError(
                    path, at: "tensor \(entry.name)", "its place in the file \(relation) the one before")
            }
            end = entry.range.upperBound
        }
        guard end == byteCount else {
            throw InputError(path, "\(byteCount - end) bytes at its end belong to no tensor")
        }
    }
}

extension JSON {
    /// An integer that can be a size or a position.
    fileprivate var size: Int? {
        if case .integer(let value) = self, value >= 0 { return value }
        return nil
    }
}
