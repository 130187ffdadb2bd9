import Switchback

/// A file of `torch.save`: a .zip archive with the pickle `data.pkl` and the memory of the tensors, each storage a
/// member `data/KEY` (https://docs.pytorch.org/docs/stable/notes/serialization.html).
final class PyTorchArchive {
    let path: String
    private let archive: ZipArchive
    private let entries: [String: ZipArchive.Entry]
    /// The folder in the archive that everything lies in.
    private let root: String
    private var storages: [PickleStorage: NDArray] = [:]

    init(_ path: String) throws {
        self.path = path
        try Self.refuseOlderFormats(path)
        archive = try ZipArchive(path)
        var entries: [String: ZipArchive.Entry] = [:]
        for entry in archive.entries {
            guard entries.updateValue(entry, forKey: entry.name) == nil else {
                throw InputError(path, at: "member \(entry.name)", "is in the archive twice")
            }
        }
        self.entries = entries
        guard let pickle = archive.entries.first(where: { $0.name.hasSuffix("/data.pkl") }) else {
            throw InputError(path, "is not a file of torch.save: the archive has no data.pkl")
        }
        root = String(pickle.name.dropLast("data.pkl".count))
        try checkKind()
    }

    private func checkKind() throws {
        if entries[root + "constants.pkl"] != nil {
            throw InputError(
                path, "is a TorchScript program, not a checkpoint",
                remedy: "save the state dict: torch.save(torch.jit.load(path).state_dict(), path)")
        }
        if let order = entries[root + "byteorder"], try archive.source(of: order).rest() != Array("little".utf8) {
            throw InputError(path, "was written on a big-endian machine", remedy: "save it again on another one")
        }
    }

    /// The forms of `torch.save` before PyTorch 1.6, and pickles of other programs.
    private static func refuseOlderFormats(_ path: String) throws {
        let file = try MappedFile(path)
        defer { withExtendedLifetime(file) {} }
        let bytes = file.bytes
        let remedy = "with a current PyTorch: torch.save(torch.load(path, weights_only=False), path)"
        if bytes.starts(with: [0x80]) {
            throw InputError(path, "is a bare pickle, as PyTorch before 1.6 wrote it", remedy: remedy)
        }
        if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) {
            throw InputError(path, "is a .tar file, as PyTorch before 0.1.10 wrote it", remedy: remedy)
        }
    }

    func pickle() throws -> [UInt8] {
        guard let entry = entries[root + "data.pkl"] else { throw InputError(path, "has no data.pkl") }
        let source = archive.source(of: entry)
        guard entry.size <= source.bound else { throw InputError(source.subject, "is cut short") }
        let bytes = try source.bytes(entry.size, of: "the pickle")
        try source.expectEnd()
        return bytes
    }

    // MARK: Tensors

    /// A tensor: a view of its storage, which several may share.
    func tensor(_ record: PickleTensor, place: String) throws -> Tensor {
        let memory = try storage(record.storage, dtype: record.dtype, place)
        guard record.sizes.count <= Shape.maximumRank, record.sizes.allSatisfy({ $0 >= 0 }) else {
            throw InputError(path, at: place, "the shape \(record.sizes) cannot be read")
        }
        let shape = Shape(record.sizes)
        guard shape.byteCount(elementSize: memory.dtype.byteCount) != nil,
            let last = Self.lastElement(record), record.offset >= 0, last < memory.count || shape.contains(0)
        else {
            throw InputError(
                path, at: place,
                "a tensor of shape \(record.sizes), strides \(record.strides) and offset \(record.offset) does not "
                    + "lie within its storage of \(memory.count) elements")
        }
        let offset = shape.contains(0) ? 0 : record.offset
        let strides = shape.contains(0) ? shape.contiguousStrides : Shape(record.strides)
        return Tensor(memory.seen(shape, strides: strides, movedBy: offset))
    }

    /// The position of the last element in its storage, unless that overflows or a stride is negative.
    private static func lastElement(_ record: PickleTensor) -> Int? {
        var last = record.offset
        for (size, stride) in zip(record.sizes, record.strides) {
            let (step, overflow) = Swift.max(size - 1, 0).multipliedReportingOverflow(by: stride)
            let (sum, sumOverflow) = last.addingReportingOverflow(step)
            guard stride >= 0, !overflow, !sumOverflow else { return nil }
            last = sum
        }
        return last
    }

    private func storage(_ record: PickleStorage, dtype: String?, _ place: String) throws -> NDArray {
        let type = record.type == "UntypedStorage" ? dtype ?? record.type : record.type
        let key = PickleStorage(key: record.key, type: type)
        if let known = storages[key] { return known }
        guard let kind = Self.kinds[type] else {
            throw InputError(path, at: place, "its element type is that of \(type), which cannot be read")
        }
        guard let entry = entries["\(root)data/\(record.key)"] else {
            throw InputError(path, at: place, "its storage data/\(record.key) is not in the archive")
        }
        let array = try elements(entry, kind)
        storages[key] = array
        return array
    }

    private func elements(_ entry: ZipArchive.Entry, _ kind: StoredType) throws -> NDArray {
        switch kind {
        case .plain(let dtype):
            return try archive.array(of: entry, shape: [entry.size / dtype.byteCount], dtype: dtype)
        case .widened(let format):
            return try format.tensor([entry.size / format.byteCount], from: archive.source(of: entry)).array
        }
    }

    /// Element types by the names that storages and, in newer files, tensors have for them.
    private static let kinds: [String: StoredType] = {
        let plain: [(String, String, DType)] = [
            ("FloatStorage", "float32", .float32), ("DoubleStorage", "float64", .float64),
            ("HalfStorage", "float16", .float16), ("BFloat16Storage", "bfloat16", .bfloat16),
            ("LongStorage", "int64", .int64), ("IntStorage", "int32", .int32), ("ByteStorage", "uint8", .uint8),
            ("BoolStorage", "bool", .bool),
        ]
        let widened: [(String, String, ElementFormat.Kind)] = [
            ("ShortStorage", "int16", .int16), ("CharStorage", "int8", .int8), ("UInt16Storage", "uint16", .uint16),
            ("UInt32Storage", "uint32", .uint32), ("UInt64Storage", "uint64", .uint64),
            ("Float8_e4m3fnStorage", "float8_e4m3fn", .float8e4m3), ("Float8_e5m2Storage", "float8_e5m2", .float8e5m2),
        ]
        var kinds: [String: StoredType] = [:]
        for (storage, name, dtype) in plain {
            kinds[storage] = .plain(dtype)
            kinds[name] = .plain(dtype)
        }
        for (storage, name, kind) in widened {
            kinds[storage] = .widened(kind)
            kinds[name] = kinds[storage]
        }
        return kinds
    }()
}
