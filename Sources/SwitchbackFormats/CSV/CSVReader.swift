import Switchback

/// Splits text into rows of cells (RFC 4180): cells may be quoted, and then contain separators, line breaks and doubled
/// quotes. Lines end in LF or CRLF; empty ones are skipped.
struct CSVReader {
    let path: String
    /// The text; a zero follows it, so that numbers can be read in place.
    private var bytes: [UInt8]
    private var position = 0
    /// The line on which the reader stands, counted from 1.
    private var line = 1
    private let separator: UInt8

    /// A row, as ranges of the text.
    struct Row {
        var line = 0
        var cells: [Range<Int>] = []
    }

    private static let newline = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let quote = UInt8(ascii: "\"")

    init(_ path: String) throws {
        self.path = path
        bytes = try byteSource(path).rest()
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        separator = CSVReader.separator(in: bytes.prefix { $0 != CSVReader.newline && $0 != CSVReader.carriageReturn })
        bytes.append(0)
    }

    /// A comma, or where the first line has none, a semicolon or a tab that it has.
    private static func separator(in firstLine: ArraySlice<UInt8>) -> UInt8 {
        let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
        return candidates.first { firstLine.contains($0) } ?? candidates[0]
    }

    private var isAtEnd: Bool { position >= bytes.count - 1 }

    /// Reads the next row into `row`, whose memory is used again; returns false at the end.
    mutating func next(into row: inout Row) throws -> Bool {
        row.cells.removeAll(keepingCapacity: true)
        while !isAtEnd && atLineBreak { skipLineBreak() }
        if isAtEnd { return false }
        row.line = line
        while true {
            row.cells.append(try cell())
            if isAtEnd { return true }
            if atLineBreak {
                skipLineBreak()
                return true
            }
            position += 1
            // A separator at the very end is followed by one more, empty, cell.
            if isAtEnd {
                row.cells.append(position..<position)
                return true
            }
        }
    }

    /// The text of a cell.
    func text(_ cell: Range<Int>) -> String { String(decoding: bytes[cell], as: UTF8.self) }

    /// The number in a cell; `nil` if there is none, or one that is not finite.
    func number(_ cell: Range<Int>) -> Float? {
        if let integer = smallInteger(cell) { return Float(integer) }
        let trimmed = bytes[cell].drop { $0 == 0x20 }
        return Float(text(trimmed.startIndex..<cell.upperBound).trimmingSpaceAtEnd).flatMap { $0.isFinite ? $0 : nil }
    }

    /// The value of a cell of a few digits: pixels, mostly.
    private func smallInteger(_ cell: Range<Int>) -> Int? {
        guard (1...7).contains(cell.count) else { return nil }
        var value = 0
        for i in cell {
            let digit = bytes[i] &- UInt8(ascii: "0")
            if digit > 9 { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    private var atLineBreak: Bool {
        bytes[position] == CSVReader.newline || bytes[position] == CSVReader.carriageReturn
    }

    private mutating func skipLineBreak() {
        let isPair = bytes[position] == CSVReader.carriageReturn && bytes[position + 1] == CSVReader.newline
        position += isPair ? 2 : 1
        line += 1
    }

    private mutating func cell() throws -> Range<Int> {
        if bytes[position] == CSVReader.quote { return try quotedCell() }
        let start = position
        while !isAtEnd && bytes[position] != separator && !atLineBreak { position += 1 }
        return start..<position
    }

    /// Doubled quotes are halved in place, which only ever makes the cell shorter.
    private mutating func quotedCell() throws -> Range<Int> {
        let opening = line
        position += 1
        let start = position
        var end = start
        while !isAtEnd {
            let byte = bytes[position]
            position += 1
            if byte == CSVReader.quote {
                if bytes[position] != CSVReader.quote { return try closed(start..<end) }
                position += 1
            }
            if byte == CSVReader.newline { line += 1 }
            bytes[end] = byte
            end += 1
        }
        throw InputError(path, at: "line \(opening)", "a quoted cell has no closing quote")
    }

    private func closed(_ cell: Range<Int>) throws -> Range<Int> {
        if isAtEnd || bytes[position] == separator || atLineBreak { return cell }
        throw InputError(path, at: "line \(line)", "text follows the closing quote of a cell")
    }
}

extension String {
    fileprivate var trimmingSpaceAtEnd: Substring {
        var rest = self[...]
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
