import Foundation
import Switchback
import SwitchbackTraining

/// Predicting the next token: what a `Trainer` needs to know of a language model and its text.
///
/// A batch is windows of the text that begin at random places, as in nanoGPT; an epoch is as many batches as the text
/// has windows, side by side.
public final class LanguageTask: TrainingTask {
    public struct Batch: Movable {
        /// int64 [N, context length].
        let tokens, targets: Tensor

        public func to(_ backend: any Backend.Type) -> Batch {
            Batch(tokens: tokens.to(backend), targets: targets.to(backend))
        }
    }

    public let name = "text"
    public let language: LanguageModel
    public let data: TextData
    /// How many tokens are read at once.
    public let contextLength: Int
    private let batchSize: Int
    private let seed: UInt64

    /// - Parameter batchSize: windows in a batch.
    /// - Throws: `InputError` where the text is too short.
    public init(
        _ model: LanguageModel, on data: TextData, batchSize: Int, contextLength: Int? = nil, seed: UInt64 = 0
    ) throws {
        language = model
        self.data = data
        self.contextLength = contextLength ?? model.contextLength
        self.batchSize = batchSize
        self.seed = seed
        for (name, tokens) in [("training", data.training), ("validation", data.validation)] {
            guard tokens.count > self.contextLength else {
                throw InputError(
                    "the \(name) text",
                    "it has \(tokens.count.counted("token")), and windows of \(self.contextLength) and the next are needed",
                    remedy: "take more text, or a shorter context")
            }
        }
        guard data.tokenizer.vocabularySize <= model.vocabularySize else {
            throw InputError(
                "tokenizer",
                "it has \(data.tokenizer.vocabularySize.counted("token")), and the model only \(model.vocabularySize)")
        }
    }

    public var model: Module { language }

    public var parameterGroups: [ParameterGroup] { language.decayingGroups }

    public var batchCount: Int { max(1, data.training.count / (batchSize * contextLength)) }

    public func batches(epoch: Int, from first: Int) -> () throws -> Batch? {
        var next = first
        return { [self] in
            guard next < batchCount else { return nil }
            defer { next += 1 }
            return batch(number: epoch * batchCount + next)
        }
    }

    private func batch(number: Int) -> Batch {
        // Each batch draws from numbers of its own, so that any of them can be made again.
        let generator = Generator(state: Generator.State(seed: seed, offset: UInt64(number) << 20))
        let starts = Tensor.randint(0..<data.training.count - contextLength, [batchSize], generator: generator)
        let (tokens, targets) = data.training.windows(at: starts.toArray(as: Int.self), length: contextLength)
        return Batch(tokens: tokens, targets: targets)
    }

    public func loss(_ batch: Batch) -> BatchLoss {
        BatchLoss(language.loss(batch.tokens, targets: batch.targets), count: batch.tokens.count)
    }

    public func validate() -> Metrics {
        let loss = language.meanLoss(on: data.validation, contextLength: contextLength)
        return ["loss": loss, "perplexity": exp(loss)]
    }

    public func fitness(_ metrics: Metrics) -> [Double] { [-(metrics["loss"] ?? .nan)] }
}

extension LanguageModel {
    /// The mean of −log p of each token but the first, in nats; its exponential is the perplexity. The text is read in
    /// windows side by side, so that the first tokens of each have little to go by.
    public func meanLoss(on tokens: TokenSequence, contextLength length: Int? = nil) -> Double {
        let length = length ?? contextLength
        let windowsAtATime = max(1, 4096 / length)
        var sum = 0.0
        noGrad {
            let whole = (tokens.count - 1) / length
            for first in stride(from: 0, to: whole, by: windowsAtATime) {
                let starts = (first..<min(first + windowsAtATime, whole)).map { $0 * length }
                sum += totalLoss(of: tokens, at: starts, length)
            }
            let rest = tokens.count - 1 - whole * length
            if rest > 0 { sum += totalLoss(of: tokens, at: [whole * length], rest) }
        }
        return sum / Double(tokens.count - 1)
    }

    private func totalLoss(of tokens: TokenSequence, at starts: [Int], _ length: Int) -> Double {
        let (tokens, targets) = tokens.windows(at: starts, length: length)
        let backend = outputWeight.backend
        return loss(tokens.to(backend), targets: targets.to(backend)).item() * Double(targets.count)
    }
}
