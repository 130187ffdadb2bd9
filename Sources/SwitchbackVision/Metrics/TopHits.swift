import Switchback

/// How many examples had their class given the highest score, or one of the five highest.
struct TopHits: Sendable {
    private(set) var count = 0
    private var top1Count = 0
    private var top5Count = 0

    var top1: Double { Double(top1Count) / Double(max(1, count)) }
    var top5: Double { Double(top5Count) / Double(max(1, count)) }

    /// Adds a batch by its scores [N, classes] and its classes [N].
    ///
    /// - Parameter visit: is shown each example's scores, the class that was guessed, and its own.
    mutating func add(
        _ scores: Tensor, _ targets: Tensor, _ visit: (ArraySlice<Double>, Int, Int) -> Void = { _, _, _ in }
    ) {
        let values = scores.toArray(as: Double.self)
        let width = scores.shape[1]
        for (row, target) in targets.toArray(as: Int.self).enumerated() {
            let own = values[row * width..<(row + 1) * width]
            visit(own, add(own, target), target)
        }
    }

    /// Returns the class that was guessed.
    private mutating func add(_ scores: ArraySlice<Double>, _ target: Int) -> Int {
        // Of equal scores the first is the guess; a score that is not a number is never above another.
        var guess = scores.startIndex
        let own = scores.startIndex + target
        var better = 0
        for position in scores.indices {
            if scores[position] > scores[guess] { guess = position }
            if scores[position] > scores[own] || (position < own && scores[position] == scores[own]) { better += 1 }
        }
        count += 1
        top1Count += guess == own ? 1 : 0
        top5Count += better < 5 && !scores[own].isNaN ? 1 : 0
        return guess - scores.startIndex
    }
}
