extension String {
    /// A longer name is not a slip of the pen; and the time that a comparison takes grows with both lengths.
    private static let longestName = 256
    /// So many candidates are looked at.
    private static let mostCandidates = 10_000

    /// The candidate that takes the fewest changes to become this name, unless even that has little in common with it:
    /// for "did you mean" in messages. A change inserts, removes or replaces a letter, or swaps two neighbors
    /// (Damerau, 1964). Names of more than 256 bytes have none.
    public func nearest(in candidates: some Sequence<String>) -> String? {
        guard utf8.count <= String.longestName else { return nil }
        let letters = Array(self)
        let ranked = candidates.prefix(String.mostCandidates).filter { $0.utf8.count <= String.longestName }
            .map { (distance: letters.editDistance(to: Array($0)), name: $0) }
        guard let best = ranked.min(by: { $0 < $1 }) else { return nil }
        return best.distance <= Swift.max(1, Swift.max(letters.count, best.name.count) / 3) ? best.name : nil
    }
}

extension [Character] {
    /// How many changes make `target` of these letters, where no part is changed twice.
    fileprivate func editDistance(to target: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array<Int>(0...target.count)
        for (i, letter) in enumerated() {
            var row = [i + 1]
            for (j, wanted) in target.enumerated() {
                var distance = Swift.min(last[j + 1] + 1, row[j] + 1, last[j] + (letter == wanted ? 0 : 1))
                if i > 0, j > 0, letter == target[j - 1], self[i - 1] == wanted {
                    distance = Swift.min(distance, beforeLast[j - 1] + 1)
                }
                row.append(distance)
            }
            (beforeLast, last) = (last, row)
        }
        return last[target.count]
    }
}
