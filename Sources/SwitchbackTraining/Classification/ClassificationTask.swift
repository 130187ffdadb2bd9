import Switchback

/// Telling classes apart: what a `Trainer` needs to know of a `Classifier` and its data.
public final class ClassificationTask: TrainingTask {
    public let name = "classify"
    public let classifier: Classifier
    public let data: ClassificationData
    private let loader: DataLoader<Example, Never>

    /// A classifier with fresh weights, drawn from the default generator.
    ///
    /// - Throws: `InputError` where the data has no part to train with, or does not suit the model or the batch size.
    public init(_ kind: ClassifierKind, on data: ClassificationData, _ configuration: TrainingConfiguration) throws {
        guard let examples = data.training else { throw InputError(data.path, "has no part to train with") }
        let batchSize = configuration.batch ?? min(64, examples.count)
        guard batchSize <= examples.count else {
            throw InputError(
                "batch size \(batchSize)", "is larger than the \(examples.count) training examples of \(data.path)")
        }
        self.data = data
        classifier = try Classifier(kind, for: data)
        loader = DataLoader(
            examples, batchSize: batchSize, shuffle: true, seed: configuration.seed, workers: configuration.workers)
    }

    public var model: Module { classifier.model }
    public var metadata: [String: String] { classifier.metadata }
    public var batchCount: Int { loader.count }

    public func batches(epoch: Int, from first: Int) -> () throws -> Example? {
        let batches = loader.batches(epoch: epoch, from: first)
        return { batches.next() }
    }

    public func loss(_ batch: Example) -> BatchLoss {
        let scores = classifier.scores(batch.input)
        let count = batch.target.count
        let correct = zip(scores.guesses, batch.target.toArray(as: Int.self)).count { $0 == $1 }
        let accuracy = Double(correct) / Double(count)
        return BatchLoss(scores.crossEntropy(batch.target), items: ["accuracy": accuracy], count: count)
    }

    public func validate() -> Metrics { classifier.evaluate(data.heldOut).metrics }

    /// The accuracy; where that is the same, the loss.
    public func fitness(_ metrics: Metrics) -> [Double] {
        [metrics["accuracy"] ?? .nan, -(metrics["loss"] ?? .nan)]
    }
}
