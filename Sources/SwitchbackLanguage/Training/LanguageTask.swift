import Foundation
import Switchback
import SwitchbackTraining

/// Next-token prediction: a language model and its text as a task for `Trainer`.
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
    public let source: BatchSource<Batch>
    /// How many windows of the held-out text are measured.
    private let validationWindows: Int

    /// The tokens of the windows that a validation reads, if nothing else is requested.
    public static let validationTokens = 131_072

    /// - Parameters:
    ///   - batchSize: windows in a batch.
    ///   - validationWindows: how many windows of the held-out text a validation reads, evenly spread over it; as many
    ///     as have `validationTokens` tokens by default, and all if there are fewer.
    ///   - workers: threads that put batches together.
    /// - Throws: `InputError` where the text is too short.
    public init(
        _ model: LanguageModel, on data: TextData, batchSize: Int, contextLength length: Int? = nil,
        validationWindows: Int? = nil, seed: UInt64 = 0, workers: Int = 0
    ) throws {
        language = model
        self.data = data
        let contextLength = length ?? model.contextLength
        self.contextLength = contextLength
        self.validationWindows = validationWindows ?? max(1, Self.validationTokens / contextLength)
        for (name, tokens) in [("training", data.training), ("validation", data.validation)] {
            guard tokens.count > contextLength else {
                throw InputError(
                    "the \(name) text",
                    "it has \(tokens.count.counted("token")), and windows of \(contextLength) and the next are needed",
                    remedy: "use more text, or a shorter context")
            }
        }
        guard data.tokenizer.vocabularySize <= model.vocabularySize else {
            throw InputError(
                "tokenizer",
                "it has \(data.tokenizer.vocabularySize.counted("token")), and the model only \(model.vocabularySize)")
        }
        source = BatchSource(
            sampler: WindowSampler(
                data.training.count, windowLength: contextLength, multipleOf: batchSize, seed: seed),
            batchSize: batchSize, workers: workers
        ) { starts, _ in
            let (tokens, targets) = data.training.windows(at: starts, length: contextLength)
            return Batch(tokens: tokens, targets: targets)
        }
    }

    public var model: Module { language }

    public var parameterGroups: [ParameterGroup] { language.decayingGroups }

    public func loss(_ batch: Batch) -> BatchLoss {
        BatchLoss(language.loss(batch.tokens, targets: batch.targets), count: batch.tokens.count)
    }

    public func validate() throws -> Metrics { try validate(in: .alone) }

    public func validate(in group: ProcessGroup) throws -> Metrics {
        let loss = try language.meanLoss(
            on: data.validation, contextLength: contextLength, windowLimit: validationWindows, in: group)
        return ["loss": loss, "perplexity": exp(loss)]
    }

    public func fitness(_ metrics: Metrics) -> [Double] { [-(metrics["loss"] ?? .nan)] }
}

extension LanguageModel {
    /// The mean of −log p of each token but the first, in nats; its exponential is the perplexity. The text is read in
    /// windows side by side, so that the first tokens of each have little to go by.
    ///
    /// - Parameters:
    ///   - windowLimit: how many windows are read, evenly spread over the text, where it has more; all of them by default.
    ///   - group: the processes that share the work; all get the result.
    public func meanLoss(
        on tokens: TokenSequence, contextLength length: Int? = nil, windowLimit: Int? = nil,
        in group: ProcessGroup = .alone
    ) throws -> Double {
        let length = length ?? contextLength
        let windowsAtATime = max(1, 4096 / length)
        let whole = (tokens.count - 1) / length
        let read = min(windowLimit ?? whole, whole)
        let rest = read < whole ? 0 : tokens.count - 1 - whole * length
        var readings = stride(from: 0, to: read, by: windowsAtATime).map { first in
            // The i-th of n windows that are read is the (i · all / n)-th of all.
            (
                starts: (first..<min(first + windowsAtATime, read)).map { $0 * whole / read * length }, length: length,
                isLast: false
            )
        }
        // A text is read to its end, as in Transformers: angles that change with the length are those of all of it.
        if rest > 0 { readings.append((starts: [whole * length], length: rest, isLast: true)) }
        var sum = 0.0
        try group.inTurns(readings.count) { number in
            let (starts, length, isLast) = readings[number]
            return noGrad { totalLoss(of: tokens, at: starts, length, readingLast: isLast) }
        } fold: {
            sum += $0
        }
        return sum / Double(read * length + rest)
    }

    /// - Parameter readingLast: whether the model also reads the last token, behind which there is nothing to tell.
    private func totalLoss(
        of sequence: TokenSequence, at starts: [Int], _ length: Int, readingLast: Bool
    ) -> Double {
        var (tokens, targets) = sequence.windows(at: starts, length: length)
        let count = Double(targets.count)
        if readingLast {
            tokens = Tensor.cat([tokens, targets.narrow(dim: 1, start: length - 1, length: 1)], dim: 1)
            targets = Tensor.cat([targets, Tensor([[-100]])], dim: 1)
        }
        let backend = outputWeight.backend
        return loss(tokens.to(backend), targets: targets.to(backend)).item() * count
    }
}
