/// A set of characters as regular expressions write them: `[^\s\p{L}0-9]`.
struct ScalarSet: Sendable {
    /// A class with a name.
    enum Class: Sendable {
        case space, digit, word, anythingButLineEnd
        case categories(Set<Unicode.GeneralCategory>)
    }

    /// A part of a set.
    enum Member: Sendable {
        case range(ClosedRange<UInt32>)
        case named(Class, isNegated: Bool)
        case set(ScalarSet)
    }

    private let members: [Member]
    /// A character has to be in all of these, too.
    private let others: [ScalarSet]
    private let isNegated: Bool
    private let ignoresCase: Bool
    /// Which of the first 128 characters are in it.
    private var ofASCII: (low: UInt64, high: UInt64) = (0, 0)

    init(_ members: [Member], isNegated: Bool = false, ignoresCase: Bool = false, and others: [ScalarSet] = []) {
        self.members = members
        self.isNegated = isNegated
        self.ignoresCase = ignoresCase
        self.others = others
        for code in 0..<128 where holds(Unicode.Scalar(UInt8(code))) {
            if code < 64 { ofASCII.low |= 1 << UInt64(code) } else { ofASCII.high |= 1 << UInt64(code - 64) }
        }
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<64: ofASCII.low >> UInt64(scalar.value) & 1 == 1
        case 64..<128: ofASCII.high >> UInt64(scalar.value - 64) & 1 == 1
        default: holds(scalar)
        }
    }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        var isIn = isMember(scalar)
        if ignoresCase && !isIn { isIn = ScalarSet.otherCases(of: scalar).contains(where: isMember) }
        return isIn != isNegated && others.allSatisfy { $0.contains(scalar) }
    }

    private func isMember(_ scalar: Unicode.Scalar) -> Bool {
        members.contains { member in
            switch member {
            case .range(let range): range.contains(scalar.value)
            case .named(let kind, let isNegated): kind.holds(scalar) != isNegated
            case .set(let set): set.contains(scalar)
            }
        }
    }

    /// The single characters that differ from one in case alone; of the long s, both other forms of s.
    private static func otherCases(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        func single(_ text: String) -> Unicode.Scalar? {
            text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
        }
        let upper = single(scalar.properties.uppercaseMapping)
        let lower = single(scalar.properties.lowercaseMapping)
        return [upper, lower, upper.flatMap { single($0.properties.lowercaseMapping) }].compactMap { $0 }
    }
}

extension ScalarSet.Class {
    fileprivate func holds(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .space: TextClass(scalar).isSpace
        case .digit: scalar.categoryInUnicode16 == .decimalNumber
        case .word: scalar.isWordCharacter
        case .anythingButLineEnd: scalar != "\n"
        case .categories(let categories): categories.contains(scalar.categoryInUnicode16)
        }
    }
}

extension Unicode.Scalar {
    /// \w: letters, marks, digits and connecting punctuation.
    var isWordCharacter: Bool {
        switch categoryInUnicode16 {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
        case .unassigned: false
        default: properties.isAlphabetic || properties.isJoinControl
        }
    }
}

extension Unicode.GeneralCategory {
    /// The categories that `\p{…}` names, by one letter for several or by two.
    static func named(_ name: String) -> Set<Unicode.GeneralCategory>? {
        let categories = short.filter { $0.key.hasPrefix(name) }.map(\.value)
        if name.utf8.count <= 2 { return categories.isEmpty || name.isEmpty ? nil : Set(categories) }
        return long.first { $0.key == name }.flatMap { named($0.value) }
    }

    private static let long: KeyValuePairs = [
        "Letter": "L", "Mark": "M", "Number": "N", "Punctuation": "P", "Symbol": "S", "Separator": "Z", "Other": "C",
    ]

    private static let short: KeyValuePairs<String, Unicode.GeneralCategory> = [
        "Lu": .uppercaseLetter, "Ll": .lowercaseLetter, "Lt": .titlecaseLetter, "Lm": .modifierLetter,
        "Lo": .otherLetter, "Mn": .nonspacingMark, "Mc": .spacingMark, "Me": .enclosingMark, "Nd": .decimalNumber,
        "Nl": .letterNumber, "No": .otherNumber, "Pc": .connectorPunctuation, "Pd": .dashPunctuation,
        "Ps": .openPunctuation, "Pe": .closePunctuation, "Pi": .initialPunctuation, "Pf": .finalPunctuation,
        "Po": .otherPunctuation, "Sm": .mathSymbol, "Sc": .currencySymbol, "Sk": .modifierSymbol, "So": .otherSymbol,
        "Zs": .spaceSeparator, "Zl": .lineSeparator, "Zp": .paragraphSeparator, "Cc": .control, "Cf": .format,
        "Cs": .surrogate, "Co": .privateUse, "Cn": .unassigned,
    ]
}
