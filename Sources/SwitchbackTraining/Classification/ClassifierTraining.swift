import Switchback

/// How a classifier is trained. Every option has a default here, and nowhere else.
public struct ClassifierTraining: Codable, Sendable {
    public var epochs = 10
    /// `nil` is 64, or all examples where there are fewer.
    public var batchSize: Int?
    public var optimizer = OptimizerKind.adam
    /// The highest rate of the schedule; `nil` is what suits the optimizer and the schedule.
    public var learningRate: Double?
    /// `nil` is the optimizer's own default.
    public var momentum: Double?
    /// `nil` is the optimizer's own default.
    public var weightDecay: Double?
    public var schedule = ScheduleKind.oneCycle
    /// What the weights at the start and the order of the examples depend on.
    public var seed: UInt64 = 0
    /// Threads that put batches together.
    public var workers = 1

    public init() {}

    /// A classifier trained on the training part of some data.
    ///
    /// - Parameters:
    ///   - run: where weights are saved after each epoch: `last.safetensors`, and `best.safetensors` when the held-out
    ///     accuracy is the best so far.
    ///   - progress: is told of every batch and epoch, and decides whether to go on.
    /// - Throws: `InputError` where data and options do not fit each other, the loss is no number any more, or weights
    ///   cannot be saved; and what `progress` throws.
    public func train(
        _ kind: ClassifierKind, on data: ClassificationData, saveTo run: RunFolder? = nil,
        progress: (TrainingEvent) throws -> TrainingDecision = { _ in .continue }
    ) throws -> (classifier: Classifier, epochs: [EpochResult]) {
        guard let examples = data.training else { throw InputError(data.path, "has no part to train with") }
        let batchSize = batchSize ?? min(64, examples.count)
        guard epochs > 0, batchSize > 0 else {
            throw InputError("training", "needs at least 1 epoch and 1 example in a batch")
        }
        guard batchSize <= examples.count else {
            throw InputError(
                "batch size \(batchSize)", "is larger than the \(examples.count) training examples of \(data.path)")
        }
        manualSeed(seed)
        let classifier = try Classifier(kind, for: data)
        let loader = DataLoader(examples, batchSize: batchSize, shuffle: true, seed: seed, workers: workers)
        let optimizers = ScheduledOptimizers(self, for: classifier.model, steps: epochs * loader.count)
        var results: [EpochResult] = []
        for epoch in 1...epochs {
            let pass = TrainingPass(
                classifier: classifier, optimizers: optimizers, loader: loader, epoch: epoch, epochCount: epochs)
            guard let training = try pass.run(progress) else { break }
            let heldOut = classifier.evaluate(data.heldOut)
            let isBest = results.allSatisfy { heldOut.isBetter(than: $0.heldOut) }
            try run?.save(classifier, isBest: isBest)
            results.append(
                EpochResult(
                    epoch: epoch, epochCount: epochs, training: training, heldOut: heldOut, isBest: isBest,
                    seconds: pass.elapsed))
            if try progress(.epoch(results[results.count - 1])) == .stop { break }
        }
        return (classifier, results)
    }
}

/// What a training tells whoever watches it.
public enum TrainingEvent {
    /// After a batch.
    case batch(BatchProgress)
    /// After an epoch, when its weights are saved.
    case epoch(EpochResult)
}

public enum TrainingDecision { case `continue`, stop }

/// Where a training stands within an epoch.
public struct BatchProgress {
    /// Counted from 1.
    public let epoch, batch: Int
    public let epochCount, batchCount: Int
    /// Over the epoch so far.
    public let score: Score
    public let itemsPerSecond: Double
    /// Until the end of the epoch.
    public let secondsLeft: Double
}

/// What came of an epoch.
public struct EpochResult {
    /// Counted from 1.
    public let epoch: Int
    public let epochCount: Int
    public let training, heldOut: Score
    /// Whether no epoch before had a better held-out accuracy.
    public let isBest: Bool
    public let seconds: Double
}

