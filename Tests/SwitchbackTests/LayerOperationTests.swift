import Switchback
import TestSupport
import Testing

/// What users of convolution, pooling, normalization, dropout and losses rely on beside the numbers of PyTorch.
@Suite(.seeded()) struct LayerOperationTests {
    @Test func convolutionTakesNumbersPairsAndArrays() {
        let image = Tensor.ones([1, 2, 6, 8])
        let weight = Tensor.ones([3, 2, 3, 3])
        let size = 2
        #expect(image.conv2d(weight: weight).shape == [1, 3, 4, 6])
        #expect(image.conv2d(weight: weight, stride: size, padding: 1).shape == [1, 3, 3, 4])
        #expect(image.conv2d(weight: weight, stride: [1, 2], padding: IntPair(0, 1)).shape == [1, 3, 4, 4])
        #expect(image.conv2d(weight: weight, padding: .same).shape == image.shape.map { $0 == 2 ? 3 : $0 })
        #expect(image.squeeze(0).conv2d(weight: weight).shape == [3, 4, 6])
    }

    @Test func flatteningAConvolutionGivesRowMajorOrder() {
        let image = Tensor.arange(24.0).reshape([1, 2, 3, 4])
        let identity = Tensor.eye(2).reshape([2, 2, 1, 1])
        #expect(image.conv2d(weight: identity).flatten().toArray() == (0..<24).map(Float.init))
    }

    @Test func noImagesGiveNoOutput() {
        let none = Tensor.zeros([0, 2, 6, 6])
        #expect(none.conv2d(weight: Tensor.ones([3, 2, 3, 3])).shape == [0, 3, 4, 4])
        #expect(none.maxPool2d(kernelSize: 2).shape == [0, 2, 3, 3])
        #expect(none.interpolate(scaleFactor: 2).shape == [0, 2, 12, 12])
        #expect(Tensor.zeros([0, 5]).softmax(dim: 1).shape == [0, 5])
        #expect(Tensor.zeros([0, 5]).layerNorm([5]).shape == [0, 5])
    }

    @Test func shortFloatsComputeInFloat32() {
        let x = Tensor.randn([2, 3, 5, 5], generator: Generator(seed: 1)).to(.bfloat16)
        let weight = Tensor.randn([4, 3, 3, 3], generator: Generator(seed: 2)).to(.bfloat16)
        let result = x.conv2d(weight: weight)
        #expect(result.dtype == .bfloat16)
        #expect(result.equal(x.to(.float32).conv2d(weight: weight.to(.float32)).to(.bfloat16)))
        #expect(x.softmax(dim: 1).dtype == .bfloat16)
    }

    @Test func maxPoolPrefersNaN() {
        let x = Tensor([1.0, .nan, 3.0, 4.0]).reshape([1, 1, 2, 2])
        #expect(x.maxPool2d(kernelSize: 2).item().isNaN)
    }

    /// Large gradients are written past the caches; those of their images, one by one, are not.
    @Test func poolingOfLargeMapsIsThatOfTheirImages() {
        let x = Tensor.randn([3, 16, 256, 256], generator: Generator(seed: 1)).channelsLast()
        func gradients(_ pool: (Tensor) -> Tensor) -> (whole: Tensor, parts: Tensor) {
            func gradient(_ input: Tensor) -> Tensor {
                let leaf = input.clone()
                leaf.requiresGrad = true
                (pool(leaf) * pool(leaf).detach()).sum().backward()
                return leaf.grad!
            }
            return (gradient(x), Tensor.cat((0..<3).map { gradient(x.narrow(dim: 0, start: $0, length: 1)) }))
        }
        for pool in [
            { $0.maxPool2d(kernelSize: 2) }, { $0.maxPool2d(kernelSize: 3, stride: 2, padding: 1) },
            { $0.avgPool2d(kernelSize: 2) },
        ] as [(Tensor) -> Tensor] {
            let (whole, parts) = gradients(pool)
            #expect(whole.equal(parts) && whole.abs().max().item() > 0)
        }
    }

    @Test func batchNormFollowsTheBatch() {
        let x = Tensor([1.0, 3.0]).reshape([2, 1])
        let (mean, variance) = (Tensor.zeros([1]), Tensor.ones([1]))
        _ = x.batchNorm(runningMean: mean, runningVar: variance, training: true, momentum: 0.5)
        #expect(mean.item() == 1)
        #expect(variance.item() == 1.5)  // half of 1 and half of the unbiased variance, 2
        _ = x.batchNorm(runningMean: mean, runningVar: variance, training: false)
        #expect(mean.item() == 1)
    }

    @Test func dropoutKeepsTheMean() {
        let x = Tensor.ones([200, 500])
        let dropped = x.dropout(p: 0.25, generator: Generator(seed: 3))
        #expect(Swift.abs(dropped.mean().item() - 1) < 0.01)
        #expect(Set(dropped.toArray(as: Float.self)) == [0, Float(1 / 0.75)])
        #expect(x.dropout(p: 0.25, training: false) === x)
        #expect(dropped.equal(x.dropout(p: 0.25, generator: Generator(seed: 3))))
    }

    @Test func dropoutGradientHasTheSameHoles() {
        let x = Tensor.ones([1000], requiresGrad: true)
        let y = x.dropout(p: 0.5, generator: Generator(seed: 4))
        y.sum().backward()
        #expect(x.grad!.equal(y))
    }

    @Test func aHiddenQueryGivesZero() {
        let x = Tensor.ones([1, 1, 2, 4])
        let mask = Tensor([[true, true], [false, false]])
        let result = Tensor.scaledDotProductAttention(x, x, x, mask: mask)
        #expect(result.select(dim: 2, index: 1).sum().item() == 0)
        #expect(result.select(dim: 2, index: 0).sum().item() == 4)
    }

    @Test func pixelShuffleHasAnInverse() {
        let x = Tensor.arange(48.0).reshape([1, 3, 4, 4])
        #expect(x.pixelUnshuffle(2).pixelShuffle(2).equal(x))
    }

    @Test func foldSumsWhatUnfoldRepeats() {
        let x = Tensor.ones([1, 1, 3, 3])
        let counted = x.unfold(kernelSize: 2).fold(outputSize: 3, kernelSize: 2)
        #expect(counted.toArray() == [1, 2, 1, 2, 4, 2, 1, 2, 1])
    }

    @Test func lossesReduceAsAsked() {
        let (x, y) = (Tensor([1.0, 4.0]), Tensor([0.0, 2.0]))
        #expect(x.mseLoss(y).item() == 2.5)
        #expect(x.mseLoss(y, reduction: .sum).item() == 5)
        #expect(x.mseLoss(y, reduction: .none).toArray() == [1, 4])
        #expect(x.sigmoidFocalLoss(Tensor([1.0, 0.0])).shape == [2])
    }

    #if !os(Windows)
    @Test func aTargetThatIsNoClassStops() async {
        await #expect(processExitsWith: .failure) {
            _ = Tensor.zeros([2, 3]).crossEntropy(Tensor([0, 3]))
        }
    }

    @Test func aFilterWithOtherChannelsStops() async {
        await #expect(processExitsWith: .failure) {
            _ = Tensor.zeros([1, 4, 8, 8]).conv2d(weight: Tensor.zeros([2, 3, 3, 3]))
        }
    }
    #endif
}
