import Switchback
import SwitchbackTraining

/// Classification: a `Classifier` and its data as a task for `Trainer`.
public final class ClassificationTask: TrainingTask {
    public let name = "classify"
    public let classifier: Classifier
    public let data: ClassificationData
    public let source: BatchSource<Example>
    private let workers: Int

    /// A classifier with fresh weights, drawn from the default generator.
    ///
    /// - Parameters:
    ///   - augmentation: how images are changed; not at all by default.
    ///   - dropout: the share of features that training leaves out before the last layer; the network's own by default.
    /// - Throws: `InputError` where the data has no train split, or does not suit the model, the batch size or
    ///   the augmentation.
    public convenience init(
        _ kind: ClassifierKind, on data: ClassificationData, _ configuration: TrainingConfiguration,
        augmentation: ClassificationAugmentation? = nil, dropout: Double? = nil
    ) throws {
        try self.init(on: data, configuration, augmentation: augmentation) {
            try Classifier(kind, for: data, dropout: dropout)
        }
    }

    /// A classifier that `make` gives once the data has been found usable.
    init(
        on data: ClassificationData, _ configuration: TrainingConfiguration,
        augmentation: ClassificationAugmentation?, _ make: () throws -> Classifier
    ) throws {
        guard let examples = data.training else { throw InputError(data.path, "has no train split") }
        let batchSize = configuration.batch ?? min(64, examples.count)
        guard batchSize <= examples.count else {
            throw InputError(
                "batch size \(batchSize)", "is larger than the \(examples.count) training examples of \(data.path)")
        }
        if augmentation != nil && !examples.areImages {
            throw InputError(
                "augmentation", "augments images with 8-bit colors, which the inputs of \(data.path) are not")
        }
        guard data.classNames.count > 1 else {
            throw InputError(data.path, "all its examples are of one class, so there is nothing to learn")
        }
        try AvailableMemory.check(batch: batchSize, of: data.inputShape)
        self.data = data
        workers = configuration.workers
        classifier = try make()
        let seed = configuration.seed
        let shape = data.inputShape
        let steps = augmentation?.steps(height: shape[1], width: shape[2])
        source = BatchSource(
            sampler: RandomSampler(examples.count, seed: seed), batchSize: batchSize, workers: configuration.workers
        ) { indices, epoch in
            if let steps {
                return try examples.augmented(indices, by: steps) {
                    Generator(seed: seed, epoch: epoch, index: $0)
                }
            }
            return try examples.examples(at: indices)
        }
    }

    public var model: Module { classifier.model }
    public var metadata: [String: String] { classifier.metadata }

    public func place(ofExample number: Int) -> String? { data.training?.place(number, in: .train) }

    public func loss(_ batch: Example) throws -> BatchLoss {
        let scores = try classifier.scores(batch.input)
        let accuracy = noGrad { scores.argmax(dim: 1).eq(batch.target).to(.float32).mean() }
        return BatchLoss(
            scores.crossEntropy(batch.target), items: ["accuracy": accuracy], count: batch.target.count)
    }

    public func validate() throws -> Metrics { try validate(in: .alone) }

    public func validate(in group: ProcessGroup) throws -> Metrics {
        let evaluation = try classifier.evaluate(data.heldOut, workers: workers, in: group)
        let metrics = evaluation.metrics
        var figures: Metrics = ["loss": evaluation.loss, "accuracy": metrics.top1]
        if data.classNames.count > 5 { figures["top5"] = metrics.top5 }
        if let area = metrics.areaUnderCurve { figures["auc"] = area }
        return figures
    }

    /// The accuracy; where that is the same, the loss.
    public func fitness(_ metrics: Metrics) -> [Double] {
        [metrics["accuracy"] ?? .nan, -(metrics["loss"] ?? .nan)]
    }
}
