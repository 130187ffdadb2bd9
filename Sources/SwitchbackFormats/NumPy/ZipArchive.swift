import CZlib
import Foundation
import Switchback

/// The members of a .zip file, by its central directory
/// (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT). Members are stored or deflated; files beyond 4 GB and
/// 65,535 members are read, encrypted and split ones are not.
package struct ZipArchive {
    package struct Entry {
        package let name: String
        let isDeflated: Bool
        let checksum: UInt32
        package let size: Int
        /// Where its bytes lie in the file.
        let range: Range<Int>
    }

    package let entries: [Entry]
    private let file: MappedFile

    package init(_ path: String) throws {
        file = try MappedFile(path)
        let directory = try ZipDirectory(file)
        entries = try directory.entries()
        // Members that share bytes are how small archives unfold to enormous ones.
        let ranges = entries.map(\.range).sorted { $0.lowerBound < $1.lowerBound }
        for (range, next) in zip(ranges, ranges.dropFirst()) where next.lowerBound < range.upperBound {
            throw InputError(path, "is damaged: two of its members overlap")
        }
    }

    /// Writes the contents of a member to a file, piece by piece, checked against size and checksum. Where it fails there may
    /// be a part of them; and it does not wait for the disk, which would take longer than all else where members are many.
    package func write(_ entry: Entry, to path: String) throws {
        let source = source(of: entry)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw InputError(path, cannot: "written", errno) }
        defer { close(descriptor) }
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { piece.deallocate() }
        while true {
            let count = try source.read(into: piece)
            try FileWriting.write(UnsafeRawBufferPointer(rebasing: piece[..<count]), to: descriptor, named: path)
            if count < piece.count { break }
        }
    }

    /// The contents of a member, checked against size and checksum as they are read.
    func source(of entry: Entry) -> any ByteSource {
        let subject = "\(file.path), member \(entry.name)"
        let packed: any ByteSource =
            entry.isDeflated
            ? InflateSource(file, range: entry.range, wrapping: .none, subject: subject)
            : PlainSource(file, range: entry.range, subject: subject)
        return CheckedSource(packed, size: entry.size, checksum: entry.checksum)
    }
}

extension ZipArchive {
    /// A member as an array: in place where it is stored and lies aligned, else in memory of its own. Its checksum is
    /// checked. Bytes after the last whole element are omitted.
    func array(of entry: Entry, shape: Shape, dtype: DType) throws -> NDArray {
        if entry.isDeflated {
            let format = ElementFormat(kind: dtype == .bool ? .bool : .uint8, isBigEndian: false)
            let bytes = try format.tensor([entry.size], from: source(of: entry)).array
            return NDArray(storage: bytes.storage, shape: shape, strides: shape.contiguousStrides, dtype: dtype)
        }
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
        let start = bytes.baseAddress?.assumingMemoryBound(to: Bytef.self)
        guard crc32_z(crc32(0, nil, 0), start, bytes.count) == UInt(entry.checksum) else {
            throw InputError("\(file.path), member \(entry.name)", "is damaged: its checksum is wrong")
        }
        if dtype == .bool { file.bytes.normalizeBooleans(entry.range) }
        return file.tensor(at: entry.range.lowerBound, shape: shape, dtype: dtype).array
    }
}

/// Bytes whose number and checksum are known beforehand.
private final class CheckedSource: ByteSource {
    private let base: any ByteSource
    private var remaining: Int
    private let expected: UInt32
    private var checksum = crc32(0, nil, 0)

    init(_ base: any ByteSource, size: Int, checksum: UInt32) {
        self.base = base
        remaining = size
        expected = checksum
    }

    var subject: String { base.subject }
    var bound: Int { min(remaining, base.bound) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let found = try base.read(into: buffer)
        guard found <= remaining else { throw InputError(subject, "is damaged: it is longer than the archive says") }
        remaining -= found
        checksum = crc32_z(checksum, buffer.baseAddress?.assumingMemoryBound(to: Bytef.self), found)
        if found < buffer.count && (remaining > 0 || checksum != UInt(expected)) {
            throw InputError(subject, remaining > 0 ? "is cut short" : "is damaged: its checksum is wrong")
        }
        return found
    }
}

/// The central directory, read field by field.
private struct ZipDirectory {
    private let file: MappedFile
    private var start = 0
    private var count = 0

    private static let endSignature: UInt32 = 0x0605_4B50
    private static let end64LocatorSignature: UInt32 = 0x0706_4B50
    private static let end64Signature: UInt32 = 0x0606_4B50
    private static let entrySignature: UInt32 = 0x0201_4B50
    private static let localSignature: UInt32 = 0x0403_4B50

