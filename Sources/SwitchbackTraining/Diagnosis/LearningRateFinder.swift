import Foundation
import Switchback

/// The learning-rate range test: a short training in which the learning rate grows with every step, from far too low to
/// far too high (Smith, "Cyclical learning rates for training neural networks", 2017).
///
/// ```swift
/// let curve = try LearningRateFinder().run(task, configuration)
/// print(curve.suggestion ?? .nan)
/// ```
public struct LearningRateFinder: Sendable {
    /// The learning rates of the first and of the last step.
    public var range = 1e-7...10.0
    /// The optimizer's steps.
    public var steps = 100
    /// How much of the past stays in the running average of the loss.
    public var smoothing = 0.9
    /// The test ends where the loss is so many times the lowest, or a hundredth of that of chance where this is more.
    public var divergence = 4.0

    public init() {}

    /// Runs the test; afterwards the model and the random numbers are as before.
    ///
    /// - Parameter watch: is shown each measurement, and may stop the test, which then has those that were made.
    /// - Throws: `InputError` where the configuration makes no sense, and what the task throws.
    public func run(
        _ task: some TrainingTask, _ configuration: TrainingConfiguration,
        watch: (LearningRateCurve.Point) throws -> TrainingDecision = { _ in .continue }
    ) throws -> LearningRateCurve { try run(task, configuration, with: task.source, watch: watch) }

    /// The same with batches from another source than the task's.
    func run<Task: TrainingTask>(
        _ task: Task, _ configuration: TrainingConfiguration, with source: BatchSource<Task.Batch>,
        watch: (LearningRateCurve.Point) throws -> TrainingDecision
    ) throws -> LearningRateCurve {
        try configuration.check()
        try task.model.freeze(configuration.freeze)
        if let weights = configuration.weights { try task.model.transferWeights(from: weights) }
        let weights = task.model.stateDict().mapValues { $0.clone() }
        let random = Generator.default.state
        defer {
            Generator.default.state = random
            task.model.zeroGrad()
        }
        let points = try measure(task, configuration, source, watch)
        try task.model.load(stateDict: weights)
        return LearningRateCurve(points: points)
    }

    private func measure<Task: TrainingTask>(
        _ task: Task, _ configuration: TrainingConfiguration, _ source: BatchSource<Task.Batch>,
        _ watch: (LearningRateCurve.Point) throws -> TrainingDecision
    ) throws -> [LearningRateCurve.Point] {
        let optimizers = OptimizerSet(configuration, task.parameterGroups, steps: Course(to: steps))
        let parameters = optimizers.parameters
        var losses = Losses(task, configuration, source)
        var points: [LearningRateCurve.Point] = []
        var (average, lowest) = (0.0, Double.infinity)
        // Multiples of a loss that is next to nothing, as trained weights have it, are chance.
        let least = 0.01 * ((task as? any ExaminedTask)?.chance?.entropy ?? 0)
        task.model.train()
        for step in 0..<steps {
            let rate = self.rate(step)
            optimizers.zeroGrad()
            let loss = try losses.ofStep(parameters)
            guard loss.isFinite else { break }
            average = smoothing * average + (1 - smoothing) * loss
            let smooth = average / (1 - pow(smoothing, Double(step + 1)))
            lowest = min(lowest, smooth)
            let point = LearningRateCurve.Point(rate: rate, loss: loss, smoothLoss: smooth)
            points.append(point)
            if try watch(point) == .stop || (step > 5 && smooth > divergence * max(lowest, least)) { break }
            if let norm = configuration.clipNorm { clipGradNorm(parameters, maxNorm: norm) }
            optimizers.step(learningRate: rate)
        }
        return points
    }

    /// Between any two steps the learning rate grows by the same factor.
    private func rate(_ step: Int) -> Double {
        let part = Double(step) / Double(max(1, steps - 1))
        return range.lowerBound * pow(range.upperBound / range.lowerBound, part)
    }

    /// Iterates over the gradients of step after step, epoch after epoch.
    private struct Losses<Task: TrainingTask> {
        private let task: Task
        private let source: BatchSource<Task.Batch>
        private let accumulate: Int
        private let precision: Precision
        private var epoch = 0
        private var next: () throws -> Task.Batch?

        init(_ task: Task, _ configuration: TrainingConfiguration, _ source: BatchSource<Task.Batch>) {
            (self.task, self.source) = (task, source)
            (accumulate, precision) = (configuration.accumulate, configuration.precision)
            next = source.batches(epoch: 0)
        }

        /// Adds the gradients of the next batches; returns the mean of their losses.
        mutating func ofStep(_ parameters: [Parameter]) throws -> Double {
            var (gradient, means) = (StepGradient(), RunningMeans())
            for _ in 0..<accumulate {
                let loss = try task.loss(moving: nextBatch(), in: precision)
                means.add(["loss": loss.mean(loss.total.item())], count: loss.count)
                gradient.add(loss, of: accumulate)
            }
            gradient.finish(parameters)
            return means.means["loss"] ?? .nan
        }

        private mutating func nextBatch() throws -> Task.Batch {
            if let batch = try next() { return batch }
            epoch += 1
            next = source.batches(epoch: epoch)
            guard let batch = try next() else {
                throw InputError("task \(task.name)", "has no training batches")
            }
            return batch
        }
    }
}
