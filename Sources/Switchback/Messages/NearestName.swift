extension String {
    /// The candidate that takes the fewest changes to become this name, unless even that has little in common with it:
    /// for "did you mean" in messages. A change inserts, removes or replaces a letter, or swaps two neighbours (Damerau,
    /// 1964).
    public func nearest(in candidates: some Sequence<String>) -> String? {
        let ranked = candidates.map { (distance: editDistance(to: $0), name: $0) }
        guard let best = ranked.min(by: { $0 < $1 }) else { return nil }
        return best.distance <= Swift.max(1, Swift.max(count, best.name.count) / 3) ? best.name : nil
    }

    /// How many changes make `other` of this string, where no part is changed twice.
    private func editDistance(to other: String) -> Int {
        let (source, target) = (Array(self), Array(other))
        var beforeLast: [Int] = []
        var last = Array(0...target.count)
        for (i, letter) in source.enumerated() {
            var row = [i + 1]
            for (j, wanted) in target.enumerated() {
                var distance = Swift.min(last[j + 1] + 1, row[j] + 1, last[j] + (letter == wanted ? 0 : 1))
                if i > 0, j > 0, letter == target[j - 1], source[i - 1] == wanted {
                    distance = Swift.min(distance, beforeLast[j - 1] + 1)
                }
                row.append(distance)
            }
            (beforeLast, last) = (last, row)
        }
        return last[target.count]
    }
}
