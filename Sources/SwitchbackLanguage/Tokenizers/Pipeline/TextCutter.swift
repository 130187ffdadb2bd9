import Switchback
import SwitchbackFormats

/// How a text is cut into the words that a model of pieces works on: the `pre_tokenizer` of a `tokenizer.json`.
indirect enum TextCutter: Sendable {
    /// What becomes of what is cut at.
    enum Behavior: String, Sendable, CaseIterable {
        case removed = "Removed"
        case isolated = "Isolated"
        case withPrevious = "MergedWithPrevious"
        case withNext = "MergedWithNext"
        case contiguous = "Contiguous"
    }

    /// Where a mark is put before a word that has none.
    enum Beginning: Sendable { case nowhere, everywhere, atStart }

    /// A part of a text.
    struct Piece {
        var scalars: [Unicode.Scalar]
        /// Whether it begins where the whole text does.
        var isFirst: Bool
    }

    case sequence([TextCutter])
    case split(TextPattern, Behavior, isInverted: Bool)
    /// At characters, each by itself.
    case characters(CharacterKind, Behavior)
    /// Space becomes a mark, before which is cut.
    case metaspace(Unicode.Scalar, Beginning, cuts: Bool)
    /// Bytes become characters of GPT-2's alphabet.
    case bytes(addsSpace: Bool, cutsWords: Bool)
    case fixedLength(Int)

    enum CharacterKind: Sendable { case space, number, punctuation, only(Unicode.Scalar) }

    func cut(_ pieces: [Piece]) -> [Piece] {
        switch self {
        case .sequence(let steps): steps.reduce(pieces) { $1.cut($0) }
        case .split(let pattern, let behavior, let isInverted):
            pieces.flatMap { $0.cut(at: pattern.matches(in: $0.scalars), behavior, isInverted: isInverted) }
        case .characters(let kind, let behavior):
            pieces.flatMap { piece in
                let places = piece.scalars.indices.filter { kind.holds(piece.scalars[$0]) }
                return piece.cut(at: places.map { $0..<$0 + 1 }, behavior, isInverted: false)
            }
        case .metaspace(let mark, let beginning, let cuts):
            pieces.flatMap { $0.marked(mark, beginning, cuts: cuts) }
        case .bytes(let addsSpace, let cutsWords):
            pieces.flatMap { $0.inBytes(addsSpace: addsSpace, cutsWords: cutsWords) }
        case .fixedLength(let length):
            pieces.flatMap { piece in
                stride(from: 0, to: piece.scalars.count, by: length).map { start in
                    piece.part(start..<min(start + length, piece.scalars.count))
                }
            }
        }
    }
}

extension TextCutter.CharacterKind {
    fileprivate func holds(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .space: scalar.properties.isWhitespace
        case .number: scalar.isNumber
        case .punctuation: scalar.isPunctuationMark
        case .only(let own): scalar == own
        }
    }
}

extension TextCutter.Piece {
    fileprivate func part(_ range: Range<Int>) -> Self {
        Self(scalars: Array(scalars[range]), isFirst: isFirst && range.lowerBound == 0)
    }

    /// The parts between and at matches.
    fileprivate func cut(at matches: [Range<Int>], _ behavior: TextCutter.Behavior, isInverted: Bool) -> [Self] {
        var parts: [(range: Range<Int>, isMatch: Bool)] = []
        var start = 0
        for match in matches {
            if start < match.lowerBound { parts.append((start..<match.lowerBound, isInverted)) }
            parts.append((match, !isInverted))
            start = match.upperBound
        }
        if start < scalars.count { parts.append((start..<scalars.count, isInverted)) }
        return Self.joined(parts, behavior).filter { !$0.isEmpty }.map(part)
    }

