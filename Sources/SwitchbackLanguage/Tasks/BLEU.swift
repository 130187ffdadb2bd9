import Foundation
import Switchback

/// Compares translations with references: BLEU (Papineni et al., 2002) as sacreBLEU computes it (Post, "A Call for
/// Clarity in Reporting BLEU Scores", 2018), signature `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp`.
public struct BLEU: Sendable, Equatable {
    /// From 0 to 100.
    public let score: Double
    /// The parts of the n-grams of 1 to 4 words that the references have too, in percent.
    public let precisions: [Double]
    /// The penalty factor for translations that are too short.
    public let brevityPenalty: Double
    /// In words.
    public let length, referenceLength: Int

    /// - Parameters:
    ///   - translations: one for each reference.
    public init(_ translations: [String], references: [String]) {
        var matches = [Int](repeating: 0, count: 4)
        var totals = matches
        var (length, referenceLength) = (0, 0)
        for (translation, reference) in zip(translations, references) {
            let (words, wanted) = (BLEU.words(of: translation), BLEU.words(of: reference))
            length += words.count
            referenceLength += wanted.count
            for n in 1...4 {
                let (found, allowed) = (BLEU.counts(words, n), BLEU.counts(wanted, n))
                matches[n - 1] += found.reduce(0) { $0 + min($1.value, allowed[$1.key] ?? 0) }
                totals[n - 1] += max(0, words.count - n + 1)
            }
        }
        self.length = length
        self.referenceLength = referenceLength
        precisions = BLEU.precisions(matches, totals)
        brevityPenalty =
            length >= referenceLength ? 1 : length == 0 ? 0 : exp(1 - Double(referenceLength) / Double(length))
        let isZero = matches.allSatisfy { $0 == 0 } || precisions.contains(0)
        score = isZero ? 0 : brevityPenalty * exp(precisions.reduce(0) { $0 + log($1) } / 4)
    }

    /// Where nothing matches, half of a match counts, then a quarter, … (the smoothing of NIST's `mteval`).
    private static func precisions(_ matches: [Int], _ totals: [Int]) -> [Double] {
        if matches.allSatisfy({ $0 == 0 }) { return [0, 0, 0, 0] }
        var divisor = 1.0
        return zip(matches, totals).map { matches, total in
            if total == 0 { return 0 }
            if matches > 0 { return 100 * Double(matches) / Double(total) }
            divisor *= 2
            return 100 / (divisor * Double(total))
        }
    }

    private static func counts(_ words: [String], _ n: Int) -> [[ExactText]: Int] {
        var counts: [[ExactText]: Int] = [:]
        if words.count < n { return counts }
        for start in 0...words.count - n { counts[words[start..<start + n].map { ExactText($0) }, default: 0] += 1 }
        return counts
    }

    // MARK: Words

    /// The words and marks of a line, as NIST's `mteval-v13a` separates them.
    static func words(of line: String) -> [String] {
        var text = line
        let replacements = [
            ("<skipped>", ""), ("-\n", ""), ("\n", " "), ("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"),
        ]
        for (from, to) in replacements { text = text.replacingOccurrences(of: from, with: to) }
        var scalars = Array(" \(text) ".unicodeScalars)
        // Marks of ASCII other than . , - and ' stand alone.
        scalars = scalars.flatMap { isMark($0) ? [" ", $0, " "] : [$0] }
        // Points and commas stand alone unless there are digits to both sides; dashes if a digit stands before.
        scalars = pairs(scalars) { a, b in !isDigit(a) && isPoint(b) ? [a, " ", b, " "] : nil }
        scalars = pairs(scalars) { a, b in isPoint(a) && !isDigit(b) ? [" ", a, " ", b] : nil }
        scalars = pairs(scalars) { a, b in isDigit(a) && b == "-" ? [a, " ", b, " "] : nil }
        return scalars.split { $0.properties.isWhitespace }.map { String(String.UnicodeScalarView($0)) }
    }

    /// Replaces neighbors from left to right, none of them twice.
    private static func pairs(
        _ scalars: [Unicode.Scalar], _ replacement: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]?
    ) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        var i = 0
        while i < scalars.count {
            if i + 1 < scalars.count, let found = replacement(scalars[i], scalars[i + 1]) {
                result += found
                i += 2
            } else {
                result.append(scalars[i])
                i += 1
            }
        }
        return result
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { "0"..."9" ~= scalar }
    private static func isPoint(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "{"..."~", "["..."`", " "..."&", "("..."+", ":"..."@", "/": true
        default: false
        }
    }
}
