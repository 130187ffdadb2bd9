import Switchback
import SwitchbackTraining
import TestSupport
import Testing

/// The gradient of a step does not depend on how its examples are cut into batches.
@Suite(.seeded(), .serialized) struct AccumulationTests {
    /// Σ or mean of slope · weight over batches of given slopes.
    private final class Slopes: TrainingTask {
        final class Line: Module {
            let weight = Parameter(Tensor([2.0 as Float]))
        }

        let name = "slopes"
        let line = Line()
        let source: BatchSource<[Float]>
        let reduction: ([Float]) -> BatchLoss.Reduction?

        init(_ batches: [[Float]], _ reduction: @escaping ([Float]) -> BatchLoss.Reduction? = { _ in nil }) {
            source = BatchSource(sampler: SequentialSampler(batches.count), batchSize: 1) { indices, _ in
                batches[indices[0]]
            }
            self.reduction = reduction
        }

        var model: Module { line }

        func loss(_ slopes: [Float]) -> BatchLoss {
            let reduction = reduction(slopes)
            let values = line.weight * Tensor(slopes)
            return BatchLoss(
                reduction == .sum ? values.sum() : values.mean(), reduction: reduction, count: slopes.count)
        }

        func validate() -> Metrics { [:] }
        func fitness(_ metrics: Metrics) -> [Double] { [] }
    }

    /// The gradients of the steps of an epoch, and the losses of its batches.
    private func steps(_ task: Slopes, accumulate: Int) throws -> (gradients: [Double], losses: [Double]) {
        var configuration = TrainingConfiguration()
        configuration.epochs = 1
        configuration.accumulate = accumulate
        configuration.lr = 1e-12
        configuration.optimizer = .sgd
        var (gradients, losses): ([Double], [Double]) = ([], [])
        let trainer = try Trainer(task, configuration)
        trainer.listeners.append { event in
            if case .gradients = event { gradients += task.line.weight.grad?.toArray(as: Double.self) ?? [] }
            if case .batch(let result) = event { losses.append(result.values["loss"] ?? .nan) }
            return .continue
        }
        _ = try trainer.run()
        return (gradients, losses)
    }

    private static let cuts: [[[Float]]] = [
        [[1, 2, 3, 6]], [[1], [2], [3], [6]], [[1, 2], [3, 6]], [[1], [2, 3, 6]], [[1, 2, 3], [6]],
    ]

    @Test(arguments: cuts) func meansOfBatchesMakeTheMeanOfTheirExamples(_ batches: [[Float]]) throws {
        let found = try steps(Slopes(batches), accumulate: batches.count).gradients
        #expect(found.count == 1 && abs(found[0] - 3) < 1e-6, "\(found)")
    }

    @Test func aMeanIsOverWhatItSays() throws {
        // Weights 3 and 1: (3 · 1 + 1 · 5) / 4.
        let task = Slopes([[1, 1], [5, 5]]) { .mean(over: $0[0] == 1 ? 3 : 1) }
        #expect(try steps(task, accumulate: 2).gradients == [2])
    }

    @Test func sumsAreAdded() throws {
        let found = try steps(Slopes([[1, 2], [3], [6]]) { _ in .sum }, accumulate: 2)
        #expect(found.gradients == [6, 6])
        // What is shown is an example's, however many are in a batch.
        #expect(found.losses == [3, 6, 12])
    }

    @Test func whatIsShownDoesNotDependOnAccumulation() throws {
        for reduction in [nil, BatchLoss.Reduction.sum] {
            let losses = try [1, 2, 4].map {
                try steps(Slopes([[1, 2], [3], [6], [4]]) { _ in reduction }, accumulate: $0).losses
            }
            #expect(losses == Array(repeating: [3, 6, 12, 8], count: 3))
        }
    }
}