    private static func joined(
        _ parts: [(range: Range<Int>, isMatch: Bool)], _ behavior: TextCutter.Behavior
    ) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var lastWasMatch = false
        switch behavior {
        case .removed: return parts.filter { !$0.isMatch }.map(\.range)
        case .isolated: return parts.map(\.range)
        case .withNext:
            for part in parts.reversed() {
                if part.isMatch, !lastWasMatch, let last = result.popLast() {
                    result.append(part.range.lowerBound..<last.upperBound)
                } else {
                    result.append(part.range)
                }
                lastWasMatch = part.isMatch
            }
            return result.reversed()
        case .withPrevious, .contiguous:
            for part in parts {
                let joins = behavior == .contiguous ? part.isMatch == lastWasMatch : part.isMatch && !lastWasMatch
                if joins, let last = result.popLast() {
                    result.append(last.lowerBound..<part.range.upperBound)
                } else {
                    result.append(part.range)
                }
                lastWasMatch = part.isMatch
            }
            return result
        }
    }

    fileprivate func marked(_ mark: Unicode.Scalar, _ beginning: TextCutter.Beginning, cuts: Bool) -> [Self] {
        var piece = self
        piece.scalars = scalars.map { $0 == " " ? mark : $0 }
        let begins = beginning == .everywhere || (beginning == .atStart && isFirst)
        if begins, let first = piece.scalars.first, first != mark { piece.scalars.insert(mark, at: 0) }
        guard cuts else { return [piece] }
        let places = piece.scalars.indices.filter { piece.scalars[$0] == mark }
        return piece.cut(at: places.map { $0..<$0 + 1 }, .withNext, isInverted: false)
    }

    fileprivate func inBytes(addsSpace: Bool, cutsWords: Bool) -> [Self] {
        let text = (addsSpace && scalars.first != " " ? " " : "") + scalars.string
        var words: [Self] = []
        func add(_ bytes: some Sequence<UInt8>) {
            words.append(Self(scalars: bytes.map { ByteAlphabet.scalars[Int($0)] }, isFirst: isFirst && words.isEmpty))
        }
        if cutsWords { WordScanner(pattern: .gpt2).forEachWord(of: text) { add($0) } } else { add(text.utf8) }
        return words
    }
}

// MARK: - As a file

extension TextCutter {
    private static let kinds = [
        "Sequence", "Split", "Metaspace", "ByteLevel", "Digits", "Punctuation", "Whitespace", "WhitespaceSplit",
        "BertPreTokenizer", "CharDelimiterSplit", "FixedLength",
    ]

    init(_ fields: ConfigurationFields) throws {
        switch try fields.string("type") {
        case "Sequence": self = .sequence(try fields.entries("pretokenizers").map(TextCutter.init))
        case "Split":
            let isInverted = try fields.bool("invert", default: false)
            self = .split(try TextPattern(fields), try TextCutter.behavior(fields), isInverted: isInverted)
        case "Metaspace": self = try TextCutter.metaspace(fields)
        case "ByteLevel":
            self = .bytes(
                addsSpace: try fields.bool("add_prefix_space", default: true),
                cutsWords: try fields.bool("use_regex", default: true))
        case "Digits":
            let isSingle = try fields.bool("individual_digits", default: false)
            self = .characters(.number, isSingle ? .isolated : .contiguous)
        case "Punctuation": self = .characters(.punctuation, try TextCutter.behavior(fields))
        case "Whitespace":
            self = .split(.expression(try ExpressionProgram(#"\w+|[^\w\s]+"#)), .removed, isInverted: true)
        case "WhitespaceSplit": self = .characters(.space, .removed)
        case "BertPreTokenizer":
            self = .sequence([.characters(.space, .removed), .characters(.punctuation, .isolated)])
        case "CharDelimiterSplit": self = .characters(.only(try fields.scalar("delimiter")), .removed)
        case "FixedLength": self = .fixedLength(try fields.integer("length", default: 5))
        case let kind:
            try fields.requireOnly("type", TextCutter.kinds, default: kind)
            self = .sequence([])
        }
    }

    private static func behavior(_ fields: ConfigurationFields) throws -> Behavior {
        let usual = Behavior.isolated.rawValue
        try fields.requireOnly("behavior", Behavior.allCases.map(\.rawValue), default: usual)
        return Behavior(rawValue: try fields.string("behavior", default: usual)) ?? .isolated
    }

    private static func metaspace(_ fields: ConfigurationFields) throws -> TextCutter {
        let usual = try fields.bool("add_prefix_space", default: true) ? "always" : "never"
        try fields.requireOnly("prepend_scheme", ["always", "first", "never"], default: usual)
        let scheme = try fields.string("prepend_scheme", default: usual)
        let mark = fields["replacement"] == nil ? "\u{2581}" : try fields.scalar("replacement")
        return .metaspace(
            mark, scheme == "always" ? .everywhere : scheme == "first" ? .atStart : .nowhere,
            cuts: try fields.bool("split", default: true))
    }
}

extension ConfigurationFields {
    /// A single character.
    func scalar(_ name: String) throws -> Unicode.Scalar {
        let scalars = try string(name).unicodeScalars
        guard let scalar = scalars.first, scalars.count == 1 else { throw problem(name, "one character is needed") }
        return scalar
    }
}

extension Unicode.Scalar {
    /// Whether it is a digit or another number in the newest Unicode, which the package asks here, unlike in expressions.
    fileprivate var isNumber: Bool {
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: true
        default: false
        }
    }
}
