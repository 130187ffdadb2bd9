extension Collection<Double> {
    /// The middle value, and of two the larger; NaN counts as the largest, and is what an empty collection has.
    package var median: Double {
        let sorted = sorted { $0 < $1 || ($1.isNaN && !$0.isNaN) }
        return isEmpty ? .nan : sorted[count / 2]
    }
}
