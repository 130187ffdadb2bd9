import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// The options of `switchback sentiment train`.
public struct SentimentConfiguration: ExtendedTrainingConfiguration {
    /// A folder with `train.tsv` and `dev.tsv`: a sentence, a tab and its class on each line.
    public var data = ""
    public var training = SentimentConfiguration.trainingDefaults

    public init() {}

    private static var trainingDefaults: TrainingConfiguration {
        var training = TrainingConfiguration()
        training.epochs = 6
        training.batch = 64
        training.lr = 3e-3
        training.schedule = .constant
        return training
    }

    /// The task that this describes: its data read, its model fresh, drawn from the seed.
    public func makeTask() throws -> SentimentTask {
        try check()
        manualSeed(training.seed)
        return try SentimentTask(
            data, batchSize: training.batch ?? 64, seed: training.seed, workers: training.workers)
    }
}

/// Sentence classification as a task for `Trainer`.
public final class SentimentTask: TrainingTask {
    public struct Batch: Movable {
        let sentences: [String]
        let labels: Tensor

        public func to(_ backend: any Backend.Type) -> Batch {
            Batch(sentences: sentences, labels: labels.to(backend))
        }
    }

    public let name = "sentiment"
    public let classifier: SentenceClassifier
    public let source: BatchSource<Batch>
    let training, validation: LabeledSentences

    /// A classifier that begins with naive Bayes; what else its weights are comes from the default generator.
    ///
    /// - Parameters:
    ///   - folder: holds `train.tsv` and `dev.tsv`, a sentence, a tab and a class on each line.
    ///   - workers: threads that put batches together.
    public init(_ folder: String, batchSize: Int, seed: UInt64, workers: Int = 0) throws {
        func read(_ name: String) throws -> LabeledSentences {
            try LabeledSentences(Folder.join(folder, name))
        }
        let training = try read("train.tsv")
        self.training = training
        validation = try read("dev.tsv")
        let classes = Set(training.labels).sorted()
        guard classes.count >= 2 else { throw InputError(training.path, "all sentences are of one class") }
        try validation.checkClasses(classes)
        guard training.sentences.contains(where: { !SentenceClassifier.terms(of: $0).isEmpty }) else {
            throw InputError(training.path, "there are no words in its sentences")
        }
        classifier = SentenceClassifier(naiveBayes: training)
        let numbers = Dictionary(uniqueKeysWithValues: classifier.classes.enumerated().map { ($1, $0) })
        source = BatchSource(
            sampler: RandomSampler(training.sentences.count, seed: seed),
            batchSize: min(batchSize, training.sentences.count), dropLast: true, workers: workers
        ) { indices, _ in
            Batch(
                sentences: indices.map { training.sentences[$0] },
                labels: Tensor(indices.map { numbers[training.labels[$0]] ?? 0 }))
        }
    }

    public var model: Module { classifier }
    public var metadata: [String: String] { classifier.metadata }

    public func place(ofExample number: Int) -> String? { training.place(number) }

    public func loss(_ batch: Batch) -> BatchLoss {
        BatchLoss(classifier(batch.sentences).crossEntropy(batch.labels), count: batch.sentences.count)
    }

    public func validate() throws -> Metrics { ["accuracy": try classifier.accuracy(on: validation)] }
    public func fitness(_ metrics: Metrics) -> [Double] { [metrics["accuracy"] ?? .nan] }
}
