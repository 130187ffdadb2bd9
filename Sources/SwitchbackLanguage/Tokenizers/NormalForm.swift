import Foundation

/// The normal forms of Unicode, as of Unicode 9, which is what the `tokenizers` package has: later characters stay
/// where they are.
enum NormalForm: Sendable {
    /// NFC, NFD, NFKC, NFKD.
    case composed, decomposed, compatibilityComposed, compatibilityDecomposed

    /// Longer runs of marks are put in order before Foundation gets them, which takes a time that grows with the square of
    /// their number.
    private static let shortRun = 32

    func apply(_ text: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        var known = String.UnicodeScalarView()
        func endKnown() {
            if !known.isEmpty { result += form(known) }
            known = String.UnicodeScalarView()
        }
        for scalar in text.sortingMarks(inRunsLongerThan: NormalForm.shortRun) {
            if scalar.isOfUnicode9 {
                known.append(scalar)
            } else {
                endKnown()
                result.append(scalar)
            }
        }
        endKnown()
        return result
    }

    private func form(_ scalars: String.UnicodeScalarView) -> [Unicode.Scalar] {
        if scalars.allSatisfy({ $0.value < 0x80 }) { return Array(scalars) }
        let text = String(scalars)
        switch self {
        case .composed:
            if scalars.allSatisfy(Composition.isStable) { return Array(scalars) }
            return Composition.apply(text.decomposedStringWithCanonicalMapping.unicodeScalars.ordered)
        case .decomposed: return text.decomposedStringWithCanonicalMapping.unicodeScalars.ordered
        case .compatibilityComposed:
            return Composition.apply(text.decomposedStringWithCompatibilityMapping.unicodeScalars.ordered)
        case .compatibilityDecomposed: return text.decomposedStringWithCompatibilityMapping.unicodeScalars.ordered
        }
    }
}

extension String.UnicodeScalarView {
    /// With its marks in order: Foundation leaves those of U+0F73, U+0F75 and U+0F81, which are of marks alone, where they
    /// were.
    fileprivate var ordered: [Unicode.Scalar] { Array(sortingMarks(inRunsLongerThan: 1)) }
}

extension StringProtocol {
    /// The text in the composed normal form (NFC).
    var composed: String { normalized(.composed) }

    /// The text in the decomposed normal form (NFD).
    var decomposed: String { normalized(.decomposed) }

    private func normalized(_ form: NormalForm) -> String {
        if utf8.allSatisfy({ $0 < 0x80 }) { return String(self) }
        return form.apply(unicodeScalars).string
    }
}

extension Sequence<Unicode.Scalar> {
    /// The text with the marks of each run of more than `count` in the order of their combining classes, which is what every
    /// normal form begins with.
    fileprivate func sortingMarks(inRunsLongerThan count: Int) -> String.UnicodeScalarView {
        var result = String.UnicodeScalarView()
        var marks: [(mark: Unicode.Scalar, combiningClass: UInt8)] = []
        func endRun() {
            // Those of one class stay as they follow each other: the sort is stable.
            if marks.count > count { marks.sort { $0.combiningClass < $1.combiningClass } }
            result.append(contentsOf: marks.lazy.map(\.mark))
            marks.removeAll(keepingCapacity: true)
        }
        for scalar in self {
            let combiningClass =
                scalar.value < 0x300 || !scalar.isOfUnicode9 ? 0 : scalar.properties.canonicalCombiningClass.rawValue
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

extension Unicode.Scalar {
    /// Whether Unicode 9 had it, whose tables of normal forms and marks the `tokenizers` package has.
    var isOfUnicode9: Bool { value < 0x80 || (properties.age?.major ?? 0) <= 9 }

    /// The category that it had in Unicode 16, whose tables the package's regular expressions have.
    var categoryInUnicode16: Unicode.GeneralCategory {
        switch value {
        // Nothing was added here since.
        case ..<0x88F, 0x3000..<0xA7C0, 0xAC00..<0xD7A4: properties.generalCategory
        default: (properties.age?.major ?? 0) <= 16 ? properties.generalCategory : .unassigned
        }
    }
}
