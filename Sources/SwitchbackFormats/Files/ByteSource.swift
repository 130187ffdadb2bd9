import CZlib
import Switchback

/// Bytes that are read once, front to back, and decompressed if necessary.
protocol ByteSource: AnyObject {
    /// The file, or the member of an archive, for messages.
    var subject: String { get }
    /// No more bytes than this can follow: what a header asks for is checked against it before memory is set aside.
    var bound: Int { get }
    /// Fills the buffer and returns how many bytes there were; fewer than asked for only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
    /// Lets the system have the memory of a file that was read up to here, where nobody else reads it.
    func forgetRead()
}

extension ByteSource {
    func forgetRead() {}

    /// Fills the buffer, or says that `part` of the file is cut short.
    func fill(_ buffer: UnsafeMutableRawBufferPointer, with part: String) throws {
        let found = try read(into: buffer)
        if found < buffer.count {
            throw InputError(subject, "is cut short: \(part) takes \(buffer.count) bytes, and \(found) are there")
        }
    }

    func bytes(_ count: Int, of part: String) throws -> [UInt8] {
        guard count <= bound else {
            throw InputError(subject, "is cut short: \(part) takes \(count) bytes, and at most \(bound) are there")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { try fill($0, with: part) }
        return bytes
    }

    /// Everything that is left. Throws `InputError` if compressed bytes become more than fits into memory.
    func rest() throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            if all.count > mostInflated && self is InflateSource {
                throw InputError(
                    subject, "becomes more than \(mostInflated >> 30) GiB when it is decompressed",
                    remedy: "decompress it first, for example with gunzip")
            }
            let chunk = try [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
                count = try read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            if chunk.isEmpty { return all }
            all += chunk
        }
    }

    /// Throws unless everything has been read; for compressed bytes this also checks their checksum.
    func expectEnd() throws {
        var byte: UInt8 = 0
        let found = try withUnsafeMutableBytes(of: &byte) { try read(into: $0) }
        if found > 0 { throw InputError(subject, "has more data after the last byte that its header announces") }
    }
}

/// So much is decompressed into memory at once: a small file can become a thousand times as large.
private let mostInflated = 2 << 30

/// The bytes of a file, as the user means them: inflated if the file is gzipped.
func byteSource(_ path: String) throws -> any ByteSource {
    let file = try MappedFile(path)
    if file.bytes.starts(with: [0x1F, 0x8B]) {
        return InflateSource(file, range: 0..<file.count, wrapping: .gzip, subject: path)
    }
    return PlainSource(file, range: 0..<file.count, subject: path)
}

/// All bytes of a file, inflated if it is gzipped. Throws `InputError` if it cannot be read.
public func fileBytes(_ path: String) throws -> [UInt8] { try byteSource(path).rest() }

/// A range of a file, as it is.
final class PlainSource: ByteSource {
    let subject: String
    private let file: MappedFile
    private var range: Range<Int>
    /// Up to where the file's memory was given back.
    private var forgotten = 0

    init(_ file: MappedFile, range: Range<Int>, subject: String) {
        self.file = file
        self.range = range
        self.subject = subject
    }

    var bound: Int { range.count }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, range.count)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: file.bytes[range.prefix(count)]))
        range = range.dropFirst(count)
        return count
    }

    func forgetRead() {
        file.forget(forgotten..<range.lowerBound)
        forgotten = range.lowerBound
    }
}

/// A range of a file, inflated.
final class InflateSource: ByteSource {
    enum Wrapping {
        /// As in .gz files: header, data and checksum, perhaps several times.
        case gzip
        /// As in .zip files: the data alone.
        case none

        fileprivate var windowBits: Int32 {
            switch self {
            case .gzip: 15 + 16
            case .none: -15
            }
        }
    }

    /// Deflate cannot make data smaller than this.
    private static let largestRatio = 1032

    let subject: String
    private let file: MappedFile
    private let wrapping: Wrapping
    private var input: Range<Int>
    /// Up to where the file's memory was given back.
    private var forgotten = 0
    private var isAtEnd = false
    /// zlib remembers the address of its state, so it lies in memory of its own.
    private let stream: UnsafeMutablePointer<z_stream>

    init(_ file: MappedFile, range: Range<Int>, wrapping: Wrapping, subject: String) {
        self.file = file
        self.wrapping = wrapping
        self.subject = subject
        input = range
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let size = Int32(MemoryLayout<z_stream>.size)
        let status = inflateInit2_(stream, wrapping.windowBits, ZLIB_VERSION, size)
        require(status == Z_OK, "ByteSource", "zlib does not start")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    var bound: Int { isAtEnd ? 0 : (input.count + 64) * InflateSource.largestRatio }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count && !isAtEnd {
            filled += try step(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
        }
        return filled
    }

    func forgetRead() {
        file.forget(forgotten..<input.lowerBound)
        forgotten = input.lowerBound
    }

    /// One call of zlib; returns how many bytes it made.
    private func step(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let offered = UInt32(min(input.count, 1 << 30))
        let room = UInt32(min(buffer.count, 1 << 30))
        let start = file.bytes.baseAddress! + input.lowerBound
        stream.pointee.next_in = start.assumingMemoryBound(to: Bytef.self)
        stream.pointee.avail_in = offered
        stream.pointee.next_out = buffer.baseAddress!.assumingMemoryBound(to: Bytef.self)
        stream.pointee.avail_out = room
        let status = inflate(stream, Z_NO_FLUSH)
        input = input.dropFirst(Int(offered - stream.pointee.avail_in))
        switch status {
        case Z_OK: break
        case Z_STREAM_END: endOfMember()
        case Z_BUF_ERROR: throw InputError(subject, "is cut short: its compressed data ends too early")
        default:
            let detail = stream.pointee.msg.map { ": \(String(cString: $0))" } ?? ""
            throw InputError(subject, "its compressed data is damaged\(detail)")
        }
        return Int(room - stream.pointee.avail_out)
    }

    /// Another gzip member may follow; anything else after the end is padding and is left alone.
    private func endOfMember() {
        if wrapping == .gzip && file.bytes[input].starts(with: [0x1F, 0x8B]) {
            inflateReset(stream)
        } else {
            isAtEnd = true
        }
    }
}
