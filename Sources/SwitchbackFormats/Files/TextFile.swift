import Foundation
import Switchback

/// Text files as editors and programs on all systems write them: UTF-8, with or without a byte order mark, in lines
/// that end in LF, CRLF or CR.
public enum TextFile {
    /// The text of a file, also of a gzipped one, without a byte order mark. Throws `InputError` if it cannot be read
    /// or is not UTF-8, and says where.
    public static func read(_ path: String) throws -> String {
        if isEmpty(path) { return "" }
        var bytes = try fileBytes(path)[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        throw notUTF8(path, bytes, from: 0)
    }

    /// The error for bytes that are not UTF-8.
    ///
    /// - Parameter start: where in the file the byte of index 0 is.
    package static func notUTF8(_ path: String, _ bytes: ArraySlice<UInt8>, from start: Int) -> InputError {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return InputError(
                path, "the text is UTF-16, not UTF-8", remedy: "convert it, for example with iconv -f UTF-16 -t UTF-8")
        }
        return InputError(
            path, at: "byte \(start + firstInvalidByte(of: bytes))", "the text is not UTF-8",
            remedy: "convert it, for example with iconv")
    }

    /// The lines of a text file; see `String.lines`.
    public static func lines(_ path: String) throws -> [Substring] { try read(path).lines }

    /// The lines of a file of names or numbers. Throws also where there is a NUL in it, as in files whose contents were lost
    /// with the power: numbers would be read as far as there.
    public static func rows(_ path: String) throws -> [Substring] {
        let lines = try lines(path)
        if let line = lines.firstIndex(where: { $0.utf8.contains(0) }) {
            throw InputError(
                path, at: "line \(line + 1)", "holds a byte 0, which no text does: the file is damaged",
                remedy: "take it from a backup, or write it anew")
        }
        return lines
    }

    /// Whether there is a file that holds nothing, which cannot be mapped.
    static func isEmpty(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_size == 0
    }

    private static func firstInvalidByte(of text: ArraySlice<UInt8>) -> Int {
        var decoder = UTF8()
        var bytes = text.makeIterator()
        var position = text.startIndex
        while case .scalarValue(let scalar) = decoder.decode(&bytes) { position += UTF8.width(scalar) }
        return position
    }
}

extension StringProtocol {
    /// The lines, without the LF, CRLF or CR that ends each. Empty ones count, apart from an empty one at the very end.
    /// Other marks that Unicode counts as ends of lines stay: sentences and JSON texts may hold them.
    public var lines: [SubSequence] {
        var lines: [SubSequence] = []
        var start = startIndex
        var position = start
        while position < endIndex {
            let byte = utf8[position]
            var next = utf8.index(after: position)
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                lines.append(self[start..<position])
                if byte == UInt8(ascii: "\r"), next < endIndex, utf8[next] == UInt8(ascii: "\n") {
                    next = utf8.index(after: next)
                }
                start = next
            }
            position = next
        }
        if start < endIndex { lines.append(self[start...]) }
        return lines
    }
}
