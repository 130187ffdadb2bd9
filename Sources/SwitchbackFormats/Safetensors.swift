import Switchback

/// The safetensors format: tensors by name, with a JSON header before their bytes
/// (https://huggingface.co/docs/safetensors, "Format").
///
/// ```swift
/// try Safetensors.save(["weight": weight], metadata: ["classes": "10"], to: "model.safetensors")
/// let tensors = try Safetensors.load("model.safetensors")
/// ```
public enum Safetensors {
    /// The contents of a file.
    public struct Contents {
        /// The names in the order in which the tensors lie in the file.
        public let names: [String]
        public let tensors: [String: Tensor]
        /// The free text that was saved with the tensors.
        public let metadata: [String: String]
    }

    /// The tensors of a file by name. Bytes are mapped, not read: they come from the disk when they are used.
    ///
    /// Throws `InputError` if the file cannot be read or its header does not describe it truthfully.
    public static func load(_ path: String) throws -> [String: Tensor] { try read(path).tensors }

    /// The tensors of a file and the text that was saved with them. Bytes are mapped, as in `load`.
    public static func read(_ path: String) throws -> Contents {
        let file = try MappedFile(path)
        let header = try SafetensorsHeader(of: file)
        var tensors: [String: Tensor] = [:]
        for entry in header.entries {
            tensors[entry.name] = try tensor(entry, dataStart: header.dataStart, of: file)
        }
        warnOfConversions(header.entries, path)
        return Contents(names: header.entries.map(\.name), tensors: tensors, metadata: header.metadata)
    }

    private static func tensor(
        _ entry: SafetensorsHeader.Entry, dataStart: Int, of file: MappedFile
    ) throws -> Tensor {
        let start = dataStart + entry.range.lowerBound
        let range = start..<start + entry.range.count
        switch entry.type {
        case .plain(let dtype):
            if dtype == .bool { file.bytes.normalizeBooleans(range) }
            return file.tensor(at: start, shape: entry.shape, dtype: dtype)
        case .widened(let format):
            let source = PlainSource(file, range: range, subject: "\(file.path), tensor \(entry.name)")
            return try format.tensor(entry.shape, from: source)
        }
    }

    /// Says which tensors have another type than in the file.
    private static func warnOfConversions(_ entries: [SafetensorsHeader.Entry], _ path: String) {
        let converted = Dictionary(grouping: entries.filter { $0.type.isConverted }, by: \.typeName)
        for (typeName, group) in converted.sorted(by: { $0.key < $1.key }) {
            Diagnostics.warn(
                "\(path): \(group.count.counted("tensor")) of \(typeName) read as \(group[0].type.dtype), which has all "
                    + "their values")
        }
    }

    /// Writes tensors, and text with them, to a file that appears whole or not at all.
    public static func save(
        _ tensors: [String: Tensor], metadata: [String: String] = [:], to path: String
    ) throws {
        try save(
            tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, metadata: metadata, to: path)
    }

    /// Writes tensors in the order given, except that wider element types come first, so that all are aligned.
    public static func save(
        _ tensors: [(String, Tensor)], metadata: [String: String] = [:], to path: String
    ) throws {
        try checkNames(tensors.map(\.0), path)
        try checkTypes(tensors, path)
        let widths = Set(tensors.map(\.1.dtype.byteCount)).sorted(by: >)
        let ordered = widths.flatMap { width in tensors.filter { $0.1.dtype.byteCount == width } }
        let header = headerText(ordered, metadata)
        try AtomicFile.write(to: path) { file in
            try withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { try file.append($0) }
            try file.append(header.utf8)
            for (_, tensor) in ordered {
                try tensor.array.withHostBytes { try file.append($0) }
            }
        }
    }

    private static func checkNames(_ names: [String], _ path: String) throws {
        var seen: Set = ["__metadata__"]
        for name in names where !seen.insert(name).inserted {
            throw InputError(
                path, at: "tensor \(name)", "the name is used twice or reserved, so nothing was written")
        }
    }

    private static func checkTypes(_ tensors: [(String, Tensor)], _ path: String) throws {
        for (name, tensor) in tensors where tensor.dtype.safetensorsName == nil {
            throw InputError(
                path, at: "tensor \(name)", "the format has no \(tensor.dtype), so nothing was written",
                remedy: "convert it to complex64, or save viewAsReal()")
        }
    }

    private static func headerText(
        _ tensors: [(String, Tensor)], _ metadata: [String: String]
    )
        -> String
    {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map {
                "\($0.key.jsonQuoted):\($0.value.jsonQuoted)"
            }
            members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for (name, tensor) in tensors {
            let end = offset + tensor.count * tensor.dtype.byteCount
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(name.jsonQuoted):{\"dtype\":\"\(tensor.dtype.safetensorsName ?? "")\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
            )
            offset = end
        }
        let text = "{\(members.joined(separator: ","))}"
        return text + String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
    }
}

extension DType {
    /// The element type's name in the safetensors format; `nil` for one that it does not have.
    var safetensorsName: String? {
        switch self {
        case .float32: "F32"
        case .float64: "F64"
        case .float16: "F16"
        case .bfloat16: "BF16"
        case .int32: "I32"
        case .int64: "I64"
        case .uint8: "U8"
        case .bool: "BOOL"
        case .complex64: "C64"
        case .complex128: nil
        }
    }
}

extension StoredType {
    private static let safetensorsTypes: [(name: String, type: StoredType)] =
        DType.allCases.compactMap { type in type.safetensorsName.map { ($0, .plain(type)) } } + [
            ("I8", .widened(.int8)), ("I16", .widened(.int16)), ("U16", .widened(.uint16)),
            ("U32", .widened(.uint32)), ("U64", .widened(.uint64)), ("F8_E4M3", .widened(.float8e4m3)),
            ("F8_E5M2", .widened(.float8e5m2)),
        ]

    static var safetensorsNames: [String] { safetensorsTypes.map(\.name) }

    init?(safetensorsName name: String) {
        guard let match = Self.safetensorsTypes.first(where: { $0.name == name }) else { return nil }
        self = match.type
    }

    fileprivate var isConverted: Bool {
        if case .widened = self { return true }
        return false
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Sets every nonzero byte of a range to 1: a Swift `Bool` may only be 0 or 1.
    func normalizeBooleans(_ range: Range<Int>) {
        for i in range where self[i] > 1 { self[i] = 1 }
    }
}
