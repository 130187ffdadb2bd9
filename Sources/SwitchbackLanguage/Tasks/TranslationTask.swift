import Foundation
import Switchback
import SwitchbackTraining

/// The options of `switchback translate train`.
public struct TranslationConfiguration: ExtendedTrainingConfiguration {
    /// A folder with `train` and `val` in both languages; see `ParallelText`.
    public var data = ""
    /// The endings of the files to translate from and to.
    public var source = "en"
    public var target = "de"
    /// Tokens of each language.
    public var vocabularySize = 8000
    /// Of the encoder, and of the decoder.
    public var layers = 3
    /// Numbers in each vector; a multiple of 32, which is the width of a head.
    public var width = 256
    public var dropout = 0.2
    public var training = TranslationConfiguration.trainingDefaults

    public static let ranges: [String: NumberRange] = [
        "vocabulary_size": LanguageTrainingConfiguration.vocabularySizes, "layers": .from(1, to: 1000),
        "width": .multiples(of: 32, to: 8192), "dropout": .from(0, below: 1),
    ]

    public init() {}

    private static var trainingDefaults: TrainingConfiguration {
        var training = TrainingConfiguration()
        training.epochs = 20
        training.batch = 64
        training.lr = 7e-4
        training.clipNorm = 1
        training.schedule = .cosine
        training.warmupEpochs = 2
        return training
    }

    /// The task that this describes: its data read, tokenizers learned, its model fresh, drawn from the seed.
    public func makeTask() throws -> TranslationTask {
        try check()
        let pairs = try ParallelText(data, "train", from: source, to: target)
        let heldOut = try ParallelText(data, "val", from: source, to: target)
        manualSeed(training.seed)
        let translator = try Translator(
            learningFrom: pairs, vocabularySize: vocabularySize, layers: layers, width: width, dropout: dropout)
        return try TranslationTask(
            translator, training: pairs, validation: heldOut, batchSize: training.batch ?? 64,
            accumulate: training.accumulate, seed: training.seed, workers: training.workers)
    }
}

/// Translation as a task for `Trainer`.
public final class TranslationTask: TrainingTask {
    public struct Batch: Movable {
        /// int64 [N, S] and [N, T]; after the end of a target stands −100.
        let source, target: Tensor
        /// bool [N, S], true after the end of a source.
        let padding: Tensor
        let tokens: Int

        public func to(_ backend: any Backend.Type) -> Batch {
            Batch(
                source: source.to(backend), target: target.to(backend), padding: padding.to(backend), tokens: tokens)
        }
    }

    typealias Pair = (source: [Int], target: [Int])

    public let name = "translate"
    public let translator: Translator
    /// A sentence of the held-out text, to show how translations become better.
    public let example: String
    public let source: BatchSource<Batch>
    let training, validation: [Pair]

    /// - Parameters:
    ///   - accumulate: the batches of a step: sentences of about one length come together in it.
    ///   - workers: threads that put batches together.
    public init(
        _ translator: Translator, training: ParallelText, validation: ParallelText, batchSize: Int,
        accumulate: Int = 1, seed: UInt64, workers: Int = 0
    ) throws {
        func pairs(_ text: ParallelText) throws -> [Pair] {
            guard !text.sources.isEmpty else { throw InputError(text.path, "there are no sentences") }
            return try zip(text.sources, text.targets).map {
                (try translator.sourceTokens($0), try translator.targetTokens($1))
            }
        }
        self.translator = translator
        example = validation.sources.first ?? ""
        let training = try pairs(training)
        self.training = training
        self.validation = try pairs(validation)
        source = BatchSource(
            sampler: LengthSampler(training.map(\.target.count), together: batchSize * accumulate, seed: seed),
            batchSize: batchSize, workers: workers
        ) { indices, _ in Self.batch(indices.map { training[$0] }) }
    }

    public var model: Module { translator.model }

    private static func batch(_ pairs: [Pair]) -> Batch {
        func padded(_ rows: [[Int]], with value: Int) -> Tensor {
            let length = rows.map(\.count).max() ?? 0
            return Tensor(
                rows.flatMap { $0 + Array(repeating: value, count: length - $0.count) }, shape: [rows.count, length])
        }
        let marked = padded(pairs.map(\.source), with: -1)
        let padding = marked.lt(0)
        return Batch(
            source: marked.maskedFill(padding, 0), target: padded(pairs.map(\.target), with: -100), padding: padding,
            tokens: pairs.reduce(0) { $0 + $1.target.count - 1 })
    }

    public func loss(_ batch: Batch) -> BatchLoss {
        let loss = translator.model.loss(batch.source, batch.target, padding: batch.padding, labelSmoothing: 0.1)
        return BatchLoss(loss, count: batch.tokens)
    }

    /// The mean of −log p of the tokens of the held-out translations, without smoothing.
    public func validate() throws -> Metrics { try validate(in: .alone) }

    public func validate(in group: ProcessGroup) throws -> Metrics {
        var mean = TokenMean()
        let batchSize = 64
        try group.inTurns((validation.count + batchSize - 1) / batchSize) { number in
            let pairs = validation[number * batchSize..<min((number + 1) * batchSize, validation.count)]
            let batch = Self.batch(Array(pairs)).to(model.backend)
            let loss = translator.model.loss(batch.source, batch.target, padding: batch.padding)
            return TokenMean(mean: loss.item(), count: batch.tokens)
        } fold: {
            mean.add($0)
        }
        return ["loss": mean.value]
    }

    public func fitness(_ metrics: Metrics) -> [Double] { [-(metrics["loss"] ?? .nan)] }
}
