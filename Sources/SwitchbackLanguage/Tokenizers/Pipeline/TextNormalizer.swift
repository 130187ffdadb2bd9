import Switchback
import SwitchbackFormats

/// What is done to a text before it is cut: the `normalizer` of a `tokenizer.json`.
indirect enum TextNormalizer: Sendable {
    case sequence([TextNormalizer])
    case form(NormalForm)
    case lowercase
    /// Without marks.
    case stripAccents
    /// Without the space at its ends.
    case strip(left: Bool, right: Bool)
    /// Without control characters, and with every kind of space as a space.
    case nmt
    case prepend([Unicode.Scalar])
    case replace(TextPattern, with: [Unicode.Scalar])
    /// Its bytes in GPT-2's alphabet.
    case bytes
    case characterMap(CharacterMap)
    case bert(WordPieceTokenizer.Normalization)

    func apply(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        switch self {
        case .sequence(let steps): return steps.reduce(text) { $1.apply($0) }
        case .form(let form): return form.apply(text)
        case .lowercase: return text.flatMap { $0.properties.lowercaseMapping.unicodeScalars }
        case .stripAccents: return text.filter { !$0.isMark }
        case .strip(let left, let right):
            let start = left ? text.prefix { $0.properties.isWhitespace }.count : 0
            let rest = text[start...]
            return Array(right ? rest.dropLast(rest.reversed().prefix { $0.properties.isWhitespace }.count) : rest)
        case .nmt: return text.compactMap(\.cleanedForTranslation)
        case .prepend(let start): return text.isEmpty ? text : start + text
        case .replace(let pattern, let content): return TextNormalizer.replacing(pattern, in: text, with: content)
        case .bytes: return text.flatMap { UTF8.encode($0)?.map { ByteAlphabet.scalars[Int($0)] } ?? [] }
        case .characterMap(let map): return map.normalizeGraphemes(text)
        case .bert(let normalization): return Array(normalization.apply(text))
        }
    }

    /// How many characters it can make of one: steps in a row multiply what they make.
    private var growth: Double {
        switch self {
        case .sequence(let steps): steps.reduce(1) { $0 * $1.growth }
        case .prepend(let start): Double(start.count + 1)
        case .replace(_, let content): Double(max(content.count, 1))
        default: 1
        }
    }

    /// The most that one character may become.
    static let mostGrowth = 10_000.0

    private static func replacing(
        _ pattern: TextPattern, in text: [Unicode.Scalar], with content: [Unicode.Scalar]
    ) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        var start = 0
        for match in pattern.matches(in: text) {
            result += text[start..<match.lowerBound]
            result += content
            start = match.upperBound
        }
        return result + text[start...]
    }
}

extension Unicode.Scalar {
    /// Whether it was a mark in Unicode 9; later versions count U+1CF2 and U+1CF3 among the letters, and U+111C9 among the
    /// marks.
    fileprivate var isMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: isOfUnicode9 && value != 0x111C9
        default: (0x1CF2...0x1CF3).contains(value)
        }
    }

    /// As the `tokenizers` package cleans text for translation; `nil` for a character that is left out.
    fileprivate var cleanedForTranslation: Unicode.Scalar? {
        switch value {
        case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: nil
        case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: " "
        default: self
        }
    }
}

// MARK: - As a file

extension TextNormalizer {
    private static let kinds = [
        "Sequence", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Strip", "Nmt", "Prepend", "Replace",
        "ByteLevel", "Precompiled", "BertNormalizer",
    ]

    init(_ fields: ConfigurationFields) throws {
        switch try fields.string("type") {
        case "Sequence":
            self = .sequence(try fields.entries("normalizers").map(TextNormalizer.init))
        case "NFC": self = .form(.composed)
        case "NFD": self = .form(.decomposed)
        case "NFKC": self = .form(.compatibilityComposed)
        case "NFKD": self = .form(.compatibilityDecomposed)
        case "Lowercase": self = .lowercase
        case "StripAccents": self = .stripAccents
        case "Strip":
            self = .strip(
                left: try fields.bool("strip_left", default: true), right: try fields.bool("strip_right", default: true)
            )
        case "Nmt": self = .nmt
        case "Prepend": self = .prepend(Array(try fields.string("prepend").unicodeScalars))
        case "Replace":
            self = .replace(try TextPattern(fields), with: Array(try fields.string("content").unicodeScalars))
        case "ByteLevel": self = .bytes
        case "Precompiled": self = .characterMap(try CharacterMap(fields))
        case "BertNormalizer": self = .bert(try WordPieceTokenizer.Normalization(fields))
        case let kind:
            try fields.requireOnly("type", TextNormalizer.kinds, default: kind)
            self = .sequence([])
        }
        guard growth <= TextNormalizer.mostGrowth else {
            throw fields.problem("type", "it can make more than \(Int(TextNormalizer.mostGrowth)) characters of one")
        }
    }
}