extension Score {
    /// By accuracy, then by loss.
    fileprivate func isBetter(than other: Score) -> Bool {
        (accuracy, -loss) > (other.accuracy, -other.loss)
    }
}

/// The optimizers of a training, each with its learning rate on schedule.
private struct ScheduledOptimizers {
    private let pairs: [(optimizer: Optimizer, schedule: Schedule)]

    /// One optimizer; except that Muon, which trains matrices only, leaves the other parameters to AdamW.
    init(_ options: ClassifierTraining, for model: Module, steps: Int) {
        func scheduled(_ kind: OptimizerKind, _ group: ParameterGroup, rate: Double?) -> (Optimizer, Schedule) {
            let usual = kind.defaultLearningRate * options.schedule.peakFactor
            let optimizer = kind.makeOptimizer(
                group, learningRate: rate ?? usual, momentum: options.momentum, weightDecay: options.weightDecay)
            return (optimizer, options.schedule.schedule(steps: steps, learningRate: optimizer.learningRate))
        }
        let parameters = model.namedParameters
        guard options.optimizer == .muon else {
            pairs = [scheduled(options.optimizer, ParameterGroup(parameters), rate: options.learningRate)]
            return
        }
        let matrices = ParameterGroup(parameters.filter { $0.parameter.rank == 2 })
        let others = ParameterGroup(parameters.filter { $0.parameter.rank != 2 })
        pairs = [scheduled(.muon, matrices, rate: options.learningRate), scheduled(.adamw, others, rate: nil)]
    }

    var learningRate: Double { pairs[0].optimizer.learningRate }

    func zeroGrad() { for pair in pairs { pair.optimizer.zeroGrad() } }

    /// Step `number` of the training, counted from 0.
    func step(_ number: Int) {
        for (optimizer, schedule) in pairs {
            schedule.apply(to: optimizer, step: number)
            optimizer.step()
        }
    }
}

/// One epoch of training.
private struct TrainingPass {
    let classifier: Classifier
    let optimizers: ScheduledOptimizers
    let loader: DataLoader<Example, Never>
    /// Counted from 1.
    let epoch: Int
    let epochCount: Int
    private let start = ContinuousClock.now

    init(
        classifier: Classifier, optimizers: ScheduledOptimizers, loader: DataLoader<Example, Never>, epoch: Int,
        epochCount: Int
    ) {
        self.classifier = classifier
        self.optimizers = optimizers
        self.loader = loader
        self.epoch = epoch
        self.epochCount = epochCount
    }

    var elapsed: Double { (ContinuousClock.now - start) / .seconds(1) }

    /// The score over the epoch; `nil` if `progress` stopped it.
    func run(_ progress: (TrainingEvent) throws -> TrainingDecision) throws -> Score? {
        classifier.model.train()
        var score = Score()
        let batches = loader.batches(epoch: epoch - 1)
        for number in 0..<loader.count {
            guard let batch = batches.next() else { break }
            let loss = score.add(classifier.scores(batch.input), batch.target)
            guard score.loss.isFinite else {
                throw InputError(
                    "training", at: "epoch \(epoch), batch \(number + 1)", "the loss is \(loss.item())",
                    remedy: "lower the learning rate, which is \(optimizers.learningRate)")
            }
            optimizers.zeroGrad()
            loss.backward()
            optimizers.step((epoch - 1) * loader.count + number)
            if try progress(.batch(status(score, batch: number + 1))) == .stop { return nil }
        }
        return score
    }

    private func status(_ score: Score, batch: Int) -> BatchProgress {
        let elapsed = max(elapsed, 1e-9)
        return BatchProgress(
            epoch: epoch, batch: batch, epochCount: epochCount, batchCount: loader.count, score: score,
            itemsPerSecond: Double(score.count) / elapsed,
            secondsLeft: elapsed / Double(batch) * Double(loader.count - batch))
    }
}
