import Switchback

/// A file of `torch.save` since PyTorch 1.6: a .zip archive with the pickle `data.pkl` and the memory of the tensors, each storage a
/// member `data/KEY` (https://docs.pytorch.org/docs/stable/notes/serialization.html).
struct PyTorchZip: PyTorchContainer {
    private let path: String
    private let archive: ZipArchive
    private let entries: [String: ZipArchive.Entry]
    /// The folder in the archive that everything lies in.
    private let root: String

    init(_ path: String) throws {
        self.path = path
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

    func pickle() throws -> [UInt8] {
        guard let entry = entries[root + "data.pkl"] else { throw InputError(path, "has no data.pkl") }
        let source = archive.source(of: entry)
        guard entry.size <= source.bound else { throw InputError(source.subject, "is cut short") }
        let bytes = try source.bytes(entry.size, of: "the pickle")
        try source.expectEnd()
        return bytes
    }

    func elements(_ key: String, _ kind: StoredType, _ place: String) throws -> NDArray {
        guard let entry = entries["\(root)data/\(key)"] else {
            throw InputError(path, at: place, "its storage data/\(key) is not in the archive")
        }
        switch kind {
        case .plain(let dtype):
            return try archive.array(of: entry, shape: [entry.size / dtype.byteCount], dtype: dtype)
        case .widened(let format):
            return try format.tensor([entry.size / format.byteCount], from: archive.source(of: entry)).array
        }
    }
}
