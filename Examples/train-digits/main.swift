import Switchback
import SwitchbackFormats

/// Two convolutions and a linear layer: [N, 1, 8, 8] images to [N, 10] scores.
final class DigitClassifier: Module {
    let conv1 = Conv2d(1, 16, kernelSize: 3, padding: 1)
    let conv2 = Conv2d(16, 32, kernelSize: 3, padding: 1)
    let head = Linear(32 * 4 * 4, 10)

    override func forward(_ x: Tensor) -> Tensor {
        let features = conv2(conv1(x).relu()).relu().maxPool2d(kernelSize: 2)
        return head(features.flatten(start: 1))
    }
}

manualSeed(0)
let digits = try Digits.load()
let model = DigitClassifier()
let optimizer = Adam(model.parameters, learningRate: 2e-3)
let loader = DataLoader(digits.train, batchSize: 64, shuffle: true)

for epoch in 1...10 {
    for batch in loader {
        let loss = model(batch.input).crossEntropy(batch.target)  // forward
        optimizer.zeroGrad()
        loss.backward()  // backward
        optimizer.step()  // step
    }
    let correct = noGrad { model(digits.test.inputs).argmax(dim: 1).eq(digits.test.targets) }
    print("epoch \(epoch): held-out accuracy \(correct.to(.float32).mean().item())")
}
