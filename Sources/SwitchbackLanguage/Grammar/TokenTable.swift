/// The tokens of a tokenizer in the order of their bytes, so that what several begin with is gone through once.
public final class TokenTable: Sendable {
    /// The tokens that stand for text.
    let tokens: [Int32]
    /// With how many bytes each begins as the one before it does.
    let shared: [Int32]
    /// The bytes of all, one after the other, and where each begins.
    let bytes: [UInt8]
    let starts: [Int32]

    /// Whether each printable character of ASCII is a token: then a JSON text can always go on.
    public let hasASCII: Bool

    public init(_ tokenizer: any Tokenizer) {
        let entries = (0..<tokenizer.vocabularySize).compactMap { token -> (token: Int32, bytes: [UInt8])? in
            let bytes = tokenizer.isSpecial(token) ? [] : tokenizer.bytes(of: token)
            return bytes.isEmpty ? nil : (Int32(token), bytes)
        }.sorted { $0.bytes == $1.bytes ? $0.token < $1.token : $0.bytes.lexicographicallyPrecedes($1.bytes) }
        var (shared, starts, bytes) = ([Int32](), [Int32(0)], [UInt8]())
        for (index, entry) in entries.enumerated() {
            let previous = index == 0 ? [] : entries[index - 1].bytes
            shared.append(Int32(zip(previous, entry.bytes).prefix { $0 == $1 }.count))
            bytes += entry.bytes
            starts.append(Int32(bytes.count))
        }
        tokens = entries.map(\.token)
        let single = Set(entries.filter { $0.bytes.count == 1 }.map { $0.bytes[0] })
        hasASCII = (0x20...0x7E).allSatisfy(single.contains)
        (self.shared, self.starts, self.bytes) = (shared, starts, bytes)
    }
}
