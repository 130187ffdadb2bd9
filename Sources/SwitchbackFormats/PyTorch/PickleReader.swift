/// The bytes of a pickle, read from front to back.
struct PickleReader {
    /// The problem of a pickle, and where it is.
    struct Problem: Error {
        let message: String
        var remedy: String?
    }

    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func byte() throws(Problem) -> UInt8 {
        guard position < bytes.count else { throw Problem(message: "it ends too early") }
        position += 1
        return bytes[position - 1]
    }

    /// A little-endian number of so many bytes.
    mutating func unsigned(_ count: Int) throws(Problem) -> Int {
        var value: UInt64 = 0
        for shift in 0..<count { value |= UInt64(try byte()) << (8 * UInt64(shift)) }
        guard let result = Int(exactly: value) else { throw Problem(message: "a length is out of bounds") }
        return result
    }

    /// Bytes whose number stands before them in so many bytes.
    mutating func counted(_ width: Int) throws(Problem) -> [UInt8] { try take(unsigned(width)) }

    mutating func countedText(_ width: Int) throws(Problem) -> String {
        String(decoding: try counted(width), as: UTF8.self)
    }

    mutating func take(_ count: Int) throws(Problem) -> [UInt8] {
        guard count >= 0, count <= bytes.count - position else {
            throw Problem(message: "it is cut short: \(count) bytes were announced")
        }
        position += count
        return Array(bytes[position - count..<position])
    }

    /// The text up to the end of the line.
    mutating func line() throws(Problem) -> String {
        guard let end = bytes[position...].firstIndex(of: 10) else { throw Problem(message: "a line has no end") }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    /// A signed little-endian number of any length that fits 64 bits.
    mutating func long(_ count: Int) throws(Problem) -> Int {
        let digits = try take(count)
        guard count <= 8 else { throw Problem(message: "it holds a whole number of more than 64 bits") }
        guard let top = digits.last else { return 0 }
        let start: UInt64 = top & 0x80 != 0 ? .max : 0
        return Int(truncatingIfNeeded: digits.reversed().reduce(start) { $0 << 8 | UInt64($1) })
    }

    /// A big-endian double.
    mutating func double() throws(Problem) -> Double {
        Double(bitPattern: try take(8).reduce(0) { $0 << 8 | UInt64($1) })
    }
}
