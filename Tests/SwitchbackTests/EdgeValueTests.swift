import Foundation
import Switchback
import TestSupport
import Testing

/// Values at which operations were wrong somewhere, here or in other libraries: NaN, the zeros, ties, numbers of 16
/// bits that many are added to, tensors without dimensions. What is expected is what PyTorch 2.13 gives.
@Suite(.seeded()) struct EdgeValueTests {
    static let nan = Double.nan

    private func same(_ found: Tensor, _ expected: [Double]) -> Bool {
        let values = found.toArray(as: Double.self)
        return values.count == expected.count
            && zip(values, expected).allSatisfy { $0 == $1 && $0.sign == $1.sign || $0.isNaN && $1.isNaN }
    }

    // MARK: NaN

    @Test func mediansKnowNaN() {
        let x = Tensor([[1.0, Self.nan, 2, 3], [4, 1, 3, 2]])
        let (values, indices) = x.median(dim: 1)
        #expect(same(values, [Self.nan, 2]) && indices.toArray(as: Int.self) == [1, 3])
        let (others, places) = x.nanmedian(dim: 1, keepDim: true)
        #expect(same(others, [2, 2]) && places.toArray(as: Int.self) == [2, 3] && places.shape == [2, 1])
        #expect(x.median().item().isNaN && x.nanmedian().item() == 2)
        #expect(Tensor([Self.nan, Self.nan]).nanmedian(dim: 0).values.item().isNaN)
        #expect(Tensor.zeros([3, 0]).median().item().isNaN && Tensor.zeros([3, 0], dtype: .int64).sum().item() == 0)
        let leaf = Tensor([3.0, Self.nan, 1, 2], requiresGrad: true)
        leaf.nanmedian(dim: 0).values.backward()
        #expect(same(leaf.grad!, [0, 0, 0, 1]))
    }

    @Test func theMiddlesOfAllShareTheGradient() {
        let x = Tensor([1.0, 2, 2, 3], requiresGrad: true)
        x.median().backward()
        #expect(same(x.grad!, [0, 0.5, 0.5, 0]))
        let y = Tensor([Self.nan, 1, Self.nan], requiresGrad: true)
        y.median().backward()
        #expect(same(y.grad!, [0.5, 0, 0.5]))
        #expect(throws: ShapeError.self) { try catchingErrors { Tensor.zeros([0], dtype: .int64).median() } }
    }

    @Test func productsOfNaN() {
        let x = Tensor([Self.nan, 2], requiresGrad: true)
        x.prod().backward()
        #expect(same(x.grad!, [Self.nan, Self.nan]))
        let y = Tensor([[Self.nan], [2]], requiresGrad: true)
        y.cumprod(dim: 1).sum().backward()
        #expect(same(y.grad!, [1, 1]))
    }

    // MARK: Nothing

    @Test func softmaxOfNothingWritesNothing() {
        for type in [DType.float32, .float64, .float16, .bfloat16] {
            // What was written beyond the end of nothing was as much as the other dimensions are large.
            for shape in [[1_000_000, 0], [0, 3], [2, 0, 3]] as [Shape] {
                let x = Tensor.zeros(shape, dtype: type, requiresGrad: true)
                for dim in 0..<shape.count {
                    (x.softmax(dim: dim).sum() + x.logSoftmax(dim: dim).sum()).backward()
                    #expect(x.grad!.shape == shape)
                }
            }
        }
    }

    @Test func nothingIsCutIntoAsManyParts() {
        #expect(Tensor.zeros([0, 3]).chunk(2).map(\.shape) == [[0, 3], [0, 3]])
    }

    @Test func oneSliceWithoutDimensions() {
        let x = Tensor([1.0, 2]).indexCopy(dim: 0, index: Tensor(1), source: Tensor(5.0))
        #expect(same(x, [1, 5]))
    }

    @Test(arguments: [DType.float32, .float64]) func samplesAtNaN(type: DType) {
        let image = Tensor.arange(1.0, 10).reshape([1, 1, 3, 3]).to(type)
        let grid = Tensor(
            [Self.nan, 0, 0, Self.nan, .infinity, 0, 1e30, 0], shape: [1, 1, 4, 2], dtype: type)
        func sampled(_ mode: GridSampleMode, _ padding: GridSamplePadding) -> Tensor {
            image.gridSample(grid: grid, mode: mode, paddingMode: padding)
        }
        #expect(same(sampled(.bilinear, .zeros), [Self.nan, Self.nan, Self.nan, 0]))
        #expect(same(sampled(.bicubic, .zeros), [Self.nan, Self.nan, Self.nan, 0]))
        #expect(same(sampled(.bicubic, .border), [Self.nan, Self.nan, Self.nan, 6]))
        for mode in [GridSampleMode.bilinear, .nearest] {
            #expect(same(sampled(mode, .border), [4, 2, 6, 6]))
            // How often 1e30 is reflected is a matter of rounding.
            #expect(same(sampled(mode, .reflection).narrow(dim: 3, start: 0, length: 3), [4, 2, 4]))
        }
        #expect(same(sampled(.nearest, .zeros), [0, 0, 0, 0]))
    }

    // MARK: Bounds

    @Test func boundsThatAreNaN() {
        let x = Tensor([1.0, 5], requiresGrad: true)
        let y = x.clamp(min: Self.nan)
        y.sum().backward()
        #expect(same(y, [Self.nan, Self.nan]) && same(x.grad!, [0, 0]))
        #expect(same(x.clamp(max: Tensor([Self.nan, 2])), [Self.nan, 2]))
        #expect(same(x.clamp(min: Tensor([2.0, Self.nan]), max: Tensor(3.0)), [2, Self.nan]))
    }

    @Test func extremesShareTheGradientOfNaN() {
        for largest in [true, false] {
            let x = Tensor([1.0, Self.nan, Self.nan, 2], requiresGrad: true)
            (largest ? x.max() : x.min()).backward()
            #expect(same(x.grad!, [0, 0.5, 0.5, 0]))
            x.zeroGrad()
            (largest ? x.amax() : x.amin()).backward()
            #expect(same(x.grad!, [Self.nan, Self.nan, Self.nan, Self.nan]))
            x.zeroGrad()
            (largest ? x.max(dim: 0) : x.min(dim: 0)).values.backward()
            #expect(same(x.grad!, [0, 1, 0, 0]))
        }
        let x = Tensor([1.0, Self.nan, 3], requiresGrad: true)
        x.norm(p: .infinity).backward()
        #expect(same(x.grad!, [0, 0, 0]))
    }

    /// Where PyTorch's vector and scalar code agree on it.
    @Test func gradientsAtNaN() {
        let expected: [(Double, (Tensor) -> Tensor)] = [
            (1, { $0.relu() }), (0, { $0.clamp(min: -1, max: 1) }), (0, { $0.clamp(min: 0.0) }),
            (0, { $0.hardsigmoid() }), (0, { $0.abs() }), (0, { $0.sign() }), (1, { $0.threshold(0.1, 2) }),
            (0.01, { $0.leakyReLU() }), (Self.nan, { $0.gelu() }), (Self.nan, { $0.silu() }), (Self.nan, { $0.mish() }),
            (Self.nan, { $0.softplus() }), (Self.nan, { $0.softsign() }), (Self.nan, { $0.tanhshrink() }),
            (Self.nan, { $0.sigmoid() }), (Self.nan, { $0.logSigmoid() }), (0, { $0.nanToNum() }),
        ]
        for (number, (slope, run)) in expected.enumerated() {
            let x = Tensor.full([20], Self.nan, dtype: .float64, requiresGrad: true)
            run(x).sum().backward()
            let found = x.grad!.toArray(as: Double.self)
            #expect(found.allSatisfy { abs($0 - slope) < 1e-9 || $0.isNaN && slope.isNaN }, "activation \(number)")
        }
    }

    @Test func clippingSeesNaN() {
        let (p, q) = (Parameter(Tensor([0.0])), Parameter(Tensor([0.0])))
        for (first, second) in [(Self.nan, 1.0), (1.0, Self.nan)] {
            for normType in [1, 2, Double.infinity] {
                p.grad = Tensor([first])
                q.grad = Tensor([second])
                #expect(clipGradNorm([p, q], maxNorm: 1, normType: normType).item().isNaN)
                #expect(p.grad!.item().isNaN && q.grad!.item().isNaN)
            }
        }
    }

    // MARK: Zeros

    @Test func theSignOfZeroIsKept() {
        let zeros = Tensor([-0.0, 0])
        for x in [zeros, zeros.to(.float64), zeros.to(.float16), zeros.to(.bfloat16)] {
            #expect(same(x * 2.0, [-0.0, 0]) && same(2 * x, [-0.0, 0]) && same(x * -1.0, [0, -0.0]))
            #expect(same(x + 0.0, [0, 0]) && same(x - 0.0, [-0.0, 0]) && same(0.0 - x, [0, 0]))
            #expect(same(x / 2.0, [-0.0, 0]) && same(1.0 / (x * 2.0), [-.infinity, .infinity]))
            let y = x.clone()
            y *= 3
            #expect(same(y, [-0.0, 0]))
        }
    }

    @Test func normsBelowOneAreFlatAtZero() {
        let x = Tensor([0.0, 4, 9], requiresGrad: true)
        x.norm(p: 0.5).backward()
        #expect(x.grad!.allClose(Tensor([0, 2.5, 1.6666666])))
        x.zeroGrad()
        x.norm(p: -1).backward()
        #expect(same(x.grad!, [0, 0, 0]))
    }

    // MARK: Sums of many in 16 bits

    @Test(arguments: [DType.float16, .bfloat16]) func tiesAreCounted(_ type: DType) {
        for run in [{ $0.max() }, { $0.amin() }, { $0.norm(p: .infinity) }] as [(Tensor) -> Tensor] {
            let x = Tensor.ones([70_000], dtype: type, requiresGrad: true)
            run(x).backward()
            #expect(abs(x.grad!.max().item() * 70_000 - 1) < 5e-3)
        }
        let x = Tensor.ones([1], dtype: type, requiresGrad: true)
        let source = Tensor.ones([69_999], dtype: type, requiresGrad: true)
        let index = Tensor.zeros([69_999], dtype: .int64)
        x.scatterReduce(dim: 0, index: index, source: source, .amax).sum().backward()
        #expect(abs(source.grad!.max().item() * 70_000 - 1) < 5e-3)
        #expect(x.scatterReduce(dim: 0, index: index, source: source, .mean).item() == 1)
    }

    @Test(arguments: [DType.float16, .bfloat16]) func sumsInOnePlaceRoundOnce(_ type: DType) {
        let (ones, places) = (Tensor.ones([5000], dtype: type), Tensor.zeros([5000], dtype: .int64))
        let expected = Tensor([5000.0], dtype: type).item()
        let start = Tensor.zeros([1], dtype: type)
        #expect(start.scatterAdd(dim: 0, index: places, source: ones).item() == expected)
        #expect(start.indexAdd(dim: 0, index: places, source: ones).item() == expected)
        #expect(start.indexPut([places], ones, accumulate: true).item() == expected)
        #expect(start.scatterReduce(dim: 0, index: places, source: ones, .sum).item() == expected)
        let leaf = Tensor.zeros([1], dtype: type, requiresGrad: true)
        let reads: [(Tensor) -> Tensor] = [
            { $0.gather(dim: 0, index: places) }, { $0.indexSelect(dim: 0, index: places) }, { $0.take(places) },
            { $0[places] }, { places.embedding(weight: $0.unsqueeze(1)) },
        ]
        for read in reads {
            read(leaf).sum().backward()
            #expect(leaf.grad!.item() == expected)
            leaf.zeroGrad()
        }
        let line = Tensor.zeros([3001], dtype: type, requiresGrad: true)
        line.unfold(dim: 0, size: 3000, step: 1).sum().backward()
        #expect(line.grad!.max().item() == 2)
    }

    // MARK: Without dimensions

    @Test func singleNumbersAreWrittenAt() {
        let (x, zero) = (Tensor(1.0), Tensor(0))
        #expect(
            x.scatter(dim: 0, index: zero, value: 2.5).item() == 2.5
                && x.scatter(dim: 0, index: zero, value: 2.5).shape == [])
        #expect(x.scatterAdd(dim: 0, index: Tensor([0]), source: Tensor([2.0])).item() == 3)
        #expect(x.scatterReduce(dim: -1, index: zero, source: Tensor(2.0), .product).item() == 2)
        #expect(x.indexFill(dim: 0, index: zero, 7.0).item() == 7 && x.indexFill(dim: 0, index: zero, 7.0).shape == [])
        #expect(x.indexAdd(dim: 0, index: zero, source: Tensor(2.0)).item() == 3)
        #expect(x.indexCopy(dim: 0, index: Tensor([0]), source: Tensor([2.0])).item() == 2)
        #expect(x.gather(dim: 0, index: Tensor([0, 0])).toArray() == [1, 1])
        #expect(Tensor([4.0, 5]).gather(dim: 0, index: Tensor(1)).shape == [])
        let leaf = Tensor(1.0, requiresGrad: true)
        (leaf * 2).scatterAdd(dim: 0, index: zero, source: leaf).backward()
        #expect(leaf.grad!.item() == 3)
    }

    @Test func fillsWithAValueThatLearns() {
        let value = Tensor(7.0, requiresGrad: true)
        let y = Tensor.zeros([2, 3]).indexFill(dim: 1, index: Tensor([0, -1]), value)
        #expect(y.toArray() == [7, 0, 7, 7, 0, 7])
        y.sum().backward()
        #expect(value.grad!.item() == 4)
    }

    // MARK: Shapes that could be read in two ways

    @Test func variancesStandForRows() {
        let (x, target) = (Tensor([[1.0, 2], [3, 4]]), Tensor.zeros([2, 2]))
        let losses = x.gaussianNLLLoss(target, variance: Tensor([1.0, 100]), reduction: .none)
        #expect(losses.allClose(Tensor([[0.5, 2], [2.3475851, 2.3825851]])))
        let columns = x.gaussianNLLLoss(target, variance: Tensor([[1.0, 100]]), reduction: .none)
        #expect(columns.allClose(Tensor([[0.5, 2.3225851], [4.5, 2.3825851]])))
        #expect(x.gaussianNLLLoss(target, variance: Tensor(1.0), reduction: .none).toArray() == [0.5, 2, 4.5, 8])
    }

    @Test func circularPaddingCutsFirst() {
        let x = Tensor([[[0.0, 1, 2, 3]]])
        #expect(x.pad([-1, 1], mode: .circular).toArray() == [1, 2, 3, 1])
        #expect(x.pad([1, -1], mode: .circular).toArray() == [2, 0, 1, 2])
        #expect(x.pad([2, 3], mode: .circular).toArray() == [2, 3, 0, 1, 2, 3, 0, 1, 2])
        #expect(x.pad([-1, 1], mode: .reflect).toArray() == [1, 2, 3, 2])
        #expect(x.pad([-1, 1], mode: .replicate).toArray() == [1, 2, 3, 3])
    }

    @Test func vectorsHaveABilinearForm() {
        let weight = Tensor([[[1.0, 2], [3, 4]]])
        let y = Tensor([1.0, 2]).bilinear(Tensor([1.0, 2]), weight: weight, bias: Tensor([0.5]))
        #expect(y.shape == [1] && y.item() == 27.5)
    }

    @Test func recurrentLayersGiveTheirState() {
        let input = Tensor.zeros([1, 1, 2])
        let lstm = LSTM(2, 3)(input)
        #expect(lstm.output.shape == [1, 1, 3] && lstm.state.cell.shape == [1, 1, 3])
        #expect(GRU(2, 3)(input).state.shape == [1, 1, 3] && RNN(2, 3)(input).output.shape == [1, 1, 3])
        let output: Tensor = LSTM(2, 3)(input)
        #expect(output.shape == [1, 1, 3])
    }

    // MARK: Gradients

    @Test func keptGradientsHavePassedAllHooks() {
        let x = Tensor([1.0], requiresGrad: true)
        let y = x * 3
        y.registerHook { $0 * 2 }
        y.retainGrad()
        y.registerHook { $0 * 10 }
        y.backward()
        #expect(y.grad!.item() == 20 && x.grad!.item() == 60)
    }

    /// PyTorch's gradient by the log-probabilities, in each precision and also where no fused kernel is.
    @Test(arguments: [DType.float32, .float64]) func gradientsOfCTC(_ type: DType) {
        let logits = Tensor([[[0.1, 0.5, 0.2]], [[0.7, 0.1, 0.2]]], dtype: type)
        let scores = logits.logSoftmax(dim: 2)
        scores.requiresGrad = true
        scores.ctcLoss(targets: Tensor([[1]]), inputLengths: [2], targetLengths: [1]).backward()
        let expected = Tensor(
            [[[0.08607514, -0.39332347, 0.30724834]], [[-0.05776906, -0.22363899, 0.28140804]]], dtype: type)
        #expect(scores.grad!.allClose(expected, rtol: 1e-5, atol: 1e-6))
    }

    /// PyTorch's losses and gradients where probabilities of the first of two steps are 0, infinite or NaN. Class 2 is in
    /// no alignment.
    @Test(arguments: [DType.float32, .float64]) func edgesOfCTC(_ type: DType) {
        let regular = [0.2, 0.3, 0.5]
        func gradient(_ first: [Double], zeroInfinity: Bool = false) -> (loss: Double, gradient: [Double]) {
            let scores = Tensor([[first], [regular.map(log)], [regular.map(log)]], dtype: type)
            scores.requiresGrad = true
            let loss = scores.ctcLoss(
                targets: Tensor([[1]]), inputLengths: [2], targetLengths: [1], zeroInfinity: zeroInfinity)
            loss.backward()
            return (loss.item(), scores.grad!.toArray(as: Double.self))
        }
        func expect(_ found: [Double], _ expected: [Double]) {
            let pairs = zip(found, expected)
            #expect(
                pairs.allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) || abs($0 - $1) < 1e-6 },
                "\(found) is not \(expected)")
        }
        let (nan, inf) = (Double.nan, Double.infinity)
        let lost = [Double](repeating: nan, count: 6) + [0, 0, 0]
        for zeroInfinity in [false, true] {
            func check(_ first: [Double], _ loss: Double, _ expected: [Double]) {
                let found = gradient(first.map(log), zeroInfinity: zeroInfinity)
                expect([found.loss], [loss])
                expect(found.gradient, expected)
            }
            let second = [-0.08571429, -0.41428571, 0.5, 0, 0, 0]
            check([0.2, nan, 0.5], nan, lost)
            check([0.2, inf, 0.5], nan, lost)
            check([0.2, 0.3, nan], 1.56064775, [-0.08571429, -0.41428571, nan] + second)
            check([0.2, 0.3, 0], 1.56064775, [-0.08571429, -0.41428571, nan] + second)
            check([0.2, 0.3, inf], 1.56064775, [-0.08571429, -0.41428571, inf] + second)
            check([0.2, 0, 0.5], 2.81341072, [-0.8, nan, 0.5, 0.2, -0.7, 0.5, 0, 0, 0])
            check(
                [0, 0, 0.5], zeroInfinity ? 0 : inf, zeroInfinity ? [Double](repeating: 0, count: 9) : lost)
        }
    }

    #if compiler(>=6.2)
    // MARK: What has no answer

    @Test func wholeNumbersAreNotDividedByZero() async throws {
        for exit in [
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Tensor([1]).floorDivide(Tensor([0]))
            },
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Tensor([5], dtype: .uint8).remainder(0)
            },
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor([5]).fmod(0) },
        ] { #expect(stopped(exit, saying: "a whole number is divided by 0")) }
        let power = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([2]).pow(-1)
        }
        #expect(stopped(power, saying: "pow: the power -1 of whole numbers is not whole"))
        #expect(Tensor([5.0]).remainder(0).item().isNaN && Tensor([1.0]).floorDivide(0).item() == .infinity)
    }

    @Test func truthIsNotSubtracted() async throws {
        for exit in [
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = -Tensor([true]) },
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Tensor([false, true]) - Tensor([true, true])
            },
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = true - Tensor([true])
            },
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                var mask = Tensor([true])
                mask -= Tensor([true])
            },
        ] { #expect(stopped(exit, saying: "use logicalNot (.!)")) }
    }

    @Test func factorsOfWholeNumbersAreWhole() async throws {
        let exit = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1]).add(Tensor([1]), alpha: 0.5)
        }
        #expect(stopped(exit, saying: "add: 0.5 is not a whole number, and the tensor is int64"))
    }

    @Test func overlappingViewsDoNotChangeInPlace() async throws {
        for exit in [
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                let windows = Tensor.zeros([10]).unfold(dim: 0, size: 3, step: 1)
                windows += 1
            },
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                Tensor.zeros([10]).unfold(dim: 0, size: 3, step: 2).t().fill(1)
            },
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                let windows = Tensor.zeros([10]).unfold(dim: 0, size: 3, step: 1)
                windows[0...2] = Tensor.ones([3, 3])
            },
        ] { #expect(stopped(exit, saying: "share memory")) }
    }

    @Test func variancesOfAnotherShapeAreRefused() async throws {
        let exit = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).gaussianNLLLoss(Tensor.zeros([2, 3]), variance: Tensor.ones([3]))
        }
        #expect(stopped(exit, saying: "variances of shape [3] do not fit an input of shape [2, 3]"))
    }
    #endif

    @Test func viewsThatDoNotOverlapChangeInPlace() {
        let x = Tensor.zeros([12])
        let windows = x.unfold(dim: 0, size: 3, step: 3)
        windows += 1
        x.unfold(dim: 0, size: 2, step: 3).t().fill(5)
        #expect(x.toArray() == [5, 5, 1, 5, 5, 1, 5, 5, 1, 5, 5, 1])
        let diagonal = Tensor.zeros([3, 3])
        diagonal.diagonal().fill(2)
        diagonal.channelsOutermost.fill(1)
        #expect(diagonal.toArray() == [1, 0, 0, 1, 2, 0, 1, 0, 2])
    }
}

extension Tensor {
    fileprivate var channelsOutermost: Tensor { narrow(dim: 1, start: 0, length: 1).transpose(0, 1) }
}
