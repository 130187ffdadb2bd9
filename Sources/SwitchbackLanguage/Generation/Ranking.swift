/// The tokens from the highest score on, of equal ones the lower number first; sorted only as far as they are
/// requested, which mostly is a few of a hundred thousand.
struct Ranking: Sequence, IteratorProtocol {
    private let scores: [Double]
    /// How far below the last scores the next ones are that are sorted.
    private var step: Double
    /// All above it are sorted.
    private var floor = Double.infinity
    private var sorted: ArraySlice<Int> = []

    init(_ scores: [Double], step: Double) {
        self.scores = scores
        self.step = step
    }

    mutating func next() -> Int? {
        while sorted.isEmpty {
            guard floor > -.infinity, let highest = scores.lazy.filter({ [floor] in $0 < floor }).max() else {
                return nil
            }
            let ceiling = floor
            // After a few steps the rest is sorted at once.
            floor = step < 1e6 ? highest - step : -.infinity
            step *= 4
            sorted = ArraySlice(
                scores.indices.filter { [floor] in scores[$0] < ceiling && scores[$0] >= floor }
                    .sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 })
        }
        return sorted.popFirst()
    }
}
