import Foundation
import Switchback

/// A file that is written completely or not at all.
///
/// Bytes go to a temporary file beside the destination; only when all of them have reached the disk does it take the
/// destination's name. A failure, a full disk among them, leaves what was there before and no remains.
public final class AtomicFile {
    private let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Creates or replaces the file at `path` with what `body` writes. A device or a pipe is written to directly.
    public static func write(to path: String, _ body: (AtomicFile) throws -> Void) throws {
        switch FileKind(path) {
        case .folder: throw InputError(path, "is a folder, so no file can be written there")
        case .special: try writeDirectly(to: path, body)
        case .file, .missing: try writeBeside(path, body)
        }
    }

    /// Creates or replaces the file at `path` with text.
    public static func write(_ text: String, to path: String) throws {
        try write(to: path) { file in
            var text = text
            try text.withUTF8 { try file.append(UnsafeRawBufferPointer($0)) }
        }
    }

    /// Adds bytes at the end.
    public func append(_ bytes: UnsafeRawBufferPointer) throws {
        try FileWriting.write(bytes, to: descriptor, named: path)
    }

    public func append(_ bytes: some Sequence<UInt8>) throws {
        try Array(bytes).withUnsafeBytes { try append($0) }
    }

    private static func writeDirectly(to path: String, _ body: (AtomicFile) throws -> Void) throws {
        let descriptor = open(path, O_WRONLY)
        guard descriptor >= 0 else { throw InputError(path, cannot: "written", errno) }
        defer { close(descriptor) }
        try body(AtomicFile(path: path, descriptor: descriptor))
    }

    private static func writeBeside(_ path: String, _ body: (AtomicFile) throws -> Void) throws {
        let folder = FilePath.parent(path)
        let name = ".\((path as NSString).lastPathComponent).\(getpid()).part"
        let temporary = Folder.join(folder, name)
        UnfinishedFiles.begin(temporary)
        defer { UnfinishedFiles.end(temporary) }
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
        guard descriptor >= 0 else { throw InputError(path, cannot: "written", errno) }
        do {
            defer { close(descriptor) }
            try body(AtomicFile(path: path, descriptor: descriptor))
            guard Platform.flush(descriptor) else { throw InputError(path, cannot: "written", errno) }
            guard rename(temporary, path) == 0 else { throw InputError(path, cannot: "written", errno) }
            syncFolder(folder)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Makes the new name as lasting as the bytes: without it a loss of power could bring the old file back. File
    /// systems that do not offer it for folders do without.
    private static func syncFolder(_ folder: String) {
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY)
        guard descriptor >= 0 else { return }
        Platform.flush(descriptor)
        close(descriptor)
    }

    /// Removes from a folder what writers left there that were killed before they were done.
    public static func removeRemains(in folder: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix(".") && name.hasSuffix(".part") {
            unlink(Folder.join(folder, name))
        }
    }
}
