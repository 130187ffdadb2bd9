import Switchback
import TestSupport
import Testing

/// A network that learns can learn a single batch by heart.
@Suite(.seeded()) struct OverfittingTests {
    /// Trains on one batch; returns the first and the last loss.
    private func train(
        _ model: Module, _ optimizer: Optimizer, steps: Int = 60, _ output: () -> Tensor
    ) -> (first: Double, last: Double) {
        let labels = Tensor([0, 1, 2, 0, 1, 2, 0, 1])
        var losses: [Double] = []
        for _ in 0..<steps {
            let loss = output().crossEntropy(labels)
            loss.backward()
            clipGradNorm(model.parameters, maxNorm: 5)
            optimizer.step()
            optimizer.zeroGrad()
            losses.append(loss.item())
        }
        return (losses[0], losses[losses.count - 1])
    }

    @Test func multilayerPerceptron() {
        let generator = Generator(seed: 1)
        let model = Sequential(Linear(6, 32, generator: generator), ReLU(), Linear(32, 3, generator: generator))
        let x = Tensor.randn([8, 6], generator: generator)
        let loss = train(model, SGD(model, learningRate: 0.3, momentum: 0.9)) { model(x) }
        #expect(loss.first > 0.5 && loss.last < 0.02)
    }

    @Test func convolutionalNetwork() {
        let generator = Generator(seed: 2)
        let model = Sequential(
            Conv2d(1, 8, kernelSize: 3, padding: 1, generator: generator), BatchNorm2d(8), ReLU(),
            MaxPool2d(kernelSize: 2),
            Residual(Sequential(Conv2d(8, 8, kernelSize: 3, padding: 1, generator: generator), ReLU())),
            AdaptiveAvgPool2d(1), Flatten(), Linear(8, 3, generator: generator))
        let x = Tensor.randn([8, 1, 8, 8], generator: generator)
        let loss = train(model, AdamW(model, learningRate: 0.02)) { model(x) }
        #expect(loss.first > 0.5 && loss.last < 0.1)
    }

    @Test func recurrentNetwork() {
        let generator = Generator(seed: 3)
        let lstm = LSTM(4, 16, layers: 2, batchFirst: true, generator: generator)
        let head = Linear(16, 3, generator: generator)
        let model = ModuleList([lstm, head])
        let x = Tensor.randn([8, 5, 4], generator: generator)
        let loss = train(model, Adam(model, learningRate: 0.02)) { head(lstm(x).select(dim: 1, index: 4)) }
        #expect(loss.first > 0.5 && loss.last < 0.05)
    }

    @Test func transformer() {
        let generator = Generator(seed: 4)
        let embedding = Embedding(10, 16, generator: generator)
        let encoder = TransformerEncoder(layers: 2, norm: LayerNorm(16)) {
            TransformerEncoderLayer(
                16, heads: 2, feedForward: 32, dropout: 0, batchFirst: true, normFirst: true, generator: generator)
        }
        let head = Linear(16, 3, generator: generator)
        let model = ModuleList([embedding, encoder, head])
        let tokens = Tensor.randint(0..<10, [8, 5], generator: generator)
        let loss = train(model, AdamW(model, learningRate: 0.01)) {
            head(encoder(embedding(tokens), mask: nil, isCausal: true).mean(dim: 1))
        }
        #expect(loss.first > 0.5 && loss.last < 0.05)
    }
}
