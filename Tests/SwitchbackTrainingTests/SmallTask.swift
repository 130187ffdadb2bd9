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
    var statisticsBatches = 2
    struct Batch: Movable {
        let input, target: Tensor
        let epoch: Int

        func to(_ backend: any Backend.Type) -> Batch {
            Batch(input: input.to(backend), target: target.to(backend), epoch: epoch)
        }
    }

    let source: BatchSource<Batch>
    private let reduction: BatchLoss.Reduction?
    private let inputs: Tensor
    private let targets: Tensor

    init(
        seed: UInt64 = 0, examples: Int = 44, width: Int = 8, name: String = "small", workers: Int = 0,
        reduction: BatchLoss.Reduction? = nil
    ) {
        self.reduction = reduction
        self.name = name
        let generator = Generator(seed: 7)
        let inputs = Tensor.randn([examples, 3], generator: generator)
        let targets = inputs.sum(dim: 1, keepDim: true) + Tensor.randn([examples, 1], generator: generator) * 0.1
        (self.inputs, self.targets) = (inputs, targets)
        model = Network(width: width)
        source = BatchSource(
            sampler: RandomSampler(examples, seed: seed), batchSize: 8, workers: workers
        ) { indices, epoch in
            let noise = indices.map {
                Tensor.randn([3], generator: Generator(seed: seed, epoch: epoch, index: $0)) * 0.05
            }
            return Batch(
                input: Tensor.stack(indices.map { inputs[$0] }) + Tensor.stack(noise),
                target: Tensor.stack(indices.map { targets[$0] }), epoch: epoch)
        }
    }

    func loss(_ batch: Batch) -> BatchLoss {
        let error = model(batch.input) - batch.target
        return BatchLoss(
            reduction == .sum ? (error * error).sum() : (error * error).mean(), reduction: reduction,
            items: ["error": error.detach().abs().mean()], count: batch.input.shape[0])
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
