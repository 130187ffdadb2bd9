import Switchback
import SwitchbackTraining

/// Preference tuning: a language model and pairs of answers as a task for `Trainer`, which raises the probability of the
/// chosen answers over that of the rejected ones; see `PreferenceLoss`.
///
/// What a reference model, usually the one that the training begins with, says of the answers is measured once, by
/// `measureReference`, before anything is trained.
public final class PreferenceTask: TrainingTask {
    public struct Batch: Movable {
        /// The conversations that were chosen, then those that were rejected, int64 [2N, T].
        let tokens: Tensor
        /// The answers' tokens, and the positions in `tokens`, one after the other, of what they follow: int64 [count].
        let targets, places: Tensor
        /// The numbers of the conversations.
        let numbers: [Int]

        public func to(_ backend: any Backend.Type) -> Batch {
            Batch(
                tokens: tokens.to(backend), targets: targets.to(backend), places: places.to(backend), numbers: numbers)
        }

        var pairCount: Int { numbers.count / 2 }
    }

    public let name = "prefer"
    public let language: LanguageModel
    public let criterion: PreferenceLoss
    public let source: BatchSource<Batch>
    public let trainingCount: Int
    /// Conversations that are longer than the context; their ends are left away.
    public let cutCount: Int
    /// Pairs that are not used because their answers are the same within the context.
    public let tieCount: Int
    /// The pairs' conversations: the chosen one of pair i has the number 2i, the rejected one 2i + 1.
    private let conversations: EncodedConversations
    /// The numbers of the pairs that are held out, and of those that are trained with.
    private let validation, training: [Int]
    private let batchSize: Int
    /// log p of each conversation's answer by the reference; empty until measured, 0 where it is not used.
    private var reference: [Float] = []

    /// - Parameters:
    ///   - contextLength: how many tokens of a conversation are read; the model's own number by default.
    ///   - heldOut: which part of the pairs, at random, is kept for measuring.
    ///   - workers: threads that put batches together.
    /// - Throws: `InputError` where the tokenizer does not know a character or a mark, or too little is left to learn.
    public init(
        _ model: LanguageModel, _ tokenizer: any Tokenizer, _ template: ChatTemplate, on data: PreferenceData,
        _ criterion: PreferenceLoss = PreferenceLoss(), batchSize: Int, contextLength: Int? = nil,
        heldOut: Double = 0.1, seed: UInt64 = 0, workers: Int = 0
    ) throws {
        language = model
        self.criterion = criterion
        self.batchSize = batchSize
        try template.check(tokenizer)
        let length = contextLength ?? model.contextLength
        let conversations = try EncodedConversations(
            tokenizer, template, length: length, path: data.path,
            name: { "pair \($0 / 2 + 1), \($0 % 2 == 0 ? "chosen" : "rejected")" }
        ) { add in
            try data.forEach { chosen, rejected in
                try add(chosen)
                try add(rejected)
            }
        }
        self.conversations = conversations
        cutCount = conversations.cutCount
        let answered = (0..<data.count).filter { pair in
            [2 * pair, 2 * pair + 1].allSatisfy { conversations[$0].learned > 0 }
        }
        let usable = answered.filter { conversations[2 * $0].tokens != conversations[2 * $0 + 1].tokens }
        tieCount = answered.count - usable.count
        guard usable.count >= 2 else {
            throw InputError(
                data.path,
                "\(usable.count) of \(data.count) pairs have two different answers within \(length) tokens; 2 are needed",
                remedy: "use more pairs, or a model with a longer context")
        }
        let (validation, training) = EncodedConversations.split(usable, heldOut: heldOut, seed: seed)
        (self.validation, self.training) = (validation, training)
        trainingCount = training.count
        source = BatchSource(
            sampler: RandomSampler(training.count, seed: seed), batchSize: batchSize, workers: workers
        ) { indices, _ in PreferenceTask.batch(indices.map { training[$0] }, of: conversations) }
    }

