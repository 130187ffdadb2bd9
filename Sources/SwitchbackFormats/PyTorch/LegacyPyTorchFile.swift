import Switchback

/// A file of `torch.save` before PyTorch 1.6: pickles one after another (a magic number, the version, the system, the object,
/// the keys of its storages), then each storage as its number of elements and their bytes.
struct LegacyPyTorchFile: PyTorchContainer {
    private let path: String
    private let file: MappedFile
    /// Where the pickle of the object lies.
    private let object: Range<Int>
    /// Where the elements of each storage begin, and how many they are.
    private let storages: [String: (start: Int, count: Int)]

    /// 0x1950a86a20f9469cfc6c as a pickle.
    private static let magic: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]

    /// `nil` if the file is none of that form, and perhaps a .zip archive.
    init?(_ path: String) throws {
        let file = try MappedFile(path)
        (self.path, self.file) = (path, file)
        guard file.bytes.starts(with: Self.magic) else {
            try Self.refuseOthers(path, file.bytes)
            return nil
        }
        var reader = SequentialPickles(path: path, file: file, position: Self.magic.count)
        guard case .integer(1001) = try reader.next("the version").value else {
            throw InputError(path, at: "the version", "it is not 1001, the only one that is known")
        }
        let system = try reader.next("the system")
        if case .dictionary(let members)? = system.heap.node(system.value),
            members.contains(where: { $0.key == .text("little_endian") && $0.value == .bool(false) })
        {
            throw InputError(path, "was written on a big-endian machine", remedy: "save it again on another one")
        }
        let start = reader.position
        let described = try reader.next("the object")
        object = start..<reader.position
        let keys = try reader.next("the keys of its storages")
        storages = try Self.places(path, file, reader.position, keys: keys, described: described.heap)
    }

    private static func refuseOthers(_ path: String, _ bytes: UnsafeMutableRawBufferPointer) throws {
        if bytes.starts(with: [0x80]) {
            throw InputError(
                path, "is a bare pickle, and not a file of torch.save",
                remedy: "save what it holds with PyTorch: torch.save(pickle.load(open(path, 'rb')), path)")
        }
        if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) {
            throw InputError(
                path, "is a .tar file, as PyTorch before 0.1.10 wrote it",
                remedy: "with a current PyTorch: torch.save(torch.load(path, weights_only=False), path)")
        }
    }

    /// Where the storages lie, one behind the other from `position` on.
    private static func places(
        _ path: String, _ file: MappedFile, _ position: Int, keys: SequentialPickles.Pickle, described: PickleHeap
    ) throws -> [String: (start: Int, count: Int)] {
        var types: [String: String] = [:]
        for case .storage(let storage) in described.nodes { types[storage.key] = storage.type }
        var (places, position): ([String: (start: Int, count: Int)], Int) = ([:], position)
        for case .text(let key) in keys.heap.elements(keys.value) ?? [] {
            guard let kind = PyTorchArchive.kinds[types[key] ?? ""] else {
                throw InputError(
                    path, at: "storage \(key)",
                    "its element type is that of \(types[key] ?? "nothing"), which cannot be read")
            }
            guard position + 8 <= file.count else {
                throw InputError(path, at: "storage \(key)", "the file is cut short")
            }
            let count = Int(Int64(littleEndian: file.bytes.loadUnaligned(fromByteOffset: position, as: Int64.self)))
            position += 8
            let (size, overflow) = count.multipliedReportingOverflow(by: kind.byteCount)
            guard count >= 0, !overflow, size <= file.count - position else {
                throw InputError(
                    path, at: "storage \(key)",
                    "the file is cut short: \(count) elements of \(kind.byteCount) bytes were announced, and "
                        + "\(file.count - position) bytes follow")
            }
            places[key] = (position, count)
            position += size
        }
        return places
    }

    func pickle() -> [UInt8] { Array(file.bytes[object]) }

    func elements(_ key: String, _ kind: StoredType, _ place: String) throws -> NDArray {
        guard let (start, count) = storages[key] else {
            throw InputError(path, at: place, "its storage \(key) is not in the file")
        }
        switch kind {
        case .plain(let dtype):
            let range = start..<start + count * dtype.byteCount
            if dtype == .bool { file.bytes.normalizeBooleans(range) }
            return file.tensor(at: start, shape: [count], dtype: dtype).array
        case .widened(let format):
            let source = PlainSource(file, range: start..<start + count * format.byteCount, subject: path)
            return try format.tensor([count], from: source).array
        }
    }
}

/// Reads pickles that follow each other in a file.
private struct SequentialPickles {
    typealias Pickle = (value: PickleValue, heap: PickleHeap, length: Int)

    let path: String
    let file: MappedFile
    private(set) var position: Int

    init(path: String, file: MappedFile, position: Int) {
        self.path = path
        self.file = file
        self.position = position
    }

    /// The next pickle. How long it is shows only at its end: it is tried in more and more bytes.
    mutating func next(_ part: String) throws -> Pickle {
        var most = 1 << 16
        while true {
            let end = Swift.min(position + most, file.count)
            do {
                let found = try PickleMachine.run(Array(file.bytes[position..<end]), PickleCalls(readsObjects: true))
                position += found.length
                return found
            } catch {
                if end == file.count || most >= Self.longest {
                    throw InputError(path, at: part, error.message, remedy: error.remedy)
                }
                most *= 16
            }
        }
    }

    /// The pickle of a checkpoint describes its tensors, and takes some hundred bytes for each.
    private static let longest = 1 << 28
}
