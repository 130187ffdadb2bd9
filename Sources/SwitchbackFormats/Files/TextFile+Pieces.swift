import Foundation
import Switchback

// Texts that may be larger than memory, read from front to back.

extension TextFile {
    private static let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))

    /// Calls `body` with the bytes of a text file, inflated if it is gzipped, and without a byte order mark: with at
    /// most `size` at a time, and where in the file they begin.
    ///
    /// Throws `InputError` if the file cannot be read, and what `body` throws.
    package static func forEachChunk(
        of path: String, size: Int = 1 << 18, _ body: (_ bytes: ArraySlice<UInt8>, _ start: Int) throws -> Void
    ) throws {
        if isEmpty(path) { return }
        let source = try byteSource(path)
        var start = 0
        while true {
            let chunk = try [UInt8](unsafeUninitializedCapacity: max(size, 3)) { buffer, count in
                count = try source.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            if chunk.isEmpty { return }
            let hasMark = start == 0 && chunk.starts(with: [0xEF, 0xBB, 0xBF])
            try body(chunk[(hasMark ? 3 : 0)...], start + (hasMark ? 3 : 0))
            start += chunk.count
            source.forgetRead()
        }
    }

    /// Calls `body` with each line of a text file, as `lines` has them, and its number, counted from 1: with a line at
    /// a time in memory.
    ///
    /// Throws `InputError` if the file cannot be read or is not UTF-8, and what `body` throws.
    package static func forEachLine(of path: String, _ body: (_ line: String, _ number: Int) throws -> Void) throws {
        var (line, lineStart, number) = ([UInt8](), 0, 0)
        var endsInReturn = false
        func end(at position: Int) throws {
            number += 1
            guard let text = String(validating: line, as: UTF8.self) else {
                throw notUTF8(path, line[...], from: lineStart)
            }
            try body(text, number)
            line.removeAll(keepingCapacity: true)
            lineStart = position
        }
        try forEachChunk(of: path) { chunk, start in
            if number == 0 && line.isEmpty { lineStart = start }
            var rest = chunk
            func position(_ index: Int) -> Int { start + index - chunk.startIndex }
            while let index = rest.firstIndex(where: { $0 == lineFeed || $0 == carriageReturn }) {
                line += rest[..<index]
                // A line feed after a carriage return belongs to it.
                let isSecond = endsInReturn && rest[index] == lineFeed && line.isEmpty && index == rest.startIndex
                endsInReturn = rest[index] == carriageReturn
                rest = rest[(index + 1)...]
                if isSecond { lineStart = position(index + 1) } else { try end(at: position(index + 1)) }
            }
            if !rest.isEmpty { endsInReturn = false }
            line += rest
        }
        if !line.isEmpty { try end(at: 0) }
    }
}
