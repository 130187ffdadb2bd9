/// GPT-2's way to write any byte as a visible character: printable ones as themselves, the others as characters from
/// U+0100 on (https://github.com/openai/gpt-2, `bytes_to_unicode`).
enum ByteAlphabet {
    /// The character of each byte.
    static let scalars: [Unicode.Scalar] = {
        let visible = Set([0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF].joined())
        var next: UInt32 = 0x100
        return (0..<256).map { byte in
            if visible.contains(byte) { return Unicode.Scalar(UInt8(byte)) }
            defer { next += 1 }
            return Unicode.Scalar(next)!
        }
    }()

    private static let bytes: [Unicode.Scalar: UInt8] =
        Dictionary(uniqueKeysWithValues: scalars.enumerated().map { ($1, UInt8($0)) })

    static func text(of bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(scalars[Int(byte)]) }
        return String(text)
    }

    /// The bytes that a text in this alphabet stands for; `nil` if a character is none of it.
    static func bytes(of text: String) -> [UInt8]? {
        var result: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard let byte = bytes[scalar] else { return nil }
            result.append(byte)
        }
        return result
    }
}
