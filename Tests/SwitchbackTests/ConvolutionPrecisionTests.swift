import Switchback
import TestSupport
import Testing

/// 3×3 convolutions in bfloat16: how far their results and gradients are from float32's, and that nothing but the precision
/// decides about them.
@Suite(.seeded(), .serialized) struct ConvolutionPrecisionTests {
    /// One convolution of each way to compute them, and the relative error that it may have.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let images: Shape
        let outputs: Int
        var stride = 1
        var error = 1.35e-2
    }

    /// Small ones, for backends that are slow.
    static let smallCases = [
        Case(testDescription: "small, tiles of 4×4", images: [1, 16, 16, 16], outputs: 16),
        Case(testDescription: "small, tiles of 2×2", images: [16, 16, 2, 2], outputs: 16, error: 8e-3),
    ]

    static let cases =
        smallCases + [
            Case(testDescription: "tiles of 4×4", images: [4, 32, 20, 20], outputs: 48),
            Case(testDescription: "many channels", images: [2, 160, 12, 12], outputs: 136),
            Case(testDescription: "odd numbers", images: [2, 37, 13, 13], outputs: 35),
            Case(testDescription: "few tiles", images: [4, 131, 8, 8], outputs: 72),
            Case(testDescription: "tiles of 2×2", images: [16, 32, 2, 2], outputs: 32, error: 8e-3),
            Case(testDescription: "stride 2", images: [4, 64, 24, 24], outputs: 64, stride: 2, error: 8e-3),
            Case(testDescription: "stride 2, few tiles", images: [4, 67, 16, 16], outputs: 72, stride: 2, error: 8e-3),
        ]

    /// The result and the gradients of input, weight and bias.
    private func results(
        _ test: Case, _ precision: Precision, on backend: any Backend.Type = CPUBackend.self
    ) -> [Tensor] {
        let generator = Generator(seed: 11)
        let leaves = [test.images, [test.outputs, test.images[1], 3, 3], [test.outputs]].map {
            Tensor.randn($0, generator: generator).to(backend)
        }
        for leaf in leaves { leaf.requiresGrad = true }
        let y = withPrecision(precision) {
            leaves[0].conv2d(weight: leaves[1], bias: leaves[2], stride: IntPair(test.stride), padding: 1)
        }
        (y * Tensor.randn(y.shape, generator: generator).to(backend)).sum().backward()
        return [y.detach()] + leaves.map { $0.grad!.to(CPUBackend.self) }
    }

    /// The norm of the difference, as a share of the norm.
    private func error(_ found: Tensor, _ exact: Tensor) -> Double {
        ((found - exact).square().sum().item() / exact.square().sum().item()).squareRoot()
    }

    @Test(arguments: cases) func resultsAndGradientsFollowFloat32(_ test: Case) {
        let (exact, found) = (results(test, .float32), results(test, .bfloat16))
        #expect(!found[0].equal(exact[0]) && !found[1].equal(exact[1]), "nothing is rounded")
        for (exact, found) in zip(exact, found) {
            #expect(found.dtype == .float32)
            #expect(error(found, exact) < test.error)
        }
        #expect(found[3].equal(exact[3]), "the gradient of the bias is no product")
    }

    /// Filters get the same gradient from an input that was rounded when it was saved as from a leaf, which is rounded when it is
    /// read; where products toward them are rounded at all.
    @Test(arguments: cases.filter { $0.outputs >= 32 && $0.stride == 1 && $0.images[2] > 2 })
    func inputsAreSavedAsTheyAreRead(_ test: Case) {
        func gradient(_ input: (Tensor) -> Tensor) -> Tensor {
            let generator = Generator(seed: 13)
            let x = Tensor.randn(test.images, requiresGrad: true, generator: generator)
            let weight = Tensor.randn([test.outputs, test.images[1], 3, 3], requiresGrad: true, generator: generator)
            let y = withPrecision(.bfloat16) { input(x).conv2d(weight: weight, padding: 1) }
            (y * Tensor.randn(y.shape, generator: generator)).sum().backward()
            return weight.grad!
        }
        #expect(gradient { $0 }.equal(gradient { $0 * 1 }))
    }

    /// A backend without kernels of its own rounds the operands themselves; each side has its own error.
    @Test(arguments: smallCases) func otherBackendsAreAsNear(_ test: Case) {
        let (ours, others) = (results(test, .bfloat16), results(test, .bfloat16, on: MirrorBackend.self))
        for (ours, other) in zip(ours, others) {
            #expect(error(ours, other.to(CPUBackend.self)) < test.error + 4e-3)
        }
    }

    @Test(arguments: cases) func threadsDoNotChangeBits(_ test: Case) {
        let threads = Processor.threadCount
        defer { Processor.threadCount = threads }
        let all = [1, 2, 3].map { count in
            Processor.threadCount = count
            return results(test, .bfloat16)
        }
        for other in all.dropFirst() { for (a, b) in zip(all[0], other) { #expect(a.equal(b)) } }
    }

    /// An activation, a residual and filters that were laid out for other convolutions are as in float32.
    @Test func fusedConvolutionsFollowFloat32() {
        let generator = Generator(seed: 12)
        let layer = Conv2d(32, 48, kernelSize: 3, padding: 1)
        layer.eval()
        let x = Tensor.randn([2, 32, 16, 16], generator: generator)
        let exact = noGrad { layer(x).relu() }
        let found = noGrad { withPrecision(.bfloat16) { layer(x).relu() } }
        #expect(!found.equal(exact) && error(found, exact) < 1.35e-2)
        // And back.
        #expect(noGrad { layer(x).relu() }.equal(exact))
    }
}
