import ArgumentParser
import Switchback
import SwitchbackVision

/// Whole training steps: zero the gradients, forward, loss, backward, step of the optimizer.
let trainingWorkloads: [Workload] = [
    Workload(name: "scalar_chain", iterationsPerStep: 1000) {
        let w = Tensor([1.0], requiresGrad: true)
        let x = Tensor([2.0])
        return {
            for _ in 0..<1000 {
                w.grad = nil
                let loss = (w * x - 10.0).pow(2)
                loss.backward()
            }
        }
    },
    Workload(name: "mlp_mnist_b64", items: 64) {
        let model = Sequential(Linear(784, 256), ReLU(), Linear(256, 128), ReLU(), Linear(128, 10))
        let images = Tensor.randn([64, 784])
        return trainingStep(model, images, SGD(model.parameters, learningRate: 0.01, momentum: 0.9))
    },
    Workload(name: "cnn_mnist_b64", items: 64) { BatchedWorkload.cnnMNIST.step(batch: 64) },
    Workload(name: "resnet18_cifar_b64", items: 64) { BatchedWorkload.resNet18CIFAR.step(batch: 64) },
    Workload(name: "resnet50_infer_224_b1", items: 1) {
        let model = ResNet(.resnet50).fused()
        let image = Tensor.randn([1, 3, 224, 224])
        return { _ = model(image) }
    },
    Workload(name: "resnet50_infer_224_b1_int8", peer: "resnet50_infer_224_b1", numbers: .int8, items: 1) {
        let model = ResNet(.resnet50)
        return try quantizedStep(model, Tensor.randn([1, 3, 224, 224]), forward: { [model($0[0])] })
    },
    Workload(name: "lstm_2x256_b64_t24", items: 64 * 24) {
        let model = LSTM(256, 256, layers: 2, batchFirst: true)
        let sequences = Tensor.randn([64, 24, 256])
        let optimizer = Adam(model.parameters)
        return {
            optimizer.zeroGrad()
            model(sequences).square().mean().backward()
            optimizer.step()
        }
    },
]

/// A training step on images, for batches of any size.
enum BatchedWorkload: String, CaseIterable, ExpressibleByArgument {
    case cnnMNIST = "cnn_mnist"
    case resNet18CIFAR = "resnet18_cifar"

    func step(batch: Int) -> () -> Void {
        switch self {
        case .cnnMNIST:
            let model = Sequential(
                Conv2d(1, 32, kernelSize: 3), ReLU(), Conv2d(32, 64, kernelSize: 3), ReLU(), MaxPool2d(kernelSize: 2),
                Flatten(), Linear(9216, 128), ReLU(), Linear(128, 10))
            let images = Tensor.randn([batch, 1, 28, 28])
            return trainingStep(model, images, Adam(model.parameters, learningRate: 1e-3))
        case .resNet18CIFAR:
            let model = ResNet(.resnet18, classes: 10, stem: .cifar)
            let images = Tensor.randn([batch, 3, 32, 32])
            let optimizer = SGD(
                model.parameters, learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4, nesterov: true)
            return trainingStep(model, images, optimizer)
        }
    }
}

/// A step that classifies `images` with random labels.
private func trainingStep(_ model: Module, _ images: Tensor, _ optimizer: Optimizer) -> () -> Void {
    let labels = Tensor.randint(0..<10, [images.shape[0]])
    return {
        optimizer.zeroGrad()
        model(images).crossEntropy(labels).backward()
        optimizer.step()
    }
}
