import Switchback
import SwitchbackTraining
import SwitchbackVision

/// ResNet-18 in the form for small images, on noise.
final class ResNetTask: TrainingTask {
    /// What the gradient of is computed.
    enum Objective {
        case classes
        /// The sum of all parameters: gradients of the same size for next to no work.
        case parameters
    }

    let name = "resnet18"
    let model: Module = ResNet(.resnet18, classes: 10, stem: .cifar)
    let source: BatchSource<Example>
    private let objective: Objective

    init(images: Int, batch: Int = 64, objective: Objective = .classes) {
        let labels = Tensor.randint(0..<10, [images])
        source = BatchSource(
            DataLoader(
                TensorDataset(Tensor.randn([images, 3, 32, 32]), labels), batchSize: batch, shuffle: true, workers: 1))
        self.objective = objective
    }

    func loss(_ batch: Example) -> BatchLoss {
        let count = batch.target.count
        switch objective {
        case .classes: return BatchLoss(model(batch.input).crossEntropy(batch.target), count: count)
        case .parameters:
            let sums = model.parameters.map { $0.sum() }
            return BatchLoss(sums.dropFirst().reduce(sums[0]) { $0 + $1 } * 1e-9, count: count)
        }
    }

    func validate() -> Metrics { [:] }

    func fitness(_ metrics: Metrics) -> [Double] { [] }
}