    public var model: Module { language }
    public var parameterGroups: [ParameterGroup] { language.decayingGroups }
    public var validationCount: Int { validation.count }

    private static func batch(_ pairs: [Int], of conversations: EncodedConversations) -> Batch {
        let numbers = pairs.map { 2 * $0 } + pairs.map { 2 * $0 + 1 }
        let (tokens, targets) = EncodedConversations.Example.batch(numbers.map { conversations[$0] })
        let values = targets.toArray(as: Int.self)
        let places = values.indices.filter { values[$0] >= 0 }
        return Batch(
            tokens: tokens, targets: Tensor(places.map { values[$0] }), places: Tensor(places), numbers: numbers)
    }

    // MARK: The reference

    /// Measures how likely a reference finds the answers; once, before a training, also before one that is resumed.
    ///
    /// - Parameters:
    ///   - other: the reference; the model as it is, if `nil`.
    ///   - group: the processes that train together, among which the work is divided.
    ///   - progress: is told how many of how many pairs are done.
    public func measureReference(
        _ other: LanguageModel? = nil, in group: ProcessGroup = .alone,
        progress: (_ done: Int, _ count: Int) throws -> Void = { _, _ in }
    ) throws {
        let model = other ?? language
        let wasTraining = model.isTraining
        model.eval()
        defer { model.train(wasTraining) }
        var found = [Float](repeating: 0, count: conversations.count)
        let batches = (validation + training).cut(into: batchSize)
        var next = 0
        try noGrad {
            try group.inTurns(batches.count) { number in
                let batch = PreferenceTask.batch(batches[number], of: conversations).to(model.backend)
                return model.logProbabilities(of: batch.targets, at: batch.places, in: batch.tokens)
                    .toArray(as: Float.self)
            } fold: { values in
                let pairs = batches[next]
                for (index, pair) in pairs.enumerated() {
                    found[2 * pair] = values[index]
                    found[2 * pair + 1] = values[pairs.count + index]
                }
                next += 1
                try progress(
                    min(next * batchSize, validation.count + training.count), validation.count + training.count)
            }
        }
        reference = found
    }

    // MARK: The loss

    private func values(_ batch: Batch) -> PreferenceLoss.Values {
        guard !reference.isEmpty else {
            fail("PreferenceTask", "measureReference() was not called before the training")
        }
        let logProbabilities = language.logProbabilities(of: batch.targets, at: batch.places, in: batch.tokens)
        let reference = Tensor(batch.numbers.map { self.reference[$0] }).to(language.backend)
        return criterion(logProbabilities, reference: reference)
    }

    public func loss(_ batch: Batch) -> BatchLoss {
        let values = values(batch)
        let total = language.takeRoutingLoss().map { values.loss + $0 } ?? values.loss
        return BatchLoss(total, items: values.items, count: batch.pairCount)
    }

    /// The loss, the share of pairs whose chosen answer has the higher reward, how much higher it is, and the rewards.
    public func validate() throws -> Metrics { try validate(in: .alone) }

    public func validate(in group: ProcessGroup) throws -> Metrics {
        let batches = validation.cut(into: batchSize)
        var sums = Metrics()
        var next = 0
        try group.inTurns(batches.count) { number in
            let loss = loss(PreferenceTask.batch(batches[number], of: conversations).to(language.backend))
            let numbers = Tensor.items([loss.total] + loss.items.map(\.value))
            return Metrics(zip(["loss"] + loss.items.map(\.name), numbers))
        } fold: { metrics in
            let count = Double(batches[next].count)
            for entry in metrics { sums[entry.name] = (sums[entry.name] ?? 0) + entry.value * count }
            next += 1
        }
        return Metrics(sums.map { ($0.name, $0.value / Double(validation.count)) })
    }

    public func fitness(_ metrics: Metrics) -> [Double] { [-(metrics["loss"] ?? .nan)] }
}

extension [Int] {
    /// The numbers in pieces of a size; the last one may have fewer.
    fileprivate func cut(into size: Int) -> [[Int]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