    init(_ file: MappedFile) throws {
        self.file = file
        guard file.bytes.starts(with: [0x50, 0x4B]), let end = findEnd() else {
            throw InputError(
                file.path, "is not a complete .zip or .npz archive: its directory, which is at the end, is missing")
        }
        count = Int(try field(UInt16.self, at: end + 10))
        start = Int(try field(UInt32.self, at: end + 16))
        if count == 0xFFFF || start == 0xFFFF_FFFF { try readEnd64(before: end) }
    }

    func entries() throws -> [ZipArchive.Entry] {
        var entries: [ZipArchive.Entry] = []
        var position = start
        for _ in 0..<count {
            guard try field(UInt32.self, at: position) == ZipDirectory.entrySignature else { throw damaged }
            let nameLength = Int(try field(UInt16.self, at: position + 28))
            let extraLength = Int(try field(UInt16.self, at: position + 30))
            let commentLength = Int(try field(UInt16.self, at: position + 32))
            entries.append(try entry(at: position, nameLength: nameLength, extraLength: extraLength))
            position += 46 + nameLength + extraLength + commentLength
        }
        return entries
    }

    private var damaged: InputError { InputError(file.path, "is damaged: its directory points nowhere") }

    private func field<Word: FixedWidthInteger>(_ type: Word.Type, at position: Int) throws -> Word {
        guard position >= 0, position <= file.count - MemoryLayout<Word>.size else { throw damaged }
        return Word(littleEndian: file.bytes.loadUnaligned(fromByteOffset: position, as: type))
    }

    /// The end record stands at the very end, but for a comment of at most 65,535 bytes.
    private func findEnd() -> Int? {
        let last = file.count - 22
        return stride(from: last, through: max(0, last - 0xFFFF), by: -1).first { position in
            (try? field(UInt32.self, at: position)) == ZipDirectory.endSignature
        }
    }

    private mutating func readEnd64(before end: Int) throws {
        guard try field(UInt32.self, at: end - 20) == ZipDirectory.end64LocatorSignature else { throw damaged }
        let position = try offset(at: end - 12)
        guard try field(UInt32.self, at: position) == ZipDirectory.end64Signature else { throw damaged }
        count = try offset(at: position + 32)
        start = try offset(at: position + 48)
        // An entry takes 46 bytes at least.
        guard count <= file.count / 46 else { throw damaged }
    }

    /// A 64-bit position or size, which is at most what an `Int` holds.
    private func offset(at position: Int) throws -> Int {
        guard let value = Int(exactly: try field(UInt64.self, at: position)), value < Int.max / 2 else { throw damaged }
        return value
    }

    private func entry(at position: Int, nameLength: Int, extraLength: Int) throws -> ZipArchive.Entry {
        let nameStart = position + 46
        guard nameStart + nameLength <= file.count else { throw damaged }
        let name = String(decoding: file.bytes[nameStart..<nameStart + nameLength], as: UTF8.self)
        let method = try field(UInt16.self, at: position + 10)
        guard try field(UInt16.self, at: position + 8) & 1 == 0, method == 0 || method == 8 else {
            throw InputError("\(file.path), member \(name)", "is encrypted or compressed in a way other than deflate")
        }
        var sizes = [
            Int(try field(UInt32.self, at: position + 24)), Int(try field(UInt32.self, at: position + 20)),
            Int(try field(UInt32.self, at: position + 42)),
        ]
        try readExtra(nameStart + nameLength..<nameStart + nameLength + extraLength, into: &sizes)
        let range = try self.range(localHeader: sizes[2], byteCount: sizes[1])
        guard method == 8 || sizes[0] == range.count else { throw damaged }
        return ZipArchive.Entry(
            name: name, isDeflated: method == 8, checksum: try field(UInt32.self, at: position + 16), size: sizes[0],
            range: range)
    }

    /// Takes from the 64-bit extra field those of size, packed size and position that did not fit into 32 bits.
    private func readExtra(_ extra: Range<Int>, into sizes: inout [Int]) throws {
        var position = extra.lowerBound
        while position + 4 <= extra.upperBound {
            let tag = try field(UInt16.self, at: position)
            let length = Int(try field(UInt16.self, at: position + 2))
            position += 4
            if tag == 1 {
                var value = position
                for i in sizes.indices where sizes[i] == 0xFFFF_FFFF && value + 8 <= position + length {
                    sizes[i] = try offset(at: value)
                    value += 8
                }
            }
            position += length
        }
    }

    /// Where a member's bytes are: after its local header, which repeats the name and has extra fields of its own.
    private func range(localHeader: Int, byteCount: Int) throws -> Range<Int> {
        guard try field(UInt32.self, at: localHeader) == ZipDirectory.localSignature else { throw damaged }
        let nameLength = Int(try field(UInt16.self, at: localHeader + 26))
        let extraLength = Int(try field(UInt16.self, at: localHeader + 28))
        let start = localHeader + 30 + nameLength + extraLength
        guard start <= file.count, byteCount <= file.count - start else { throw damaged }
        return start..<start + byteCount
    }
}
