import Foundation

extension StringProtocol {
    /// The text in Unicode's composed normal form (NFC).
    ///
    /// Marks are put in order before Foundation composes them, because its tables may be older than those of the
    /// standard library.
    var composed: String {
        if utf8.allSatisfy({ $0 < 0x80 }) { return String(self) }
        var scalars = Array(unicodeScalars)
        var start = 0
        while start < scalars.count {
            var end = start
            while end < scalars.count && scalars[end].combiningClass > 0 { end += 1 }
            if end - start > 1 {
                let order = (start..<end).sorted {
                    (scalars[$0].combiningClass, $0) < (scalars[$1].combiningClass, $1)
                }
                scalars.replaceSubrange(start..<end, with: order.map { scalars[$0] })
            }
            start = Swift.max(end, start + 1)
        }
        return String(String.UnicodeScalarView(scalars)).precomposedStringWithCanonicalMapping
    }
}

extension Unicode.Scalar {
    fileprivate var combiningClass: UInt8 { properties.canonicalCombiningClass.rawValue }
}
