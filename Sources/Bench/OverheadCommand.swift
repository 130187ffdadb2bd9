import ArgumentParser
import Foundation
import Switchback
import SwitchbackTraining
import SwitchbackVision

/// `switchback-bench overhead`: what checkpoints, weights, logs and pictures cost beside an epoch of ResNet-18.
struct OverheadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overhead",
        abstract: "Measures what saving and logging cost beside an epoch of ResNet-18.",
        discussion: """
            Examples:
              switchback-bench overhead
              switchback-bench overhead --images 512 --epochs 3
            """)

    @Option(help: "Images of 3×32×32 in an epoch.")
    var images = 2048

    @Option(help: "Epochs, each of which ends with a checkpoint.")
    var epochs = 2

    func run() throws {
        var options = TrainingConfiguration()
        options.epochs = epochs
        options.ema = 0.999
        options.optimizer = .adamw
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("overhead-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        let folder = try RunFolder(in: root, task: "resnet18", name: "train", arguments: options)
        let trainer = try Trainer(ResNetTask(images: images), options, folder: folder)
        trainer.listeners = [ProgressReporter(.lines).receive, TensorBoardLog().receive, RunPictures().receive]
        let outcome = try trainer.run()
        print(
            String(
                format: "%.2f s training, %.2f s for checkpoints, weights, logs and pictures: %.2f %%", outcome.seconds,
                outcome.overhead, 100 * outcome.overhead / outcome.seconds))
    }
}

/// ResNet-18 in the form for small images, on noise.
private final class ResNetTask: TrainingTask {
    let name = "resnet18"
    let model: Module = ResNet(.resnet18, classes: 10, stem: .cifar)
    private let loader: DataLoader<Example, Never>

    init(images: Int) {
        let labels = Tensor.randint(0..<10, [images])
        loader = DataLoader(
            TensorDataset(Tensor.randn([images, 3, 32, 32]), labels), batchSize: 64, shuffle: true, workers: 1)
    }

    var batchCount: Int { loader.count }

    func batches(epoch: Int, from first: Int) -> () throws -> Example? {
        let batches = loader.batches(epoch: epoch, from: first)
        return { batches.next() }
    }

    func loss(_ batch: Example) -> BatchLoss {
        BatchLoss(model(batch.input).crossEntropy(batch.target), count: batch.target.count)
    }

    func validate() -> Metrics { [:] }

    func fitness(_ metrics: Metrics) -> [Double] { [] }
}
