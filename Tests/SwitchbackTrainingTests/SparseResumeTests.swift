import Foundation
import Switchback
import SwitchbackTraining
import TestSupport
import Testing

/// A table with gradients by row, to stay so or until the whole is requested, which a state holds between the batches of a
/// step.
@Suite(.seeded(), .serialized) struct SparseResumeTests {
    private final class TableTask: TrainingTask {
        final class Network: Module {
            let table: Embedding
            let output = Linear(4, 1)
            init(sparse: Bool) { table = Embedding(200, 4, sparse: sparse) }
            override func forward(_ x: Tensor) -> Tensor { output(table(x).sum(dim: 1)) }
        }

        let name = "table"
        let model: Module
        let source = BatchSource(sampler: SequentialSampler(7), batchSize: 1) { numbers, epoch in
            Tensor.randint(0..<200, [4, 3], generator: Generator(seed: 1, epoch: epoch, index: numbers[0]))
        }

        init(sparse: Bool) { model = Network(sparse: sparse) }

        func loss(_ batch: Tensor) -> BatchLoss {
            let target = batch.to(.float32).mean(dim: 1, keepDim: true) / 200
            let error = model(batch) - target
            return BatchLoss((error * error).mean(), count: 4)
        }

        func validate() -> Metrics { ["loss": 1] }
        func fitness(_ metrics: Metrics) -> [Double] { [0] }
    }

    @Test(arguments: [1, 2, 5], [true, false]) func stopsLeaveNoTrace(_ stop: Int, sparse: Bool) throws {
        let folder = try TemporaryFolder()
        var options = TrainingConfiguration()
        options.epochs = 3
        options.accumulate = 3
        options.optimizer = .sgd
        options.momentum = 0
        options.clipNorm = 0.1
        options.ema = 0.9
        func weights(stoppingEvery stop: Int?) throws -> Data? {
            let run = try RunFolder(
                in: folder.path("runs"), task: "table", name: "run", arguments: options)
            _ = try trainInParts(stoppingEvery: stop) {
                manualSeed(0)
                return try Trainer(TableTask(sparse: sparse), options, folder: run)
            }
            return FileManager.default.contents(atPath: run.weights("last"))
        }
        let whole = try weights(stoppingEvery: nil)
        #expect(try whole != nil && weights(stoppingEvery: stop) == whole)
    }
}
