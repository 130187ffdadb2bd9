/// The character classes of the patterns that split text into words.
enum TextClass: UInt8 {
    case letter, number, newline, space, other

    /// Of a Unicode scalar: \p{L}, \p{N}, the two characters \r and \n, all other \s, and the rest.
    init(_ scalar: Unicode.Scalar) {
        if scalar.value < 128 {
            self = TextClass.ofASCII[Int(scalar.value)]
        } else {
            self = TextClass(beyondASCII: scalar)
        }
    }

    private static let ofASCII: [TextClass] = (0..<128).map { code -> TextClass in
        switch UInt8(code) {
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"): .newline
        case 0x09, 0x0B, 0x0C, 0x20: .space
        case UInt8(ascii: "0")...UInt8(ascii: "9"): .number
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): .letter
        default: .other
        }
    }

    private init(beyondASCII scalar: Unicode.Scalar) {
        switch scalar.categoryInUnicode16 {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
        case .decimalNumber, .letterNumber, .otherNumber: self = .number
        default: self = scalar.properties.isWhitespace ? .space : .other
        }
    }

    var isSpace: Bool { self == .space || self == .newline }
}
