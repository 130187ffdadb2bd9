import Foundation

extension StringProtocol {
    /// The text in Unicode's composed normal form (NFC), as of Unicode 13, which is what the `tokenizers` package has:
    /// later characters stay where they are.
    var composed: String {
        if utf8.allSatisfy({ $0 < 0x80 }) { return String(self) }
        var result = String.UnicodeScalarView()
        var known = String.UnicodeScalarView()
        for scalar in unicodeScalars {
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
}
