extension String {
    /// The candidate that takes the fewest single-letter changes (Levenshtein, 1966) to become this name, unless even
    /// that has little in common with it: for "did you mean" in messages.
    public func nearest(in candidates: some Sequence<String>) -> String? {
        let ranked = candidates.map { (distance: editDistance(to: $0), name: $0) }
        guard let best = ranked.min(by: { $0 < $1 }) else { return nil }
        return best.distance <= Swift.max(1, Swift.max(count, best.name.count) / 3) ? best.name : nil
    }

    /// How many letters must be inserted, removed or replaced to make `other` of this string.
    private func editDistance(to other: String) -> Int {
        let target = Array(other)
        var row = Array(0...target.count)
        for (i, letter) in enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, wanted) in target.enumerated() {
                let replaced = diagonal + (letter == wanted ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = Swift.min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[target.count]
    }
}
