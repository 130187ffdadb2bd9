import Switchback
import SwitchbackTraining

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
    /// The answers to a batch of examples.
    private struct Answers: Codable {
        let scores, targets: SharedTensor
        let loss: Double
    }

    /// Measures the classifier on examples.
    ///
    /// - Parameters:
    ///   - workers: threads that read images ahead of time.
    ///   - group: the processes that share the work; all get the result.
    ///   - form: how the classifier is computed: by default int8 where it is quantized, else as trained.
    /// - Throws: `InputError` where no image can be read.
    public func evaluate(
        _ examples: ClassificationExamples, workers: Int = 0, in group: ProcessGroup = .alone,
        form: InferenceForm? = nil
    ) throws -> ClassifierEvaluation {
        let inference = ClassifierInference(self, form: form)
        var lossSum = 0.0
        var evaluation = ClassifierEvaluation(metrics: ClassificationMetrics(classNames: configuration.classNames))
        let loader = DataLoader(
            sampler: SequentialSampler(examples.count), batchSize: Classifier.evaluationBatch, workers: workers
        ) { indices, _ in try examples.examples(at: indices) }
        let batches = loader.batches(epoch: 0, from: group.rank, every: group.size)
        try noGrad {
            try group.inTurns(loader.count) { _ in
                let batch = try batches.next()!.to(model.backend)
                let scores = try inference.scores(batch.input)
                return Answers(
                    scores: SharedTensor(scores), targets: SharedTensor(batch.target),
                    loss: scores.crossEntropy(batch.target).item())
            } fold: { answers in
                let (scores, targets) = (answers.scores.tensor, answers.targets.tensor)
                lossSum += answers.loss * Double(targets.count)
                evaluation.addMistakes(self, scores, targets, first: evaluation.metrics.count)
                evaluation.metrics.add(scores, targets)
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
