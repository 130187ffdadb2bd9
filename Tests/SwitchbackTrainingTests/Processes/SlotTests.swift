import Foundation
import Switchback
import SwitchbackTraining
import TestSupport
import Testing

/// Batches that are cut into slots, in one process.
@Suite(.seeded(), .serialized) struct SlotTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A model without random numbers and batch norm, so that cutting a batch changes nothing but rounding.
    private final class Slopes: TrainingTask {
        final class Line: Module {
            let weight = Parameter(Tensor([2.0 as Float, -1]))
            /// Nothing uses it.
            let idle = Parameter(Tensor([1.0 as Float]))
        }

        let name = "slopes"
        let line = Line()
        let source: BatchSource<[Float]>
        let reduction: BatchLoss.Reduction?

        init(_ slopes: [Float], batchSize: Int, _ reduction: BatchLoss.Reduction? = nil) {
            source = BatchSource(sampler: SequentialSampler(slopes.count), batchSize: batchSize) { indices, _ in
                indices.map { slopes[$0] }
            }
            self.reduction = reduction
        }

        var model: Module { line }

        func loss(_ slopes: [Float]) -> BatchLoss {
            let values = line.weight.sum() * Tensor(slopes)
            return BatchLoss(
                reduction == .sum ? values.sum() : values.mean(), reduction: reduction, count: slopes.count)
        }

        func validate() -> Metrics { [:] }
        func fitness(_ metrics: Metrics) -> [Double] { [] }
    }

    private func gradients(
        _ task: Slopes, slots: Int?, accumulate: Int = 1
    ) throws -> (gradients: [Double], losses: [Double]) {
        var configuration = TrainingConfiguration()
        configuration.epochs = 1
        configuration.slots = slots
        configuration.accumulate = accumulate
        configuration.lr = 1e-12
        configuration.optimizer = .sgd
        var (gradients, losses): ([Double], [Double]) = ([], [])
        let trainer = try Trainer(task, configuration)
        trainer.listeners.append { event in
            if case .gradients = event {
                gradients += task.line.weight.grad?.toArray(as: Double.self) ?? []
                #expect(task.line.idle.grad == nil)
            }
            if case .batch(let result) = event { losses.append(result.values["loss"] ?? .nan) }
            return .continue
        }
        _ = try trainer.run()
        return (gradients, losses)
    }

    /// Batches of 4, 4 and 3 examples: the last one leaves slots without examples.
    private static let slopes: [Float] = [1, 2, 3, 6, 5, -1, 0, 4, 7, 9, 2]

    @Test(arguments: [2, 3, 4], [1, 2]) func slotsMakeTheGradientOfTheirBatch(_ slots: Int, _ accumulate: Int) throws {
        for reduction in [nil, BatchLoss.Reduction.sum] {
            let whole = try gradients(Slopes(Self.slopes, batchSize: 4, reduction), slots: nil, accumulate: accumulate)
            let cut = try gradients(Slopes(Self.slopes, batchSize: 4, reduction), slots: slots, accumulate: accumulate)
            #expect(whole.gradients.count == cut.gradients.count && whole.losses.count == cut.losses.count)
            for (a, b) in zip(whole.gradients + whole.losses, cut.gradients + cut.losses) {
                #expect(abs(a - b) < 1e-5 * max(1, abs(a)), "\(whole) and \(cut)")
            }
        }
    }

    // MARK: Bits

    private func options(_ change: (inout TrainingConfiguration) -> Void = { _ in }) -> TrainingConfiguration {
        var options = TrainingConfiguration()
        options.epochs = 3
        options.slots = 2
        options.accumulate = 2
        options.optimizer = .adamw
        options.clipNorm = 1
        options.ema = 0.9
        change(&options)
        return options
    }

    @Test func oneSlotIsAWholeBatch() throws {
        #expect(
            try SmallTask.weights(in: folder, options { $0.slots = 1 })
                == SmallTask.weights(in: folder, options { $0.slots = nil }))
    }

    @Test func theNumberOfSlotsIsPartOfTheRecipe() throws {
        #expect(
            try SmallTask.weights(in: folder, options())
                != SmallTask.weights(in: folder, options { $0.slots = 1 }))
    }

    @Test(arguments: [1, 2, 5]) func stopsLeaveNoTrace(_ stop: Int) throws {
        let whole = try SmallTask.weights(in: folder, options())
        #expect(try SmallTask.weights(in: folder, options()) == whole)
        #expect(try SmallTask.weights(in: folder, options(), stoppingEvery: stop) == whole)
    }

    @Test func memoryBehindAWall() throws {
        // Gradients have to pass through the processor's memory, so that there is more than one reading.
        let differences = try differencesOnMirror(options()) { SmallTask() }.filter { !$0.contains("is read from") }
        #expect(differences == [])
    }

    // MARK: What is refused

    @Test func batchesAreNotCutIntoMoreThanTheirExamples() throws {
        let error = #expect(throws: InputError.self) { try SmallTask.trainer(options { $0.slots = 9 }) }
        #expect("\(try #require(error))".contains("a batch of 8 examples cannot be cut into 9 slots"))
    }

    @Test func aRunKeepsItsSlots() throws {
        let run = try RunFolder(in: folder.path("runs"), task: "small", name: "run", arguments: options())
        _ = try SmallTask.trainer(options(), folder: run).run()
        let error = #expect(throws: InputError.self) {
            try SmallTask.trainer(options { $0.slots = 1 }, folder: run).run(resuming: true)
        }
        #expect("\(try #require(error))".contains("cut into 2 slots, and slots is 1 now"))
    }
}
