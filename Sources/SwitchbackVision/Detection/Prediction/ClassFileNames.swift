// Files and folders that are called by classes.

extension [String] {
    /// Names of classes as parts of paths: without what leads elsewhere, and with a number where two would then be the same,
    /// also on disks to which small and large letters are one. Names that need no change keep theirs.
    var inFileNames: [String] {
        let safe = map(\.inFileName)
        var taken = Set(zip(self, safe).compactMap { $0 == $1 ? $1.lowercased() : nil })
        var kept: Set<String> = []
        return zip(self, safe).map { name, safe in
            if name == safe, kept.insert(safe.lowercased()).inserted { return safe }
            var (candidate, number) = (safe, 1)
            while !taken.insert(candidate.lowercased()).inserted {
                number += 1
                candidate = "\(safe)_\(number)"
            }
            return candidate
        }
    }
}

extension String {
    /// Most file systems take names of 255 bytes, and others are put around this one.
    private static let longestFileName = 200

    fileprivate var inFileName: String {
        let isControl: (Unicode.Scalar) -> Bool = { $0.value < 32 || $0.value == 127 }
        var safe = String(String.UnicodeScalarView(unicodeScalars.map { $0 == "/" || isControl($0) ? "_" : $0 }))
        while safe.utf8.count > Self.longestFileName { safe.removeLast() }
        return safe.isEmpty || safe.hasPrefix(".") ? "_" + safe.dropFirst() : safe
    }
}
