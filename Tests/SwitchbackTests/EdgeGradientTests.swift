import Switchback
import Testing

/// Values and gradients at the edges that PyTorch's own samples found wrong here. What is expected is what PyTorch 2.13
/// gives for the same lines.
struct EdgeGradientTests {
    static let nan = Double.nan
    static let infinity = Double.infinity

    private func same(_ found: Tensor?, _ expected: [Double]) -> Bool {
        let values = found?.toArray(as: Double.self) ?? []
        return values.count == expected.count
            && zip(values, expected).allSatisfy { Swift.abs($0 - $1) < 1e-6 || $0 == $1 || $0.isNaN && $1.isNaN }
    }

    /// A vector that requires a gradient.
    private func leaf(_ values: [Double]) -> Tensor { Tensor(values, dtype: .float64, requiresGrad: true) }

    // MARK: Values

    @Test func runningLogSums() {
        let x = leaf([0, 1000, 5, -Self.infinity])
        let y = x.logCumSumExp(dim: 0)
        y.sum().backward()
        #expect(same(y, [0, 1000, 1000, 1000]) && same(x.grad, [1, 3, 0, 0]))
        let late = Tensor([0.0, 2, Self.nan, 1]).logCumSumExp(dim: 0)
        #expect(same(late, [0, 2.1269280910491943, Self.nan, Self.nan]))
        let halves = Tensor([-9.0, -8, 10], dtype: .float16).logCumSumExp(dim: 0)
        #expect(halves.dtype == .float16 && halves.toArray(as: Double.self) == [-9, -7.6875, 10])
    }

    @Test func extremesWithoutTheOwnElement() {
        let places = Tensor([0, 0, 2])
        func reduced(_ values: [Int], _ reduction: ScatterReduce) -> [Int] {
            Tensor.zeros([3], dtype: .int32).scatterReduce(
                dim: 0, index: places, source: Tensor(values, dtype: .int32), reduction, includeSelf: false
            ).toArray(as: Int.self)
        }
        #expect(reduced([-3, -5, 7], .amax) == [-3, 0, 7])
        #expect(reduced([3, 5, 7], .amin) == [3, 0, 7])
        let bools = Tensor([true, true]).scatterReduce(
            dim: 0, index: Tensor([0, 0]), source: Tensor([false, false]), .amax, includeSelf: false)
        #expect(bools.toArray(as: Bool.self) == [false, true])
    }

    @Test func normsOfHalvesDoNotOverflow() {
        #expect(Tensor([30000.0, 40000], dtype: .float16).norm(p: 3).item() == 44992)
        #expect(Tensor([100.0, 200], dtype: .float16).norm(p: 4).item() == 203)
    }

    @Test func interpolationToInfinity() {
        let (a, b) = (Tensor([0, Self.infinity, 1]), Tensor([Self.infinity, 0, 3]))
        #expect(same(a.lerp(b, weight: Tensor([1, 0.75, 0.25])), [Self.nan, Self.infinity, 1.5]))
    }

    @Test func integers() {
        #expect(Tensor.linspace(4.3, 50, 6, dtype: .int32).toArray(as: Int.self) == [4, 13, 22, 31, 40, 50])
        #expect(Tensor.linspace(-1.5, 2.7, 4, dtype: .int64).toArray(as: Int.self) == [-1, 0, 1, 2])
        #expect(Tensor([0, 2, 2]).bincount(weights: Tensor([1, 2, 3])).dtype == .float64)
        #expect(Tensor([true, false]).square().dtype == .int64)
    }

    @Test func differentSlices() {
        let x = Tensor([[[1, 0], [2, 3]], [[1, 0], [2, 3]], [[0, 5], [9, 9]]])
        let (values, inverse, counts) = x.unique(dim: 0)
        #expect(values.shape == [2, 2, 2] && values.toArray(as: Int.self) == [0, 5, 9, 9, 1, 0, 2, 3])
        #expect(inverse.toArray(as: Int.self) == [1, 1, 0] && counts.toArray(as: Int.self) == [1, 2])
        let columns = Tensor([[3, 1, 3], [2, 0, 2]]).unique(dim: 1)
        #expect(columns.values.toArray(as: Int.self) == [1, 3, 0, 2])
        #expect(columns.inverse.toArray(as: Int.self) == [1, 0, 1])
    }

    @Test func nothingToTake() {
        #expect(Tensor(5.0).unfold(dim: 0, size: 1, step: 1).toArray() == [5])
        #expect(Tensor(5.0).unfold(dim: 0, size: 0, step: 1).shape == [0])
        #expect(Tensor([1.0, 2]).gather(dim: 0, index: Tensor.zeros([2, 0], dtype: .int64)).shape == [2, 0])
    }

