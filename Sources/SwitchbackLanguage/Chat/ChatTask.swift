import Foundation
import Switchback
import SwitchbackTraining

/// Instruction tuning: what a `Trainer` needs to know of a language model and conversations. Only what the assistant says
/// is learned.
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

    /// A conversation as tokens, and for each but the first whether it is learned.
    private struct Example {
        let tokens: [Int]
        let isAnswer: [Bool]
        let beginning: [ChatMessage]

        var learned: Int { isAnswer.dropFirst().count { $0 } }
    }

    public let name = "chat"
    public let language: LanguageModel
    /// Conversations that are longer than the context; their ends are left away.
    public let cutCount: Int
    /// The beginning of a conversation that is held out, up to the assistant's first answer: to show what the model says.
    public let example: [ChatMessage]
    private let training, validation: [Example]
    private let batchSize: Int
    private let seed: UInt64

    /// - Parameters:
    ///   - contextLength: how many tokens of a conversation are read; the model's own number if left out.
    ///   - heldOut: which part of the conversations, at random, is kept for measuring.
    /// - Throws: `InputError` where the tokenizer does not know a character or a mark, or too little is left to learn.
    public init(
        _ model: LanguageModel, _ tokenizer: any Tokenizer, _ template: ChatTemplate, on data: ChatData, batchSize: Int,
        contextLength: Int? = nil, heldOut: Double = 0.1, seed: UInt64 = 0
    ) throws {
        language = model
        self.batchSize = batchSize
        self.seed = seed
        try template.check(tokenizer)
        let length = contextLength ?? model.contextLength
        let encoded = try data.conversations.enumerated().map { index, messages in
            do {
                return try template.encode(messages, with: tokenizer, awaitingAnswer: false)
            } catch let error as InputError {
                throw InputError(data.path, at: "conversation \(index + 1)", error.problem, remedy: error.remedy)
            }
        }
        cutCount = encoded.count { $0.tokens.count > length + 1 }
        let examples = zip(encoded, data.conversations).map { encoded, messages in
            Example(
                tokens: Array(encoded.tokens.prefix(length + 1)), isAnswer: Array(encoded.isAnswer.prefix(length + 1)),
                beginning: Array(messages.prefix { $0.role != .assistant }))
        }.filter { $0.learned > 0 }
        guard examples.count >= 2 else {
            throw InputError(
                data.path,
                "\(examples.count) of \(encoded.count) conversations have an answer within \(length) tokens; 2 are needed",
                remedy: "take more conversations, or a model with a longer context")
        }
        let order = Tensor.randperm(examples.count, generator: Generator(seed: seed)).toArray(as: Int.self)
        let kept = min(max(1, Int(Double(examples.count) * heldOut)), examples.count - 1)
        validation = order.prefix(kept).map { examples[$0] }
        training = order.dropFirst(kept).map { examples[$0] }
        example = validation[0].beginning
    }

    public var model: Module { language }
    public var parameterGroups: [ParameterGroup] { language.decayingGroups }
    public var trainingCount: Int { training.count }
    public var validationCount: Int { validation.count }
    public var batchCount: Int { (training.count + batchSize - 1) / batchSize }

    public func batches(epoch: Int, from first: Int) -> () throws -> Batch? {
        let generator = Generator(state: Generator.State(seed: seed, offset: UInt64(epoch + 1) << 32))
        let order = Tensor.randperm(training.count, generator: generator).toArray(as: Int.self)
        var next = first
        return { [self] in
            guard next < batchCount else { return nil }
            defer { next += 1 }
            let chosen = order[next * batchSize..<min((next + 1) * batchSize, order.count)]
            return ChatTask.batch(chosen.map { training[$0] })
        }
    }

    private static func batch(_ examples: [Example]) -> Batch {
        let length = (examples.map(\.tokens.count).max() ?? 1) - 1
        var tokens: [Int] = []
        var targets: [Int] = []
        for example in examples {
            let count = example.tokens.count - 1
            let padding = length - count
            // What is after the end is seen by nothing that is learned.
            tokens += example.tokens.prefix(count) + Array(repeating: 0, count: padding)
            targets += (0..<count).map { example.isAnswer[$0 + 1] ? example.tokens[$0 + 1] : -100 }
            targets += Array(repeating: -100, count: padding)
        }
        let shape: Shape = [examples.count, length]
        return Batch(
            tokens: Tensor(tokens, shape: shape), targets: Tensor(targets, shape: shape),
            count: examples.reduce(0) { $0 + $1.learned })
    }

    public func loss(_ batch: Batch) -> BatchLoss {
        BatchLoss(language.loss(batch.tokens, targets: batch.targets), count: batch.count)
    }

    /// The mean of −log p of what the assistant says in the conversations that are held out.
    public func validate() -> Metrics {
        var (sum, count) = (0.0, 0)
        for start in stride(from: 0, to: validation.count, by: batchSize) {
            let batch = ChatTask.batch(Array(validation[start..<min(start + batchSize, validation.count)]))
                .to(language.backend)
            sum += language.loss(batch.tokens, targets: batch.targets).item() * Double(batch.count)
            count += batch.count
        }
        let loss = sum / Double(count)
        return ["loss": loss, "perplexity": exp(loss)]
    }

    public func fitness(_ metrics: Metrics) -> [Double] { [-(metrics["loss"] ?? .nan)] }
}
