import Switchback

/// How good a classifier is: the share of examples whose class it gave the highest score, or one of the five highest; each
/// class's precision, recall and F1; the area under the curve for two classes; and what was taken for what.
public struct ClassificationMetrics: Sendable {
    public struct ClassResult: Codable, Sendable {
        public let className: String
        /// Of the examples that were said to be of the class, the share that is.
        public let precision: Double
        /// Of the examples of the class, the share that was found.
        public let recall: Double
        public let f1: Double
        public let examples: Int
    }

    public let classNames: [String]
    public private(set) var count = 0
    public private(set) var confusion: ConfusionMatrix
    private var top1Count = 0
    private var top5Count = 0
    /// For two classes: by how much the second one's score is higher, of examples of the first and of the second.
    private var margins: [[Double]] = [[], []]

    public init(classNames: [String]) {
        self.classNames = classNames
        confusion = ConfusionMatrix(classCount: classNames.count)
    }

    /// Adds a batch by its scores, logits or probabilities, [N, classes], and its classes [N].
    public mutating func add(_ scores: Tensor, _ targets: Tensor) {
        precondition(
            scores.rank == 2 && scores.shape[1] == classNames.count && targets.shape == [scores.shape[0]],
            "ClassificationMetrics: scores \(scores.shape) of \(classNames.count) classes, and targets \(targets.shape)"
        )
        let values = scores.toArray(as: Double.self)
        for (row, target) in targets.toArray(as: Int.self).enumerated() {
            add(Array(values[row * classNames.count..<(row + 1) * classNames.count]), target)
        }
    }

    private mutating func add(_ scores: [Double], _ target: Int) {
        // Of equal scores the first is the guess; a score that is no number is never above another.
        let guess = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
        let better = scores.indices.count {
            scores[$0] > scores[target] || ($0 < target && scores[$0] == scores[target])
        }
        count += 1
        top1Count += guess == target ? 1 : 0
        top5Count += better < 5 && !scores[target].isNaN ? 1 : 0
        confusion.add(predicted: guess, actual: target)
        if scores.count == 2 { margins[target].append(scores[1] - scores[0]) }
    }

    public var top1: Double { Double(top1Count) / Double(max(1, count)) }
    public var top5: Double { Double(top5Count) / Double(max(1, count)) }

    public var classes: [ClassResult] {
        classNames.enumerated().map { index, name in
            let (precision, recall) = (confusion.precision(index), confusion.recall(index))
            return ClassResult(
                className: name, precision: precision, recall: recall, f1: harmonicMean(precision, recall),
                examples: confusion.counts.reduce(0) { $0 + $1[index] })
        }
    }

    /// The mean F1 over the classes, each counting as much as any other.
    public var macroF1: Double { classes.reduce(0) { $0 + $1.f1 } / Double(max(1, classNames.count)) }

    /// For two classes the area under the receiver operating characteristic: how probable it is that an example of the second
    /// class has a higher score for it than one of the first has (Hanley and McNeil, 1982), where equal ones count half.
    /// `nil` for other numbers of classes, and where one has no example.
    public var areaUnderCurve: Double? {
        let (negatives, positives) = (margins[0].count, margins[1].count)
        guard classNames.count == 2, negatives > 0, positives > 0 else { return nil }
        let values = margins[0].map { ($0, false) } + margins[1].map { ($0, true) }
        let sorted = values.sorted { $0.0 < $1.0 }
        var rankSum = 0.0
        var start = 0
        while start < sorted.count {
            var end = start + 1
            while end < sorted.count && sorted[end].0 == sorted[start].0 { end += 1 }
            let rank = Double(start + end + 1) / 2
            rankSum += rank * Double(sorted[start..<end].count { $0.1 })
            start = end
        }
        let least = Double(positives * (positives + 1)) / 2
        return (rankSum - least) / Double(positives * negatives)
    }
}
