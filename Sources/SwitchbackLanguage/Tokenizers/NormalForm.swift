import Foundation

extension StringProtocol {
    /// The text in Unicode's composed normal form (NFC), as of Unicode 13, which is what the `tokenizers` package has:
    /// later characters stay where they are.
    var composed: String {
        if utf8.allSatisfy({ $0 < 0x80 }) { return String(self) }
        var result = String.UnicodeScalarView()
        var known = String.UnicodeScalarView()
        for scalar in unicodeScalars.withSortedMarks {
            if (scalar.properties.age?.major ?? 0) <= 13 {
                known.append(scalar)
            } else {
                result += String(known).precomposedStringWithCanonicalMapping.unicodeScalars
                result.append(scalar)
                known = String.UnicodeScalarView()
            }
        }
        result += String(known).precomposedStringWithCanonicalMapping.unicodeScalars
        return String(result)
    }

    /// The text in Unicode's decomposed normal form (NFD).
    var decomposed: String { String(unicodeScalars.withSortedMarks).decomposedStringWithCanonicalMapping }
}

extension Sequence<Unicode.Scalar> {
    /// So many marks are in order at once, whichever way they are put in order.
    private static var shortRun: Int { 32 }

    /// The text with the marks of each long run of them in the order of their combining classes, which is what every
    /// normal form begins with: Foundation sorts them in a time that grows with the square of their number.
    fileprivate var withSortedMarks: String.UnicodeScalarView {
        var result = String.UnicodeScalarView()
        var marks: [(mark: Unicode.Scalar, combiningClass: UInt8)] = []
        func endRun() {
            // Those of one class stay as they follow each other: the sort is stable.
            if marks.count > Self.shortRun { marks.sort { $0.combiningClass < $1.combiningClass } }
            result.append(contentsOf: marks.lazy.map(\.mark))
            marks.removeAll(keepingCapacity: true)
        }
        for scalar in self {
            let combiningClass = scalar.value < 0x300 ? 0 : scalar.properties.canonicalCombiningClass.rawValue
            if combiningClass == 0 {
                if !marks.isEmpty { endRun() }
                result.append(scalar)
            } else {
                marks.append((scalar, combiningClass))
            }
        }
        endRun()
        return result
    }
}