    /// Choices are as frequent as the softmax of the logits says, and their gradient is that of the soft ones.
    @Test func choicesByGumbelNoise() {
        let logits = Tensor([0.0, 1, 2], requiresGrad: true)
        let draws = 20_000
        let many = logits.expand(to: [draws, 3])
        let hard = many.gumbelSoftmax(hard: true, generator: Generator(seed: 1))
        let shares = hard.detach().mean(dim: 0).toArray(as: Double.self)
        let expected = logits.detach().softmax(dim: 0).toArray(as: Double.self)
        #expect(zip(shares, expected).allSatisfy { Swift.abs($0 - $1) < 0.015 }, "\(shares)")
        #expect(hard.detach().amax(dim: 1).toArray().allSatisfy { Swift.abs($0 - 1) < 1e-6 })
        hard.select(dim: 1, index: 0).sum().backward(retainGraph: true)
        let found = logits.grad!.toArray()
        logits.zeroGrad()
        let soft = many.gumbelSoftmax(generator: Generator(seed: 1))
        soft.select(dim: 1, index: 0).sum().backward()
        #expect(logits.grad!.toArray() == found && found[0] > 0)
    }

    // MARK: Gradients

    @Test func keptGradientsAreOfThePresentValues() {
        let x = leaf([2])
        let y = x * 3
        y.retainGrad()
        y += 1.0
        y.square().sum().backward()
        #expect(same(y.grad, [14]) && same(x.grad, [42]))
    }

    @Test func ofTargetsThatAreZero() {
        let (input, target) = (leaf([-1, -2]), leaf([0, 0.5]))
        input.klDiv(target, reduction: .sum).backward()
        #expect(same(input.grad, [0, -0.5]) && target.grad!.toArray()[0].isNaN)
    }

    @Test func ofWhatIsOverwritten() {
        let value = Tensor(1.0, dtype: .float64, requiresGrad: true)
        Tensor.zeros([3, 2], dtype: .float64).indexFill(dim: 0, index: Tensor([1, 1, 2]), value).sum().backward()
        #expect(value.grad?.item() == 4)
        let source = leaf([1, 2, 3])
        Tensor.zeros([3], dtype: .float64).scatter(dim: 0, index: Tensor([1, 1, 2]), source: source).sum().backward()
        #expect(same(source.grad, [0, 1, 1]))
        source.zeroGrad()
        Tensor.zeros([3], dtype: .float64).indexCopy(dim: 0, index: Tensor([1, 1, 2]), source: source).sum().backward()
        #expect(same(source.grad, [0, 1, 1]))
    }

    @Test func ofAnglesAndLengths() {
        let (y, x) = (leaf([0, 0]), leaf([0, -0.0]))
        y.atan2(x).sum().backward()
        #expect(same(y.grad, [0, 0]) && same(x.grad, [0, 0]))
        let (a, b) = (leaf([0, Self.infinity, 3]), leaf([Self.infinity, 1, 4]))
        a.hypot(b).sum().backward()
        #expect(same(a.grad, [0, Self.nan, 0.6]) && same(b.grad, [Self.nan, 0, 0.8]))
    }

    @Test func ofSigns() {
        let x = leaf([Self.nan, Self.infinity, 0, -2])
        x.copysign(leaf([1, -1, -1, 1])).sum().backward()
        #expect(same(x.grad, [Self.nan, Self.nan, 0, -1]))
    }

    @Test func ofLogit() {
        let x = leaf([0, 0.5, 1, 2, -1])
        x.logit().sum().backward()
        #expect(same(x.grad, [Self.infinity, 4, Self.infinity, Self.nan, Self.nan]))
    }

    /// PyTorch gives NaN at infinity, where the slope tends to 1.
    @Test func ofMishAtInfinity() {
        let x = leaf([Self.infinity, 30])
        x.mish().sum().backward()
        #expect(same(x.grad, [1, 1]))
    }

    @Test func ofRunningProductsWithNaNBehindZero() {
        let x = leaf([2, 3, 0, 4, Self.nan, 5])
        x.cumprod(dim: 0).sum().backward()
        #expect(same(x.grad, [4, 2, Self.nan, 0, 0, 0]))
    }

    @Test func ofExtremesThatAreNaN() {
        let (x, source) = (leaf([1, Self.nan, 3]), leaf([2, 5]))
        x.scatterReduce(dim: 0, index: Tensor([0, 1]), source: source, .amax).sum().backward()
        #expect(same(x.grad, [0, Self.nan, 1]) && same(source.grad, [1, Self.nan]))
    }
}
