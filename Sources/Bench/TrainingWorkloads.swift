import Switchback

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
    Workload(name: "cnn_mnist_b64", items: 64) {
        let model = Sequential(
            Conv2d(1, 32, kernelSize: 3), ReLU(), Conv2d(32, 64, kernelSize: 3), ReLU(), MaxPool2d(kernelSize: 2),
            Flatten(),
            Linear(9216, 128), ReLU(), Linear(128, 10))
        let images = Tensor.randn([64, 1, 28, 28])
        return trainingStep(model, images, Adam(model.parameters, learningRate: 1e-3))
    },
    Workload(name: "resnet18_cifar_b64", items: 64) {
        let model = residualNetwork(depths: [2, 2, 2, 2], classes: 10, bottleneck: false, forCIFAR: true)
        let images = Tensor.randn([64, 3, 32, 32])
        let optimizer = SGD(model.parameters, learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4, nesterov: true)
        return trainingStep(model, images, optimizer)
    },
    Workload(name: "resnet50_infer_224_b1", items: 1) {
        let model = residualNetwork(depths: [3, 4, 6, 3], classes: 1000, bottleneck: true, forCIFAR: false)
        model.eval()
        let image = Tensor.randn([1, 3, 224, 224])
        return { noGrad { _ = model(image) } }
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

/// A step that classifies `images` with random labels.
private func trainingStep(_ model: Module, _ images: Tensor, _ optimizer: Optimizer) -> () -> Void {
    let labels = Tensor.randint(0..<10, [images.shape[0]])
    return {
        optimizer.zeroGrad()
        model(images).crossEntropy(labels).backward()
        optimizer.step()
    }
}

/// A residual network as the peer's script builds it, ResNet v1.5 (He et al., 2016, with the stride on the 3×3).
private func residualNetwork(depths: [Int], classes: Int, bottleneck: Bool, forCIFAR: Bool) -> Module {
    var layers: [Module] =
        forCIFAR
        ? convolution(3, 64, 3) + [ReLU()]
        : convolution(3, 64, 7, stride: 2) + [ReLU(), MaxPool2d(kernelSize: 3, stride: 2, padding: 1)]
    var channels = 64
    for (stage, depth) in depths.enumerated() {
        for block in 0..<depth {
            let width = 64 << stage
            let stride = stage > 0 && block == 0 ? 2 : 1
            layers.append(ResidualBlock(channels, width, stride: stride, bottleneck: bottleneck))
            channels = bottleneck ? width * 4 : width
        }
    }
    return Sequential(layers + [AdaptiveAvgPool2d(1), Flatten(), Linear(channels, classes)])
}

private func convolution(_ input: Int, _ output: Int, _ kernel: Int, stride: Int = 1) -> [Module] {
    [
        Conv2d(input, output, kernelSize: kernel, stride: stride, padding: kernel / 2, bias: false),
        BatchNorm2d(output),
    ]
}

private final class ResidualBlock: Module {
    let body: Sequential
    let short: Module

    init(_ input: Int, _ width: Int, stride: Int, bottleneck: Bool) {
        let output = bottleneck ? width * 4 : width
        body =
            bottleneck
            ? Sequential(
                convolution(input, width, 1) + [ReLU()] + convolution(width, width, 3, stride: stride) + [ReLU()]
                    + convolution(width, output, 1))
            : Sequential(
                convolution(input, width, 3, stride: stride) + [ReLU()] + convolution(width, width, 3))
        short = stride != 1 || input != output ? Sequential(convolution(input, output, 1, stride: stride)) : Identity()
    }

    override func forward(_ x: Tensor) -> Tensor { (body(x) + short(x)).relu() }
}
