import Foundation
import Switchback
import SwitchbackFormats
import Synchronization

/// What a model has found in the images of a data set, in a file that only grows: its first line says of which model, and
/// each other line has of an image its id and version, the uncertainty, and what was found as JSON, with spaces between
/// them.
///
/// In memory there is of each image only where its line is, and what lists are ordered by: a hundred boxes in each of
/// 100,000 images would take more memory than all else. Used from several threads.
package final class FindingFile: Sendable {
    /// What is known of an image without reading its line.
    package struct Entry: Sendable {
        /// As ``ImageFinding`` has it.
        package let version: String
        package let uncertainty: Float
        /// Where the list of what was found begins in the file.
        let offset: Int
        fileprivate let count: Int32
    }

    private let path: String
    private let known = Mutex<[UInt64: Entry]>([:])

    package init(_ path: String) { self.path = path }

    /// How many images something is known of.
    package var count: Int { known.withLock { $0.count } }

    /// What is known of the images, by their ids.
    package var entries: [UInt64: Entry] { known.withLock { $0 } }

    // MARK: Reading

    /// Takes up what the file has, where its first line is `head`; of another model it is nothing.
    package func read(_ head: String) {
        var found: [UInt64: Entry] = [:]
        // What is cut short at the end was being written when the studio was killed.
        try? eachLine { line, offset in
            if offset == 0 { return line.elementsEqual(head.utf8) }
            if let (id, entry) = Entry.read(line, at: offset) { found[id] = entry }
            return true
        }
        known.withLock { [found] in $0 = found }
    }

    /// Calls `body` with the lines and where they begin, until it answers false.
    private func eachLine(_ body: (Slice<UnsafeRawBufferPointer>, Int) -> Bool) throws {
        let file = try MappedFile(path)
        withExtendedLifetime(file) {
            let bytes = UnsafeRawBufferPointer(file.bytes)
            var start = 0
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                if !body(bytes[start..<end], start) { return }
                start = end + 1
            }
        }
    }

    /// The findings of images, read one after another.
    package final class Reader {
        private let descriptor: Int32

        fileprivate init(_ path: String) { descriptor = open(path, O_RDONLY | O_CLOEXEC) }

        deinit { if descriptor >= 0 { close(descriptor) } }

        /// What was found in an image; `nil` where the file is another by now.
        package func finding(_ id: UInt64, _ entry: Entry) -> ImageFinding? {
            var bytes = [UInt8](repeating: 0, count: Int(entry.count))
            guard descriptor >= 0, pread(descriptor, &bytes, bytes.count, off_t(entry.offset)) == bytes.count else {
                return nil
            }
            let found = try? JSON.decode([[Float]].self, Data(bytes))
            return found.map { ImageFinding(image: id, version: entry.version, found: $0) }
        }
    }

    package func reader() -> Reader { Reader(path) }

    // MARK: Writing

    /// Makes it ready to be written on, begun anew where it is of another model.
    ///
    /// - Throws: `InputError` where it cannot be written.
    package func begin(_ head: String) throws {
        var isOwn = false
        try? eachLine { line, _ in
            isOwn = line.elementsEqual(head.utf8)
            return false
        }
        if !isOwn {
            try OutputFolder.make(Folder.parent(path))
            try AtomicFile.write(head, to: path)
        }
        // The next line begins behind what was cut short.
        try write(Array("\n".utf8)) { entries, _ in if !isOwn { entries = [:] } }
    }

    /// Adds what was found in an image.
    package func append(_ finding: ImageFinding) throws {
        let found = Array((try JSON.text(finding.found)).utf8)
        let head = "\(String(finding.image, radix: 16)) \(finding.version) \(finding.uncertainty) "
        try write(Array(head.utf8) + found + Array("\n".utf8)) { entries, end in
            entries[finding.image] = Entry(
                version: finding.version, uncertainty: finding.uncertainty, offset: end - 1 - found.count,
                count: Int32(clamping: found.count))
        }
    }

    /// - Parameter change: what is known afterwards; it is told where the file ends.
    private func write(_ bytes: [UInt8], _ change: (inout [UInt64: Entry], Int) -> Void) throws {
        let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard file >= 0 else { throw InputError(path, cannot: "written", errno) }
        defer { close(file) }
        let end = Int(lseek(file, 0, SEEK_END)) + bytes.count
        try bytes.withUnsafeBytes { try FileWriting.write($0, to: file, named: path) }
        known.withLock { change(&$0, end) }
    }
}

extension FindingFile.Entry {
    /// What a line says, and of which image; `nil` where it is none.
    fileprivate static func read(
        _ line: Slice<UnsafeRawBufferPointer>, at offset: Int
    ) -> (id: UInt64, entry: FindingFile.Entry)? {
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 3)
        guard words.count == 4, words[3].last == UInt8(ascii: "]") else { return nil }
        let head = words.prefix(3).map { String(decoding: $0, as: UTF8.self) }
        guard let id = UInt64(head[0], radix: 16), let uncertainty = Float(head[2]) else { return nil }
        let entry = FindingFile.Entry(
            version: head[1], uncertainty: uncertainty, offset: offset + line.count - words[3].count,
            count: Int32(clamping: words[3].count))
        return (id, entry)
    }
}
