/// The mean over tokens that are measured batch by batch.
struct TokenMean: Codable {
    private var sum = 0.0
    private var count = 0

    init() {}

    /// That of one batch.
    init(mean: Double, count: Int) { (sum, self.count) = (mean * Double(count), count) }

    mutating func add(_ other: TokenMean) {
        sum += other.sum
        count += other.count
    }

    var value: Double { sum / Double(count) }
}
