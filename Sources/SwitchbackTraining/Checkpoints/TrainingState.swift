import Switchback

/// The state of a training apart from tensors: together, all that a resumed run needs to continue to the same bits.
struct TrainingState: Codable {
    /// The version of this description, and of the order in which tasks take their examples.
    static let currentVersion = 3

    var version = TrainingState.currentVersion
    var task: String
    /// The epoch of the next batch, counted from 0.
    var epoch = 0
    /// The next batch within the epoch, counted from 0.
    var batch = 0
    /// How many batches an epoch has.
    var batchCount: Int
    /// What products compute with; `nil` in the checkpoints of times when there was float32 alone.
    var precision: Precision?
    /// Into how many slots batches are cut; `nil` where they are not.
    var slots: Int?
    /// Whether batch norm's statistics are those of the whole batch; `nil` where they are not.
    var syncBatchNorm: Bool?
    /// The steps that the optimizer has made.
    var step = 0
    /// The gradients of batches that wait for the optimizer.
    var gradient = StepGradient()
    /// How those gradients lie in memory: sums over them are made in that order.
    var gradientStrides: [String: [Int]] = [:]
    /// Averages since the last validation.
    var means = RunningMeans()
    /// Spent on training, all in all and since the last validation.
    var seconds = 0.0
    var epochSeconds = 0.0
    /// The time that the training may take, where that is limited.
    var budget: TimeBudget?
    /// How long the training is to be, where that was fitted to the time.
    var plan: TrainingPlan?
    /// How many validations were made: the rows of `results.csv` that belong to the state.
    var validations = 0
    /// The fitness of the best validation.
    var bestFitness: [Double]?
    /// How many validations there were since.
    var validationsWithoutImprovement = 0
    var generator: Generator.State
    var averageUpdates = 0
    var optimizers: [SavedOptimizer] = []
    /// How many times a state of this run has been saved: which of two is the newer one.
    var saves = 0

    /// The state of an optimizer, apart from tensors.
    struct SavedOptimizer: Codable {
        let kind: String
        let numbers: [String: Double]
    }

    /// What no count of a training reaches, so that sums and products of counts stay within `Int`.
    static let counts = 0..<1 << 48

    /// What no time of a training reaches, in seconds.
    static let times = 0..<1e18

    /// Whether a training can stand there: a checkpoint may have been forged.
    var isPossible: Bool {
        let counted = [
            epoch, batch, batchCount, step, validations, validationsWithoutImprovement, averageUpdates, saves,
            slots ?? 1, means.count,
        ]
        return counted.allSatisfy(Self.counts.contains) && isPlacePossible && gradient.isPossible(after: batch)
            && [seconds, epochSeconds].allSatisfy(Self.times.contains) && isTimePossible
            && generator.offset < 1 << 60
            && optimizers.allSatisfy { $0.numbers.values.allSatisfy(\.isFinite) }
            && gradientStrides.values.allSatisfy { $0.allSatisfy(Self.counts.contains) }
    }

    /// Whether the batches since the beginning, too, are no more than counts reach, and a step has one at least.
    private var isPlacePossible: Bool {
        guard batch < batchCount else { return false }
        let mostEpochs = (Self.counts.upperBound - 1 - batch) / batchCount
        return epoch <= mostEpochs && step <= batchesDone
    }

    /// Only a training in a time is fitted to it.
    private var isTimePossible: Bool {
        guard let budget else { return plan == nil }
        return budget.isPossible && plan?.isPossible ?? true
    }

    /// The batches since the beginning.
    var batchesDone: Int { epoch * batchCount + batch }

    /// For messages: "epoch 3, step 1200".
    var place: String { "epoch \(epoch + 1), step \(step)" }
}
