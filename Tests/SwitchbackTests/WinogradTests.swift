import Switchback
import Testing

/// A 3×3 convolution with stride 1, which Winograd's algorithm computes.
struct WinogradCase: Sendable, CustomTestStringConvertible {
    let images, inputs, outputs, size: Int

    var testDescription: String { "\(images) images of \(inputs) channels, \(size)×\(size), to \(outputs) channels" }

    static let all = [
        WinogradCase(images: 2, inputs: 64, outputs: 64, size: 14),
        WinogradCase(images: 1, inputs: 256, outputs: 32, size: 7),
        WinogradCase(images: 3, inputs: 16, outputs: 48, size: 11),
        WinogradCase(images: 2, inputs: 16, outputs: 9, size: 32),
        WinogradCase(images: 8, inputs: 192, outputs: 40, size: 4),
    ]

    /// Output and gradients of input and weight, for data of mean 0 and variance 1; the weight is scaled as layers'.
    func results(_ dtype: DType) -> [Tensor] {
        let generator = Generator(seed: 3)
        func random(_ shape: Shape) -> Tensor { Tensor.randn(shape, dtype: .float64, generator: generator) }
        let x = random([images, inputs, size, size]).to(dtype)
        let weight = (random([outputs, inputs, 3, 3]) / Double(9 * inputs).squareRoot()).to(dtype)
        for leaf in [x, weight] { leaf.requiresGrad = true }
        let y = x.conv2d(weight: weight, padding: 1)
        let upstream = random(y.shape).to(dtype)
        return [y.detach()]
            + gradients(of: [y], withRespectTo: [x, weight], gradients: [upstream]).map { $0!.detach() }
    }
}

@Suite struct WinogradTests {
    /// The bound that `Processor.withoutWinograd` states.
    @Test(arguments: WinogradCase.all)
    func errorsAreWithinTheBound(_ example: WinogradCase) {
        let exact = example.results(.float64)
        let fast = example.results(.float32)
        let direct = Processor.withoutWinograd { example.results(.float32) }
        for i in exact.indices {
            #expect(largestError(fast[i], exact[i]) <= 1e-5)
            #expect(largestError(direct[i], exact[i]) <= 2e-6)
        }
        #expect(!fast[0].equal(direct[0]), "the switch changes nothing")
    }

    /// Of the largest magnitude.
    private func largestError(_ a: Tensor, _ exact: Tensor) -> Double {
        (a.to(.float64) - exact).abs().amax().item() / exact.abs().amax().item()
    }
}
