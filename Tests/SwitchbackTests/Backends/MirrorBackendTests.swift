import Foundation
import Switchback
import TestSupport
import Testing

/// The engine on memory that nobody but the kernels can touch, while new tensors lie in the processor's: whoever
/// touches it stops at that line, and so does an operation that makes its helpers elsewhere than its operands.
@Suite(.seeded()) struct MirrorBackendTests {
    @Test(arguments: ParityCase.all)
    func operation(_ testCase: ParityCase) throws { try ParityTests().compare(testCase, on: MirrorBackend.self) }

    @Test(arguments: LayerFixtureTests.cases.keys.sorted(), [DType.float32, .float64])
    func layer(_ name: String, _ dtype: DType) throws {
        try LayerFixtureTests().compare(name, dtype, on: MirrorBackend.self)
    }

    @Test(arguments: LossFixtureTests.losses.keys.sorted(), [DType.float32, .float64])
    func loss(_ name: String, _ dtype: DType) throws {
        try LossFixtureTests().compare(name, dtype, on: MirrorBackend.self)
    }

    @Test(arguments: OptimizerParityTests.makers.keys.sorted())
    func optimizer(_ name: String) throws {
        try OptimizerParityTests().compare(name, .float64, on: MirrorBackend.self)
    }

    // MARK: Reading numbers

    @Test func numbersAndChecksOfIndicesAreReadTogether() {
        let x = Tensor([1.0, 2, 3]).to(MirrorBackend.self)
        let chosen = x.indexSelect(dim: 0, index: Tensor([2, 0]).to(MirrorBackend.self))
        let readings = MirrorBackend.readings
        #expect(Tensor.items([x.sum(), chosen.sum(), x.max()]) == [6, 4, 3])
        #expect(MirrorBackend.readings == readings + 1)
        #expect(x.sum().item() == 6 && MirrorBackend.readings == readings + 2)
    }

    @Test func badIndicesAreNamedWhenANumberIsRead() async {
        let one = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let x = Tensor.zeros([2, 3]).to(MirrorBackend.self)
            let chosen = x.gather(dim: 1, index: Tensor([[0], [7]]).to(MirrorBackend.self))
            _ = (chosen + 1).sum().item()
        }
        #expect(stopped(one, saying: "gather: index 7 at position [1, 0] is outside dimension 1 of [2, 3]"))
        let together = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let scores = Tensor.zeros([2, 3]).to(MirrorBackend.self)
            _ = Tensor.items([scores.crossEntropy(Tensor([0, 3]).to(MirrorBackend.self))])
        }
        #expect(stopped(together, saying: "target 1 is class 3, but the classes are 0 to 2"))
    }

    /// What steps of a training do without waiting for a device.
    @Test func clippingAndGradientsReadNothing() {
        let weight = Parameter(Tensor([0.0, 2, 3, 4]).to(MirrorBackend.self))
        let readings = MirrorBackend.readings
        (weight.prod() + weight.cumprod(dim: 0).sum()).backward()
        for power in [1, 2, Double.infinity] { clipGradNorm([weight], maxNorm: 1, normType: power) }
        #expect(MirrorBackend.readings == readings)
        #expect(weight.grad!.isfinite().all().item(as: Bool.self))
    }

    // MARK: Operations that PyTorch's fixture does not have

    /// Functions of a volume [1, 2, 4, 4, 3].
    static let functions: [String: @Sendable (Tensor) -> [Tensor]] = [
        "quantiles": { [$0.quantile(0.3), $0.quantile(Tensor([0.2, 0.7]).to($0.backend), dim: 2, keepDim: true)] },
        "medians": { [$0.median(dim: 3).values, $0.nanmedian(dim: 2).values, $0.median()] },
        "orders": { x in
            let (values, indices) = x.kthvalue(2, dim: 2)
            return [values, indices, x.round().mode(dim: -1).values, x.cummax(dim: 3).values]
        },
        "sums without NaN": { [$0.nansum(dims: [2]), $0.nanmean()] },
        "pools of volumes": { [$0.maxPool3d(kernelSize: 2), $0.avgPool3d(kernelSize: 2, padding: 1)] },
        "adaptive pools of volumes": { x in
            let (values, indices) = x.adaptiveMaxPool3dWithIndices(outputSize: 2)
            return [x.adaptiveAvgPool3d(outputSize: [3, 2, 2]), x.adaptiveMaxPool3d(outputSize: 2), values, indices]
        },
        "unpooling": { x in
            let (values, indices) = x.maxPool3dWithIndices(kernelSize: [2, 2, 3])
            return [values.maxUnpool3d(indices, kernelSize: [2, 2, 3]), indices]
        },
        "volumes of another size": { x in
            [InterpolationMode.nearest, .linear, .area].map { x.interpolateVolume(size: [5, 3, 4], mode: $0) }
        },
        "sampled volumes": { x in
            let grid = Tensor.linspace(-1.2, 1.2, 24).reshape([1, 2, 2, 2, 3]).to(x.backend)
            return [x.gridSample(grid: grid), x.gridSample(grid: grid, mode: .nearest, paddingMode: .reflection)]
        },
        "products of vectors": { x in
            [x.cross(x.flip([2])), x.select(dim: 1, index: 0).inner(x.select(dim: 1, index: 1))]
        },
        "products": { [$0.prod(dim: 2), $0.cumprod(dim: 3)] },
    ]

    @Test(arguments: functions.keys.sorted())
    func function(_ name: String) throws {
        let function = try #require(Self.functions[name])
        func results(on backend: any Backend.Type) throws -> [Tensor] {
            let x = Tensor.randn([1, 2, 4, 4, 3], generator: Generator(seed: 3)).to(backend)
            x.requiresGrad = true
            let found = function(x)
            found.filter(\.requiresGrad).map { $0.square().sum() }.reduce(x.sum(), +).backward()
            return found + [try #require(x.grad)]
        }
        let (there, here) = (try results(on: MirrorBackend.self), try results(on: CPUBackend.self))
        for (x, y) in zip(there, here) { #expect(largestDifference(x, y) <= 2e-5, "\(name)") }
    }

    // MARK: Passing the wall

    @Test(arguments: DType.allCases)
    func valuesComeBackAsTheyWere(_ dtype: DType) {
        let x = Tensor([[0.0, 1, 0], [1, 1, 0]]).to(dtype)
        let there = x.to(MirrorBackend.self)
        #expect(there.backend.name == "mirror" && there.dtype == dtype)
        #expect(there.real.toArray(as: Double.self) == [0, 1, 0, 1, 1, 0])
        #expect(there.to(CPUBackend.self).equal(x))
        // The naive kernels move no pairs: of another order than in memory, complex numbers stay where they are.
        #expect(dtype.isComplex || there.t().to(CPUBackend.self).equal(x.t()))
        #expect(Tensor.zeros([0, 3], dtype: dtype).to(MirrorBackend.self).to(CPUBackend.self).shape == [0, 3])
    }

    @Test func imagesKeepTheirOrderInMemory() {
        let images = Tensor.rand([2, 4, 5, 3], generator: Generator(seed: 1)).permute(0, 3, 1, 2)
        let there = images.to(MirrorBackend.self)
        #expect(there.strides == images.strides && there.to(CPUBackend.self).equal(images))
    }

    @Test func gradientsComeBackToWhereTheOperandLies() throws {
        let x = Tensor([1.0, 2, 3], requiresGrad: true)
        (x.to(MirrorBackend.self) * x.detach().to(MirrorBackend.self)).sum().backward()
        let gradient = try #require(x.grad)
        #expect(gradient.backend.name == "cpu" && gradient.toArray() == [1, 2, 3])
    }

    @Test func copiesReachFromOneMemoryIntoAnother() {
        let there = Tensor.zeros([2, 3]).to(MirrorBackend.self)
        there.copy(from: Tensor([1, 2, 3]))
        #expect(there.toArray(as: Int.self) == [1, 2, 3, 1, 2, 3])
        let here = Tensor.zeros([2, 3], dtype: .float64)
        here.copy(from: there)
        #expect(here.toArray(as: Int.self) == [1, 2, 3, 1, 2, 3])
    }

    @Test func readingAndPrinting() {
        let x = Tensor([1.5, 2.5]).to(MirrorBackend.self)
        #expect(x.description == Tensor([1.5, 2.5]).description)
        #expect(x.sum().item() == 4 && x.equal(Tensor([1.5, 2.5]).to(MirrorBackend.self)))
        #expect(Anomaly.birth { _ = (x - 1.5).log() }?.value == .infinity)
    }

    @Test func subscripts() {
        let x = Tensor([[1.0, 2], [3, 4], [5, 6]]).to(MirrorBackend.self)
        #expect(x[[2, 0]].toArray() == [5, 6, 1, 2] && x[1, [1, 0]].toArray() == [4, 3])
        x[[0, 1]] = 0
        x[x.gt(5)] = 7
        #expect(x.toArray() == [0, 0, 0, 0, 5, 7])
    }

    // MARK: Modules, optimizers and averages move

    @Test func trainingGoesOnWhereTheModelIsMovedTo() throws {
        func model() -> Module {
            Sequential(Linear(3, 4, generator: Generator(seed: 1)), Tanh(), Linear(4, 1, generator: Generator(seed: 2)))
        }
        let (here, moving) = (model(), model())
        let optimizers = [here, moving].map { AdamW($0, learningRate: 0.1) }
        let averages = [here, moving].map { ExponentialMovingAverage($0, decay: 0.5, warmup: nil) }
        for backend in [CPUBackend.self, MirrorBackend.self, CPUBackend.self, MirrorBackend.self] as [any Backend.Type]
        {
            moving.to(backend)
            for (model, (optimizer, average)) in zip([here, moving], zip(optimizers, averages)) {
                let x = Tensor([[1.0, -1, 0.5], [0.2, 0.3, -0.7]]).to(model.backend)
                optimizer.zeroGrad()
                model(x).square().sum().backward()
                optimizer.step()
                average.update()
            }
        }
        #expect(moving.backend.name == "mirror")
        for (name, tensor) in here.stateDict() {
            #expect(largestDifference(try #require(moving.stateDict()[name]), tensor) <= 1e-5, "\(name)")
            #expect(largestDifference(try #require(averages[1].averages[name]), averages[0].averages[name]!) <= 1e-5)
        }
        // What was saved there is loaded here.
        let restored = model()
        try restored.load(stateDict: moving.stateDict())
        let other = AdamW(restored, learningRate: 0.1)
        try other.load(optimizers[1].state)
        #expect(restored.backend.name == "cpu")
        #expect(restored(Tensor([[1.0, 2, 3]])).allClose(here(Tensor([[1.0, 2, 3]])), rtol: 1e-4))
    }

    @Test func datasetsAndLoadersStayOnTheProcessor() {
        let batches = Tensor.withBackend(MirrorBackend.self) {
            let data = TensorDataset(Tensor.arange(6), Tensor.arange(6))
            return [0, 2].flatMap { workers in
                Array(DataLoader(data, batchSize: 2, shuffle: true, workers: workers))
            }
        }
        #expect(batches.count == 6)
        #expect(batches.allSatisfy { $0.input.backend.name == "cpu" && $0.target.backend.name == "cpu" })
        #expect(batches.prefix(3).flatMap { $0.input.toArray(as: Int.self) }.sorted() == Array(0..<6))
    }

    // MARK: Operands of two memories

    /// Operations of several operands, with one of them on another backend than the first.
    static let mixtures: [String: @Sendable (_ here: Tensor, _ there: Tensor) -> Void] = [
        "add": { _ = $0 + $1 },
        "matmul": { _ = $0.matmul($1) },
        "cat": { _ = Tensor.cat([$0, $1]) },
        "stack": { _ = Tensor.stack([$0, $1]) },
        "where": { _ = Tensor.where($0.gt(0), $0, $1) },
        "linear": { _ = $0.linear(weight: $1) },
        "gather": { _ = $0.gather(dim: 0, index: $1.to(.int64)) },
        "embedding": { _ = $1.to(.int64).embedding(weight: $0) },
        "subscript": { _ = $0[$1.to(.int64)] },
        "crossEntropy": { _ = $0.crossEntropy($1) },
        "layerNorm": { _ = $0.layerNorm([2], weight: $1.select(dim: 0, index: 0)) },
        "scaledDotProductAttention": { _ = Tensor.scaledDotProductAttention($0, $0, $1) },
        "conv2d": { _ = $0.reshape([1, 1, 2, 2]).conv2d(weight: $1.reshape([1, 1, 2, 2])) },
        "+=": {
            var x = $0; x += $1
        },
    ]

    @Test(arguments: mixtures.keys.sorted())
    func operandsOfTwoBackendsAreAnError(_ name: String) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [name] in
            let here = Tensor([[1.0, 0], [0, 1]])
            Self.mixtures[name]!(here, here.to(MirrorBackend.self))
        }
        #expect(stopped(result, saying: "\(name): the operands lie in the memory of different backends"))
    }
}
