import Foundation

/// Whether one of two models is better by more than chance (the sign test; for right and wrong it is McNemar's exact
/// test): were both equally good, each image on which they differ would be a coin's toss.
package enum SignTest {
    /// The probability of a difference as large as this or larger by chance alone, in both directions.
    ///
    /// - Parameters: on how many images the one was better, and on how many the other.
    package static func probability(_ first: Int, _ second: Int) -> Double {
        let count = first + second
        guard count > 0 else { return 1 }
        let tail = (0...min(first, second)).reduce(0) { sum, number in
            // The logarithm of the binomial coefficient over 2 to the count.
            let logarithm =
                lgamma(Double(count + 1)) - lgamma(Double(number + 1)) - lgamma(Double(count - number + 1))
                - Double(count) * log(2)
            return sum + exp(logarithm)
        }
        return min(1, 2 * tail)
    }
}
