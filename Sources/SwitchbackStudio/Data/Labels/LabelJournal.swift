import Foundation
import Switchback
import SwitchbackFormats

/// The file of all edits of a data set, which only grows: an edit counts when it is on the disk.
///
/// A line is the checksum of what follows in it, the number of the image, the time in milliseconds since 1970, and the
/// edit as JSON. What a loss of power cut short at the end was never acknowledged, and is cut off; damage elsewhere is an
/// error. In memory there is only where the lines of each image are.
package final class LabelJournal {
    private let path: String
    private let descriptor: Int32
    private var size: Int
    private var places: [UInt64: [Place]] = [:]
    /// When the last edit of each image was made.
    private(set) var times: [UInt64: Int] = [:]

    private struct Place {
        let offset: Int
        let count: Int
    }

    /// Opens a journal, or begins one. Only for who holds the data set.
    ///
    /// - Throws: `InputError` where it cannot be written, or is damaged.
    package init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw InputError(path, cannot: "written", errno) }
        size = 0
        try read()
    }

    deinit { close(descriptor) }

    var images: [UInt64] { places.keys.sorted() }

    // MARK: Reading

    private func read() throws {
        let end = Int(lseek(descriptor, 0, SEEK_END))
        guard end > 0 else { return }
        let file = try MappedFile(path)
        let bytes = UnsafeRawBufferPointer(file.bytes)
        var start = 0
        while start < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            let length = memchr(rest.baseAddress!, 0x0A, rest.count).map { UnsafeRawPointer($0) - rest.baseAddress! }
            let line = UnsafeRawBufferPointer(rebasing: rest[..<(length ?? rest.count)])
            guard length != nil, let head = Head(line) else {
                // Only the last line can be one that was being written.
                guard length == nil || start + line.count + 1 == bytes.count else { throw damaged(at: start) }
                guard ftruncate(descriptor, off_t(start)) == 0 else { throw InputError(path, cannot: "written", errno) }
                break
            }
            places[head.image, default: []].append(
                Place(offset: start + Head.length, count: line.count - Head.length))
            times[head.image] = head.time
            start += line.count + 1
        }
        size = start
    }

    private func damaged(at offset: Int) -> InputError {
        InputError(
            path, at: "byte \(offset)", "the journal of labels is damaged there",
            remedy: "rename it: the files of labels stay as they are, and their history begins anew")
    }

    /// What stands in a line before the edit.
    private struct Head {
        let image: UInt64
        let time: Int

        /// Eight digits of checksum, sixteen of the image, thirteen of the time, and a space after each.
        static let length = 9 + 17 + 14

        /// `nil` where the line is not what its checksum says.
        init?(_ line: UnsafeRawBufferPointer) {
            guard line.count > Self.length,
                let checksum = UInt32(String(decoding: line[..<8], as: UTF8.self), radix: 16),
                Checksum.crc32(UnsafeRawBufferPointer(rebasing: line[9...])) == checksum,
                let image = UInt64(String(decoding: line[9..<25], as: UTF8.self), radix: 16),
                let time = Int(String(decoding: line[26..<39], as: UTF8.self))
            else { return nil }
            (self.image, self.time) = (image, time)
        }

        static func line(_ edit: LabelEdit, image: UInt64, time: Int) throws -> String {
            let body = String(format: "%016lx %013ld ", UInt(image), time) + (try JSON.text(edit))
            return String(format: "%08x ", Checksum.crc32(body)) + body + "\n"
        }
    }

    /// The edits of an image, in order.
    func edits(of image: UInt64) throws -> [LabelEdit] {
        try (places[image] ?? []).map { place in
            var bytes = [UInt8](repeating: 0, count: place.count)
            let found = pread(descriptor, &bytes, place.count, off_t(place.offset))
            guard found == place.count, let edit = try? JSON.decode(LabelEdit.self, Data(bytes)) else {
                throw damaged(at: place.offset)
            }
            return edit
        }
    }

    // MARK: Writing

    /// Adds edits of an image, all or none; returns when they are on the disk.
    ///
    /// - Throws: `InputError` where they cannot be written; then nothing of them is left.
    func append(_ edits: [LabelEdit], image: UInt64) throws {
        let time = Int(Date().timeIntervalSince1970 * 1000)
        let lines = try edits.map { Array(try Head.line($0, image: image, time: time).utf8) }
        do {
            try write(lines.flatMap { $0 })
        } catch {
            ftruncate(descriptor, off_t(size))
            throw error
        }
        for line in lines {
            places[image, default: []].append(
                Place(offset: size + Head.length, count: line.count - Head.length - 1))
            size += line.count
        }
        times[image] = time
    }

    private func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try FileWriting.write($0, to: descriptor, named: path) }
        guard Platform.flush(descriptor) else { throw InputError(path, cannot: "written", errno) }
    }
}
