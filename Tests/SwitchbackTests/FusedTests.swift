import Switchback
import TestSupport
import Testing

@Suite(.seeded()) struct FusedTests {
    /// Gives every normalization statistics and weights that are not trivial.
    private func trained<Model: Module>(_ model: Model) -> Model {
        let generator = Generator(seed: 5)
        model.apply { module in
            guard let norm = module as? BatchNorm2d else { return }
            norm.weight?.initialize(.uniform(from: 0.5, to: 1.5), generator: generator)
            norm.bias?.initialize(.normal(standardDeviation: 0.5), generator: generator)
            norm.runningMean?.initialize(.normal(standardDeviation: 0.5), generator: generator)
            norm.runningVar?.initialize(.uniform(from: 0.5, to: 2), generator: generator)
        }
        return model
    }

    private let image = Tensor.randn([2, 4, 9, 9], generator: Generator(seed: 1))

    /// The model's output in eval mode beside that of its fused form, which must not run `batchNorm` so many times.
    private func check(_ model: Module, normalizations: Int = 0, sourceLocation: SourceLocation = #_sourceLocation) {
        let fast = model.fused()
        var output: Tensor?
        _ = fast(image)  // finds out what does not fit
        let profile = Profiler.record { output = fast(image) }
        let expected = noGrad { model.eval()(image) }
        #expect(
            (output! - expected).abs().max().item() < 1e-5 * max(1, expected.abs().max().item()),
            sourceLocation: sourceLocation)
        let calls = profile.byOperation.first { $0.operation == "batchNorm" }?.cost.calls ?? 0
        #expect(calls == normalizations, sourceLocation: sourceLocation)
        // Layers keep their names, though the fused model lists none.
        let paths = Set(model.namedModules().map(\.name))
        #expect(
            profile.entries.filter { $0.operation == "conv2d" }.allSatisfy { paths.contains($0.module) },
            sourceLocation: sourceLocation)
        #expect(!output!.requiresGrad, sourceLocation: sourceLocation)
    }

    @Test func chainsInASequentialAreFolded() {
        check(
            trained(
                Sequential(
                    Conv2d(4, 8, kernelSize: 3, padding: 1, bias: false), BatchNorm2d(8), ReLU(),
                    Conv2d(8, 8, kernelSize: 3, stride: 2, padding: 1, groups: 8), BatchNorm2d(8), SiLU(),
                    Conv2d(8, 6, kernelSize: 1), BatchNorm2d(6, eps: 1e-3), Tanh(),
                    Conv2d(6, 5, kernelSize: 3, padding: 1, paddingMode: .reflect), BatchNorm2d(5, affine: false))))
    }

    @Test func whatCannotBeFoldedIsComputedApart() {
        check(
            trained(
                Sequential(
                    BatchNorm2d(4), ReLU(), Conv2d(4, 4, kernelSize: 3), ReLU(), BatchNorm2d(4),
                    MaxPool2d(kernelSize: 2), Conv2d(4, 3, kernelSize: 1), Dropout(p: 0.5))), normalizations: 2)
    }

    // MARK: Modules with a forward pass of their own

    private final class Block: Module {
        let conv1 = Conv2d(4, 4, kernelSize: 3, padding: 1, bias: false)
        let bn1 = BatchNorm2d(4)
        let act = SiLU()
        let conv2 = Conv2d(4, 4, kernelSize: 1)
        let bn2 = BatchNorm2d(4)

        override func forward(_ x: Tensor) -> Tensor {
            conv2(act(bn1(conv1(x))), normalizedBy: bn2, activation: .relu, adding: x)
        }
    }

    @Test func blocksAreFolded() {
        check(trained(Block()))
        check(trained(Sequential(Block(), Block())))
    }

    /// One activation for several places, as in torchvision's networks.
    private final class SharedActivation: Module {
        let conv1 = Conv2d(4, 4, kernelSize: 3, padding: 1)
        let bn1 = BatchNorm2d(4)
        let relu = ReLU()
        let conv2 = Conv2d(4, 4, kernelSize: 3, padding: 1)
        let bn2 = BatchNorm2d(4)

        override func forward(_ x: Tensor) -> Tensor { relu(bn2(conv2(relu(bn1(conv1(x))))) + x) }
    }

    @Test func aSharedActivationIsNotMistaken() { check(trained(SharedActivation())) }

    /// Defined in the order of a chain, and used otherwise.
    private final class Misleading: Module {
        enum Use { case before, twice, never, swapped }

        let conv1 = Conv2d(4, 4, kernelSize: 3, padding: 1)
        let bn1 = BatchNorm2d(4)
        let conv2 = Conv2d(4, 4, kernelSize: 3, padding: 1)
        let bn2 = BatchNorm2d(4)
        let use: Use

        init(_ use: Use) { self.use = use }

        override func forward(_ x: Tensor) -> Tensor {
            let y = conv1(use == .before ? bn1(x) : x)
            return switch use {
            case .before: conv2(bn2(y))
            case .twice: bn1(y) + y + bn2(conv2(x))
            case .never: y + bn2(conv2(x))
            case .swapped: bn2(y) + bn1(conv2(x))
            }
        }
    }

    @Test func misleadingDefinitionsGiveTheSameNumbers() {
        check(trained(Misleading(.before)), normalizations: 2)
        check(trained(Misleading(.twice)), normalizations: 1)
        check(trained(Misleading(.never)), normalizations: 0)
        check(trained(Misleading(.swapped)), normalizations: 2)
    }

    // MARK: The model that was fused

    @Test func theModelStaysAsItIs() {
        let model = trained(Sequential(Conv2d(4, 4, kernelSize: 3), BatchNorm2d(4), ReLU(), Dropout(p: 0.5)))
        let before = model.stateDict().mapValues { $0.toArray(as: Float.self) }
        let fast = model.fused()
        let first = fast(image)
        #expect(model.stateDict().mapValues { $0.toArray(as: Float.self) } == before)
        #expect(model.isTraining && model[3].isTraining)
        #expect(fast.parameters.isEmpty && fast.description == "Fused<Sequential>(folded: 1)")

        // What is trained later does not reach the filters that were folded.
        noGrad { model.parameters[0].copy(from: Tensor.zeros(model.parameters[0].shape)) }
        #expect((fast(image) - first).abs().max().item() == 0)
        #expect((model.fused()(image) - first).abs().max().item() > 0)
    }

    @Test func modelsWithOtherOperandsRunInAClosure() {
        let model = trained(Block())
        let (a, b) = model.fused().run { model in (model(image), model(image * 2)) }
        model.eval()
        #expect((a - noGrad { model(image) }).abs().max().item() < 1e-5)
        #expect((b - noGrad { model(image * 2) }).abs().max().item() < 1e-5)
    }
}
