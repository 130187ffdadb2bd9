/// How much a person's answer would tell a model, from 0 to 1.
package enum Uncertainty {
    /// Of detections: one is the less certain the nearer its confidence is to a half, and the least certain one counts.
    package static func ofDetections(_ confidences: some Sequence<Float>) -> Float {
        confidences.map { 1 - abs(2 * $0 - 1) }.max() ?? 0
    }

    /// Of a class: the smaller its lead over the next one, the less certain (margin sampling: Scheffer, Decomain and Wrobel,
    /// "Active hidden Markov models for information extraction", 2001).
    ///
    /// - Parameter probabilities: the largest first.
    package static func ofClasses(_ probabilities: [Float]) -> Float {
        1 - ((probabilities.first ?? 1) - (probabilities.dropFirst().first ?? 0))
    }
}
