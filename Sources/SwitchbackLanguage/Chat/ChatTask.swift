import Foundation
import Switchback
import SwitchbackTraining

/// Instruction tuning: a language model and conversations as a task for `Trainer`. Only the assistant's messages are
/// learned.
public final class ChatTask: TrainingTask {
    public struct Batch: Movable {
        /// int64 [N, T]; the targets are −100 where nothing is learned.
        let tokens, targets: Tensor
        /// Tokens that are learned.
        let count: Int

        public func to(_ backend: any Backend.Type) -> Batch {
            Batch(tokens: tokens.to(backend), targets: targets.to(backend), count: count)
        }
    }

    public let name = "chat"
    public let language: LanguageModel
    /// Conversations that are longer than the context; their ends are left away.
    public let cutCount: Int
    /// The beginning of a conversation that is held out, up to the assistant's first answer: to show what the model
    /// says.
    public let example: [ChatMessage]
    public let source: BatchSource<Batch>
    public let trainingCount: Int
    let conversations: EncodedConversations
    /// The numbers of the conversations that are held out.
    let validation: [Int]
    /// The numbers of those that are trained with.
    let trainingNumbers: [Int]
    private let batchSize: Int

    /// - Parameters:
    ///   - contextLength: how many tokens of a conversation are read; the model's own number by default.
    ///   - heldOut: which part of the conversations, at random, is kept for measuring.
    ///   - workers: threads that put batches together.
    /// - Throws: `InputError` where the tokenizer does not know a character or a mark, or too little is left to learn.
    public init(
        _ model: LanguageModel, _ tokenizer: any Tokenizer, _ template: ChatTemplate, on data: ChatData, batchSize: Int,
        contextLength: Int? = nil, heldOut: Double = 0.1, seed: UInt64 = 0, workers: Int = 0
    ) throws {
        language = model
        self.batchSize = batchSize
        try template.check(tokenizer)
        let length = contextLength ?? model.contextLength
        let conversations = try EncodedConversations(
            tokenizer, template, length: length, path: data.path, forEach: data.forEach)
        self.conversations = conversations
        cutCount = conversations.cutCount
        let usable = (0..<conversations.count).filter { conversations[$0].learned > 0 }
        guard usable.count >= 2 else {
            throw InputError(
                data.path,
                "\(usable.count) of \(data.count) conversations have an answer within \(length) tokens; 2 are needed",
                remedy: "use more conversations, or a model with a longer context")
        }
        let (validation, training) = EncodedConversations.split(usable, heldOut: heldOut, seed: seed)
        self.validation = validation
        trainingNumbers = training
        trainingCount = training.count
        source = BatchSource(
            sampler: RandomSampler(training.count, seed: seed), batchSize: batchSize, workers: workers
        ) { indices, _ in ChatTask.batch(indices.map { conversations[training[$0]] }) }
        example = Array(try data.conversation(validation[0]).messages.prefix { $0.role != .assistant })
    }

    public var model: Module { language }
    public var parameterGroups: [ParameterGroup] { language.decayingGroups }
    public var validationCount: Int { validation.count }

    private static func batch(_ examples: [EncodedConversations.Example]) -> Batch {
        let (tokens, targets) = EncodedConversations.Example.batch(examples)
        return Batch(tokens: tokens, targets: targets, count: examples.reduce(0) { $0 + $1.learned })
    }

    public func loss(_ batch: Batch) -> BatchLoss {
        BatchLoss(language.loss(batch.tokens, targets: batch.targets), count: batch.count)
    }

    /// The mean of −log p of what the assistant says in the conversations that are held out.
    public func validate() throws -> Metrics { try validate(in: .alone) }

    public func validate(in group: ProcessGroup) throws -> Metrics {
        var mean = TokenMean()
        let batchCount = (validation.count + batchSize - 1) / batchSize
        try group.inTurns(batchCount) { number in
            let numbers = validation[number * batchSize..<min((number + 1) * batchSize, validation.count)]
            let batch = ChatTask.batch(numbers.map { conversations[$0] }).to(language.backend)
            return TokenMean(
                mean: language.loss(batch.tokens, targets: batch.targets).item(), count: batch.count)
        } fold: {
            mean.add($0)
        }
        return ["loss": mean.value, "perplexity": exp(mean.value)]
    }

    public func fitness(_ metrics: Metrics) -> [Double] { [-(metrics["loss"] ?? .nan)] }
}
