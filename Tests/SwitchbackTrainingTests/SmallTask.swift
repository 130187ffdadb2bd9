import Foundation
import Switchback
import SwitchbackTraining

/// A regression that is done in a moment, and has everything that a resumed run could get wrong: buffers, dropout, and
/// examples changed at random.
final class SmallTask: TrainingTask {
    final class Network: Module {
        let first: Linear
        let norm: BatchNorm1d
        let dropout = Dropout(p: 0.2)
        let second: Linear

        init(width: Int) {
            first = Linear(3, width)
            norm = BatchNorm1d(width)
            second = Linear(width, 1)
        }

        override func forward(_ x: Tensor) -> Tensor { second(dropout(norm(first(x)).relu())) }
    }

    let name: String
    let model: Module
    private let loader: DataLoader<Example, Never>
    private let inputs: Tensor
    private let targets: Tensor

    init(seed: UInt64 = 0, examples: Int = 44, width: Int = 8, name: String = "small") {
        self.name = name
        let generator = Generator(seed: 7)
        inputs = Tensor.randn([examples, 3], generator: generator)
        targets = inputs.sum(dim: 1, keepDim: true) + Tensor.randn([examples, 1], generator: generator) * 0.1
        model = Network(width: width)
        loader = DataLoader(
            TensorDataset(inputs, targets), batchSize: 8, shuffle: true, seed: seed,
            transform: { example, generator in
                Example(input: example.input + Tensor.randn([3], generator: generator) * 0.05, target: example.target)
            }, collate: Example.collate)
    }

    var batchCount: Int { loader.count }

    func batches(epoch: Int, from first: Int) -> () throws -> Example? {
        let batches = loader.batches(epoch: epoch, from: first)
        return { batches.next() }
    }

    func loss(_ batch: Example) -> BatchLoss {
        let error = model(batch.input) - batch.target
        return BatchLoss(
            (error * error).mean(), items: ["error": error.detach().abs().mean()], count: batch.input.shape[0])
    }

    func validate() -> Metrics {
        let error = model(inputs.to(model.backend)) - targets.to(model.backend)
        return ["loss": (error * error).mean().item()]
    }

    func fitness(_ metrics: Metrics) -> [Double] { [-(metrics["loss"] ?? .nan)] }

    /// The task and a trainer for it, the weights drawn from the configuration's seed.
    static func trainer(
        _ configuration: TrainingConfiguration, folder: RunFolder? = nil, width: Int = 8, name: String = "small"
    ) throws -> Trainer<SmallTask> {
        manualSeed(configuration.seed)
        return try Trainer(
            SmallTask(seed: configuration.seed, width: width, name: name), configuration, folder: folder)
    }
}
