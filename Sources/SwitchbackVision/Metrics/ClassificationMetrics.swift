import Switchback

/// Classification metrics: top-1 and top-5 accuracy; precision, recall and F1 of each class; ROC-AUC for two classes;
/// and the confusion matrix.
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
    public private(set) var confusion: ConfusionMatrix
    private var hits = TopHits()
    /// For two classes: by how much the second one's score is higher, of examples of the first and of the second.
    private var margins: [[Double]] = [[], []]

    public init(classNames: [String]) {
        self.classNames = classNames
        confusion = ConfusionMatrix(classCount: classNames.count)
    }

    /// Adds a batch by its scores, logits or probabilities, [N, classes], and its classes [N].
    public mutating func add(_ scores: Tensor, _ targets: Tensor) {
        require(
            scores.rank == 2 && scores.shape[1] == classNames.count && targets.shape == [scores.shape[0]],
            "ClassificationMetrics",
            "scores \(scores.shape) of \(classNames.count) classes, and targets \(targets.shape)"
        )
        hits.add(scores, targets) { scores, guess, target in
            confusion.add(predicted: guess, actual: target)
            if scores.count == 2 { margins[target].append(scores[scores.startIndex + 1] - scores[scores.startIndex]) }
        }
    }

    public var count: Int { hits.count }
    public var top1: Double { hits.top1 }
    public var top5: Double { hits.top5 }

    public var classes: [ClassResult] {
        classNames.enumerated().map { index, name in
            let (precision, recall) = (confusion.precision(index), confusion.recall(index))
            return ClassResult(
                className: name, precision: precision, recall: recall, f1: harmonicMean(precision, recall),
                examples: confusion.actualCount(index))
        }
    }

    /// The most classes of which a table, or a whole confusion matrix, is of use.
    public static let tableLimit = 100

    /// A class that was taken for another, and how often.
    public struct NamedConfusion: Codable, Sendable {
        public let actual, predicted: String
        public let count: Int
    }

    /// Which classes were taken for which others, from the most frequent on; at most `tableLimit` pairs.
    public var mostConfused: [NamedConfusion] {
        confusion.confusions(Self.tableLimit).map {
            NamedConfusion(actual: classNames[$0.actual], predicted: classNames[$0.predicted], count: $0.count)
        }
    }

    /// The mean F1 over the classes, each counting as much as any other.
    public var macroF1: Double { classes.reduce(0) { $0 + $1.f1 } / Double(max(1, classNames.count)) }

    /// For two classes the area under the receiver operating characteristic: how probable it is that an example of the
    /// second class has a higher score for it than one of the first has (Hanley and McNeil, 1982), where equal ones
    /// count half. `nil` for other numbers of classes, and where one has no example.
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
