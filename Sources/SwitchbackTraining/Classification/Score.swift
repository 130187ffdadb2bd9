import Switchback

/// What came of a classifier's predictions over some batches.
public struct Score {
    public private(set) var count = 0
    private var lossSum = 0.0
    /// How many examples of each class (by row) were taken for each class (by column).
    public private(set) var confusion: [[Int]]

    init(classCount: Int) {
        confusion = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: classCount)
    }

    /// The mean over the examples.
    public var loss: Double { lossSum / Double(max(count, 1)) }

    /// The share of examples of which the highest score is that of their class: from 0 to 1.
    public var accuracy: Double { Double(correct) / Double(max(count, 1)) }

    private var correct: Int { confusion.indices.reduce(0) { $0 + confusion[$1][$1] } }

    public var metrics: Metrics { ["loss": loss, "accuracy": accuracy] }

    /// Adds a batch by its scores [N, classes] and targets [N].
    mutating func add(_ scores: Tensor, _ targets: Tensor) {
        for (guess, target) in zip(scores.guesses, targets.toArray(as: Int.self)) { confusion[target][guess] += 1 }
        lossSum += scores.crossEntropy(targets).item() * Double(targets.count)
        count += targets.count
    }

    /// How well one class is told from the others, each from 0 to 1; not a number where there is nothing to divide by.
    public struct ClassScore {
        /// Of the examples taken for the class, the share that is of it.
        public let precision: Double
        /// Of the examples of the class, the share that was taken for it.
        public let recall: Double
        /// The harmonic mean of both (van Rijsbergen, "Information Retrieval", 1979).
        public let f1: Double
    }

    /// One for each class, in their order.
    public var classes: [ClassScore] {
        confusion.indices.map { index in
            let hits = Double(confusion[index][index])
            let taken = Double(confusion.reduce(0) { $0 + $1[index] })
            let present = Double(confusion[index].reduce(0, +))
            return ClassScore(precision: hits / taken, recall: hits / present, f1: 2 * hits / (taken + present))
        }
    }
}

extension Tensor {
    /// The class with the highest score in each row of [N, classes].
    var guesses: [Int] { detach().argmax(dim: 1).toArray(as: Int.self) }
}
