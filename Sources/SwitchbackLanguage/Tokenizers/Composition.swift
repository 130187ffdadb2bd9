import Foundation

/// The last step of the composed normal forms (Unicode Standard Annex #15, section 1.3): a character and the one behind it
/// become one, where there is such a character.
///
/// Foundation's own composition takes characters beyond U+FFFF for others and leaves some pairs apart.
enum Composition {
    /// - Parameter text: in a decomposed form, its marks in their order.
    static func apply(_ text: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        /// Where the character lies with which the next one may become one.
        var starter: Int?
        var lastClass: UInt8 = 0
        for scalar in text {
            let combiningClass = scalar.properties.canonicalCombiningClass.rawValue
            if let place = starter {
                // Between them stands at most what comes before it in the order of marks.
                let isBlocked = place < result.count - 1 && (lastClass == 0 || lastClass >= combiningClass)
                if !isBlocked, let one = composite(result[place], scalar) {
                    result[place] = one
                    continue
                }
            }
            if combiningClass == 0 { starter = result.count }
            lastClass = combiningClass
            result.append(scalar)
        }
        return result
    }

    /// Whether a text of such characters alone is composed already: letters of Europe, kana, ideographs, syllables.
    static func isStable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x300, 0x388..<0x483, 0x48A..<0x530, 0x2010...0x2027, 0x3001...0x3020, 0x3041...0x3096, 0x309B...0x30FF,
            0x4E00...0x9FFF, 0xAC00...0xD7A3, 0xFF01...0xFF9D:
            true
        default: false
        }
    }

    private static func composite(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
        syllable(first.value, second.value) ?? pairs[key(first, second)]
    }

    /// Hangul's syllables (The Unicode Standard, section 3.12): a leading consonant and a vowel, or these and a trailing one.
    private static func syllable(_ first: UInt32, _ second: UInt32) -> Unicode.Scalar? {
        let (base, leading, vowel, trailing) = (UInt32(0xAC00), UInt32(0x1100), UInt32(0x1161), UInt32(0x11A7))
        let (vowels, trailings) = (UInt32(21), UInt32(28))
        if (leading..<leading + 19).contains(first), (vowel..<vowel + vowels).contains(second) {
            return Unicode.Scalar(base + ((first - leading) * vowels + second - vowel) * trailings)
        }
        if (base..<0xD7A4).contains(first), (first - base).isMultiple(of: trailings),
            (trailing + 1..<trailing + trailings).contains(second)
        {
            return Unicode.Scalar(first + second - trailing)
        }
        return nil
    }

    private static func key(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
        UInt64(first.value) << 32 | UInt64(second.value)
    }

    /// Where characters of two parts lie, but for Hangul's.
    private static let ranges: [ClosedRange<UInt32>] = [0xC0...0x30FF, 0x11000...0x115FF]

    private static let pairs: [UInt64: Unicode.Scalar] = {
        let whole = ranges.joined().compactMap(Unicode.Scalar.init).filter {
            $0.isOfUnicode9 && !$0.properties.isFullCompositionExclusion
        }
        let parts = whole.map { ($0, Array(String($0).decomposedStringWithCanonicalMapping.unicodeScalars)) }
        var pairs: [UInt64: Unicode.Scalar] = [:]
        // Those of three parts are of one of two parts and another.
        for (scalar, parts) in parts.filter({ $0.1.count > 1 }).sorted(by: { $0.1.count < $1.1.count }) {
            let before = parts.dropLast().dropFirst().reduce(parts[0]) { pairs[key($0, $1)] ?? $0 }
            pairs[key(before, parts[parts.count - 1])] = scalar
        }
        return pairs
    }()
}
