import Switchback
import Testing

/// Convolutions in which each channel has a filter of its own are what the channels give alone: for every width of the
/// filter, those with a kernel of their own and the others.
@Suite struct DepthwiseTests {
    @Test(arguments: 1...8, [1, 2, 3])
    func channelsAlone(_ taps: Int, _ stride: Int) {
        for channels in [1, 3, 4, 17] {
            let generator = Generator(seed: 3)
            let x = Tensor.randn([2, channels, 40], requiresGrad: true, generator: generator)
            let weight = Tensor.randn([channels, 1, taps], requiresGrad: true, generator: generator)
            let together = x.conv1d(weight: weight, stride: stride, padding: taps / 2, groups: channels)
            let alone = Tensor.cat(
                (0..<channels).map { channel in
                    x.narrow(dim: 1, start: channel, length: 1).conv1d(
                        weight: weight.narrow(dim: 0, start: channel, length: 1), stride: stride, padding: taps / 2)
                }, dim: 1)
            #expect(isNear(together, alone))
            let upstream = Tensor.randn(together.shape, generator: generator)
            let found = gradients(of: [(together * upstream).sum()], withRespectTo: [x, weight])
            let expected = gradients(of: [(alone * upstream).sum()], withRespectTo: [x, weight])
            for (a, b) in zip(found, expected) { #expect(isNear(a!, b!)) }
        }
    }

    private func isNear(_ a: Tensor, _ b: Tensor) -> Bool {
        a.shape == b.shape && (a - b).abs().amax().item() < 1e-4
    }
}
