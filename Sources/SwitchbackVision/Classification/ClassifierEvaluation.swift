import Switchback

/// The evaluation of a classifier on some examples.
public struct ClassifierEvaluation {
    /// An example that was taken for another class.
    public struct Mistake {
        /// Its number among the examples.
        public let index: Int
        public let actual: Int
        public let predicted: Classifier.Prediction
        /// The cross-entropy: the less probable its own class was, the greater.
        public let loss: Double
    }

    /// The mean cross-entropy.
    public fileprivate(set) var loss = 0.0
    public fileprivate(set) var metrics: ClassificationMetrics
    /// Those whose own class was least probable, the worst first.
    public fileprivate(set) var worstMistakes: [Mistake] = []

    /// How many mistakes are kept.
    fileprivate static let keptMistakes = 16
}

extension Classifier {
    /// Measures the classifier on examples.
    ///
    /// - Parameter workers: threads that read images ahead of time.
    /// - Throws: `InputError` where no image can be read.
    public func evaluate(_ examples: ClassificationExamples, workers: Int = 0) throws -> ClassifierEvaluation {
        model.eval()
        var lossSum = 0.0
        var evaluation = ClassifierEvaluation(metrics: ClassificationMetrics(classNames: configuration.classNames))
        let loader = DataLoader(
            sampler: SequentialSampler(examples.count), batchSize: Classifier.evaluationBatch, workers: workers
        ) { indices, _ in try examples.examples(at: indices) }
        let batches = loader.batches(epoch: 0)
        try noGrad {
            while let batch = try batches.next()?.to(model.backend) {
                let scores = scores(batch.input)
                lossSum += scores.crossEntropy(batch.target).item() * Double(batch.target.count)
                evaluation.addMistakes(self, scores, batch.target, first: evaluation.metrics.count)
                evaluation.metrics.add(scores, batch.target)
            }
        }
        evaluation.loss = lossSum / Double(max(1, evaluation.metrics.count))
        return evaluation
    }
}

extension ClassifierEvaluation {
    /// Notes the mistakes of a batch, of which the first example has the number `first`.
    fileprivate mutating func addMistakes(_ classifier: Classifier, _ scores: Tensor, _ targets: Tensor, first: Int) {
        let losses = -scores.logSoftmax(dim: 1).gather(dim: 1, index: targets.unsqueeze(1))
        let results = zip(targets.toArray(as: Int.self), losses.toArray(as: Double.self))
        for (offset, (prediction, (actual, loss))) in zip(classifier.predictions(scores), results).enumerated()
        where prediction.classIndex != actual {
            worstMistakes.append(Mistake(index: first + offset, actual: actual, predicted: prediction, loss: loss))
        }
        worstMistakes.sort { ($1.loss, $0.index) < ($0.loss, $1.index) }
        worstMistakes = Array(worstMistakes.prefix(Self.keptMistakes))
    }
}
