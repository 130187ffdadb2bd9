import Switchback
import SwitchbackVision
import TestSupport
import Testing

/// The same seed gives the same bits: twice, and on any number of threads, over a whole training run.
@Suite(.seeded(), .serialized) struct SameBitsTests {
    /// What two epochs of training leave: the losses of all steps, and every parameter and buffer.
    private struct Run: Equatable {
        let losses: [Double]
        let state: [String: [Double]]
    }

    private func train(threads: Int) -> Run {
        let usual = Processor.threadCount
        Processor.threadCount = threads
        defer { Processor.threadCount = usual }
        let generator = Generator(seed: 7)
        let model = ResNet(.resnet18, classes: 4, stem: .cifar, width: 8, generator: generator)
        let images = Tensor.randn([48, 3, 24, 24], generator: generator)
        let labels = Tensor.randint(0..<4, [48], generator: generator)
        let loader = DataLoader(
            TensorDataset(images, labels), batchSize: 16, shuffle: true, seed: 3, workers: 1)
        let optimizer = SGD(model, learningRate: 0.05, momentum: 0.9, weightDecay: 5e-4, nesterov: true)
        var losses: [Double] = []
        for epoch in 0..<2 {
            let batches = loader.batches(epoch: epoch)
            while let batch = batches.next() {
                optimizer.zeroGrad()
                let loss = model(batch.input).crossEntropy(batch.target)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            }
        }
        return Run(losses: losses, state: model.stateDict().mapValues { $0.toArray(as: Double.self) })
    }

    @Test func resNetTrainsToTheSameBits() {
        let first = train(threads: 1)
        #expect(first.losses.count == 6 && first.losses.last! < first.losses[0])
        #expect(train(threads: 1) == first)
        #expect(train(threads: 2) == first)
        #expect(train(threads: 3) == first)
    }
}
