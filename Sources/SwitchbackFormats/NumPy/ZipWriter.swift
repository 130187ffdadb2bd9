import CZlib
import Switchback

/// Writes an uncompressed .zip archive, member after member, then the directory.
struct ZipWriter {
    private let file: AtomicFile
    private let path: String
    private var directory: [UInt8] = []
    private var position = 0
    private var count = 0

    init(_ file: AtomicFile, path: String) {
        self.file = file
        self.path = path
    }

    /// Adds a member whose contents are the parts, one after another.
    mutating func add(_ name: String, _ parts: [UnsafeRawBufferPointer]) throws {
        let size = parts.reduce(0) { $0 + $1.count }
        guard size + position < 0xFFFF_0000, count < 0xFFFF else {
            throw InputError(
                path, at: "member \(name)", "the archive would exceed 4 GB or 65,535 members",
                remedy: "write .safetensors instead")
        }
        let checksum = parts.reduce(crc32(0, nil, 0)) {
            crc32_z($0, $1.baseAddress?.assumingMemoryBound(to: Bytef.self), $1.count)
        }
        // What the local header and the directory have in common: version, flags (UTF-8 names), method 0 (stored),
        // time and date (1 January 1980), checksum, both sizes, the lengths of name and extra field.
        let common =
            bytes(UInt16(20)) + bytes(UInt16(0x800)) + bytes(UInt16(0)) + bytes(UInt16(0)) + bytes(UInt16(0x21))
            + bytes(UInt32(checksum)) + bytes(UInt32(size)) + bytes(UInt32(size))
            + bytes(UInt16(name.utf8.count)) + bytes(UInt16(0))
        let header = bytes(UInt32(0x0403_4B50)) + common + name.utf8
        directory += bytes(UInt32(0x0201_4B50)) + bytes(UInt16(20)) + common
        // No comment, disk 0, no attributes; then where the local header is.
        directory += [UInt8](repeating: 0, count: 10) + bytes(UInt32(position)) + name.utf8
        try file.append(header)
        for part in parts { try file.append(part) }
        position += header.count + size
        count += 1
    }

    func finish() throws {
        var end = directory + bytes(UInt32(0x0605_4B50)) + bytes(UInt32(0))
        end += bytes(UInt16(count)) + bytes(UInt16(count))
        end += bytes(UInt32(directory.count)) + bytes(UInt32(position)) + bytes(UInt16(0))
        try file.append(end)
    }

    private func bytes<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
        withUnsafeBytes(of: word.littleEndian) { Array($0) }
    }
}
