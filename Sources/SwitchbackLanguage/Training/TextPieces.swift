import Switchback
import SwitchbackFormats

/// The text of files, one after another, in pieces that take little memory however large the files are.
///
/// A piece ends between two words, where tokenizers cut as well, so that the tokens of the pieces are those of the
/// whole text.
package struct TextPieces {
    private let files: [String]
    /// What stands between two files.
    private let separator: String
    /// The bytes of a piece, about.
    private let size: Int

    package init(_ files: [String], separator: String = "\n", size: Int = 1 << 20) {
        (self.files, self.separator, self.size) = (files, separator, size)
    }

    /// How many characters (Unicode scalars) there are in all.
    package func scalarCount() throws -> Int {
        var count = separator.unicodeScalars.count * (files.count - 1)
        for file in files {
            // Every scalar has one byte that does not continue another.
            try TextFile.forEachChunk(of: file) { bytes, _ in count += bytes.count { $0 & 0xC0 != 0x80 } }
        }
        return count
    }

    /// Calls `body` with each piece, and the file that it is of.
    ///
    /// Throws `InputError` if a file cannot be read or is not UTF-8, and says where.
    package func forEach(_ body: (_ piece: String, _ file: String) throws -> Void) throws {
        for (number, file) in files.enumerated() {
            var piece = PieceBuffer(file, beginningWith: number == 0 ? "" : separator)
            try TextFile.forEachChunk(of: file, size: min(size, 1 << 18)) { bytes, start in
                piece.append(bytes, from: start)
                while let end = piece.end(from: size) { try body(piece.take(end), file) }
            }
            if piece.count > 0 { try body(piece.take(piece.count), file) }
        }
    }

    /// As `forEach`, with each piece cut where a part of the text ends: the first `count` characters are the first
    /// part.
    func forEach(cutAfter count: Int, _ body: (_ piece: String, _ file: String, _ isFirst: Bool) throws -> Void) throws
    {
        var left = count
        try forEach { piece, file in
            let scalars = piece.unicodeScalars
            let cut = scalars.index(scalars.startIndex, offsetBy: left, limitedBy: scalars.endIndex) ?? scalars.endIndex
            if cut > scalars.startIndex {
                try body(String(piece[..<cut]), file, true)
                left -= cut == scalars.endIndex ? scalars.count : left
            }
            if cut < scalars.endIndex { try body(String(piece[cut...]), file, false) }
        }
    }
}

/// The bytes of a file that are not part of a piece yet.
private struct PieceBuffer {
    private let file: String
    private var bytes: [UInt8]
    /// Where in the file the bytes begin, for messages.
    private var offset = 0

    init(_ file: String, beginningWith text: String) {
        self.file = file
        bytes = Array(text.utf8)
    }

    var count: Int { bytes.count }

    /// Adds bytes that begin at `start` in the file.
    mutating func append(_ more: ArraySlice<UInt8>, from start: Int) {
        offset = start - bytes.count
        bytes += more
    }

    /// Where a piece ends, once there are at least `size` bytes; `nil` while there is too little to tell.
    func end(from size: Int) -> Int? {
        if bytes.count < size { return nil }
        if let end = lastEnd(where: isBeforeWord) ?? lastEnd(where: isAfterLine) { return end }
        // A text without words: anywhere between two characters.
        return bytes.count < 16 * size ? nil : lastEnd { bytes[$0] & 0xC0 != 0x80 }
    }

    /// The last bytes are enough to look at: those before them were, when they were the last.
    private func lastEnd(where isEnd: (Int) -> Bool) -> Int? {
        (max(1, bytes.count - (1 << 19))..<bytes.count - 1).reversed().first(where: isEnd)
    }

    /// Before a space between two Latin letters: the space belongs to the word after it.
    private func isBeforeWord(_ position: Int) -> Bool {
        bytes[position] == UInt8(ascii: " ") && isLatin(bytes[position - 1]) && isLatin(bytes[position + 1])
    }

    /// After the end of a line that has no other space around it, nor brackets, which special tokens begin and end
    /// with.
    private func isAfterLine(_ position: Int) -> Bool {
        guard position > 1, bytes[position - 1] == UInt8(ascii: "\n") else { return false }
        return isInk(scalar(before: position - 1)) && isInk(scalar(at: position))
    }

    private func isLatin(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }

    private func isInk(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar else { return false }
        return scalar.properties.generalCategory.isLetterOrNumber || ".,;:!?。，！？".unicodeScalars.contains(scalar)
    }

    private func scalar(before position: Int) -> Unicode.Scalar? {
        let start = (max(0, position - 4)..<position).last { bytes[$0] & 0xC0 != 0x80 }
        return start.flatMap { scalar(at: $0) }
    }

    private func scalar(at position: Int) -> Unicode.Scalar? {
        var decoder = UTF8()
        var rest = bytes[position...].prefix(4).makeIterator()
        if case .scalarValue(let scalar) = decoder.decode(&rest) { return scalar }
        return nil
    }

    /// Takes the first `end` bytes away, as text.
    mutating func take(_ end: Int) throws -> String {
        let piece = Array(bytes[..<end])
        guard let text = String(validating: piece, as: UTF8.self) else {
            throw TextFile.notUTF8(file, piece[...], from: offset)
        }
        bytes.removeSubrange(..<end)
        offset += end
        return text
    }
}

extension Unicode.GeneralCategory {
    fileprivate var isLetterOrNumber: Bool {
        switch self {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .otherLetter, .decimalNumber: true
        default: false
        }
    }
}
