import Foundation
import Switchback
import SwitchbackLanguage
import SwitchbackTraining
import TestSupport
import Testing

/// What all language tasks have in common: the batches of a source, and steps that do not depend on how their examples
/// are cut into batches.
@Suite(.serialized) struct BatchTests {
    enum Kind: CaseIterable {
        case text, chat, prefer, sentiment, translate
    }

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private let words = ["red", "blue", "green", "one", "two", "three", "four"]

    private func options(_ change: (inout TrainingConfiguration) -> Void) -> TrainingConfiguration {
        var options = TrainingConfiguration()
        options.optimizer = .sgd
        options.lr = 1e-3
        options.steps = 1
        change(&options)
        return options
    }

    /// A task on a few examples of unequal lengths, whose weights are the same each time.
    private func task(_ kind: Kind, _ training: TrainingConfiguration) throws -> any TrainingTask {
        // Other tests draw numbers at the same time.
        try Generator.withDefault(Generator(seed: 3)) { try freshTask(kind, training) }
    }

    private func freshTask(_ kind: Kind, _ training: TrainingConfiguration) throws -> any TrainingTask {
        let lines = words.flatMap { a in
            words.prefix(4).map { b in [a, b, String(repeating: "\(a) ", count: b.count)] }
        }
        switch kind {
        case .text:
            return try LanguageTask(
                languageModel, on: textData, batchSize: training.batch ?? 4, seed: 3, workers: training.workers)
        case .chat:
            let data = lines.map {
                #"{"messages": [{"role": "user", "content": "\#($0[0])"}, {"role": "assistant", "content": "\#($0[2])"}]}"#
            }
            let path = try folder.write(data.joined(separator: "\n"), to: "chat.jsonl")
            let template = ChatTemplate(.plain)
            return try ChatTask(
                languageModel, CharacterTokenizer(charactersOf: "abcdefghijklmnopqrstuvwxyz UA:-\n"), template,
                on: ChatData(path),
                batchSize: training.batch ?? 4, contextLength: 48, seed: 3, workers: training.workers)
        case .prefer:
            let data = lines.map { #"{"prompt": "\#($0[0])", "chosen": "\#($0[2])", "rejected": "\#($0[1])"}"# }
            let task = try PreferenceTask(
                languageModel, CharacterTokenizer(charactersOf: "abcdefghijklmnopqrstuvwxyz UA:-\n"),
                ChatTemplate(.plain),
                on: PreferenceData(folder.write(data.joined(separator: "\n"), to: "pairs.jsonl")),
                batchSize: training.batch ?? 4, contextLength: 48, seed: 3, workers: training.workers)
            // Another one than the model, so that the pairs count differently.
            try task.measureReference(languageModel)
            return task
        case .sentiment:
            let data = lines.map { "\($0[2])\t\($0[1].count % 3)\n" }.joined()
            for name in ["train.tsv", "dev.tsv"] { _ = try folder.write(data, to: name) }
            return try SentimentTask(
                folder.path(""), batchSize: training.batch ?? 4, seed: 3, workers: training.workers)
        case .translate:
            for name in ["train", "val"] {
                _ = try folder.write(lines.map { "\($0[0]) \($0[1])\n" }.joined(), to: "\(name).en")
                _ = try folder.write(lines.map { "\($0[2])\n" }.joined(), to: "\(name).de")
            }
            var configuration = TranslationConfiguration()
            configuration.data = folder.path("")
            (configuration.vocabularySize, configuration.layers, configuration.width) = (290, 1, 32)
            configuration.dropout = 0
            configuration.training = training
            configuration.training.seed = 3
            return try configuration.makeTask()
        }
    }

    private var languageModel: LanguageModel {
        LanguageModelSize.gptMini.makeModel(vocabularySize: 128, contextLength: 48)
    }

    private var textData: TextData {
        get throws {
            let text = String(repeating: "the quick brown fox jumps over the lazy dog. ", count: 20)
            return try TextData.load(folder.write(text, to: "text.txt"))
        }
    }

    /// A task in whose model nothing is dropped.
    private final class Still: TrainingTask {
        let name = "still"
        let model: Module
        let source: BatchSource<() throws -> BatchLoss>

        init(_ task: some TrainingTask) {
            model = task.model
            source = Still.losses(of: task)
        }

        private static func losses<Task: TrainingTask>(of task: Task) -> BatchSource<() throws -> BatchLoss> {
            let count = task.source.count
            return BatchSource(sampler: SequentialSampler(count), batchSize: 1) { indices, epoch in
                let batch = try task.source.batches(epoch: epoch, from: indices[0])()
                return { try task.loss(#require(batch)) }
            }
        }

        func loss(_ batch: () throws -> BatchLoss) throws -> BatchLoss {
            model.eval()
            return try batch()
        }

        func validate() -> Metrics { [:] }
        func fitness(_ metrics: Metrics) -> [Double] { [] }
    }

    /// The gradients of the first step.
    private func gradients(of task: Still, _ options: TrainingConfiguration) throws -> [String: [Double]] {
        var found: [String: [Double]] = [:]
        let trainer = try Trainer(task, options)
        trainer.listeners.append { event in
            guard case .gradients = event else { return .continue }
            for (name, parameter) in task.model.namedParameters {
                found[name] = parameter.grad?.toArray(as: Double.self)
            }
            return .stop
        }
        _ = try trainer.run()
        return found
    }

    @Test(arguments: Kind.allCases) func aStepDoesNotDependOnTheSizeOfItsBatches(_ kind: Kind) throws {
        func first(_ batch: Int, _ accumulate: Int) throws -> [String: [Double]] {
            let options = options {
                $0.batch = batch
                $0.accumulate = accumulate
            }
            return try gradients(of: Still(task(kind, options)), options)
        }
        let whole = try first(4, 1)
        #expect(!whole.isEmpty)
        let largest = whole.values.joined().map(abs).max() ?? 0
        for (batch, accumulate) in [(1, 4), (2, 2)] {
            let parts = try first(batch, accumulate)
            #expect(Set(parts.keys) == Set(whole.keys))
            for (name, gradient) in whole {
                let difference = zip(gradient, parts[name] ?? []).map { abs($0 - $1) }.max() ?? .nan
                #expect(difference < 1e-5 * largest, "\(name) with \(accumulate) batches of \(batch): \(difference)")
            }
        }
    }

    /// The losses of all batches of two epochs, the second from its second batch on.
    private func losses<Task: TrainingTask>(_ task: Task) throws -> [Double] {
        task.model.eval()
        var losses: [Double] = []
        for (epoch, first) in [(0, 0), (1, 1)] {
            let next = task.source.batches(epoch: epoch, from: first)
            while let batch = try next() { losses.append(try task.loss(batch).total.item()) }
        }
        #expect(losses.count == 2 * task.source.count - 1)
        return losses
    }

    @Test(arguments: Kind.allCases) func batchesDoNotDependOnTheWorkers(_ kind: Kind) throws {
        func losses(_ workers: Int) throws -> [Double] {
            try self.losses(task(kind, options { $0.workers = workers }))
        }
        let alone = try losses(0)
        #expect(Set(alone).count > alone.count / 2)
        for workers in [1, 3] { #expect(try losses(workers) == alone) }
    }
}
