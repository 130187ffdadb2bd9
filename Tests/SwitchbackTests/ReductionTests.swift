import Switchback
import TestSupport
import Testing

struct ReductionTests {
    @Test func dimensionsAndShapes() {
        let x = Tensor.arange(24.0).reshape(2, 3, 4)
        #expect(x.sum().item() == 276 && x.sum(dims: []).shape == [])
        #expect(x.sum(dim: -1).shape == [2, 3] && x.sum(dims: [0, 2], keepDim: true).shape == [1, 3, 1])
        #expect(x.sum(dims: [0, 2]).toArray() == [60, 92, 124])
        #expect(x.transpose(0, 2).sum(dim: 0).equal(x.sum(dim: 2).transpose(0, 1)))
        #expect(Tensor(3.0).sum().item() == 3 && Tensor(3.0).sum(dim: 0).item() == 3)
        #expect(Tensor(3.0).max(dim: 0).indices.item(as: Int.self) == 0)
    }

    @Test func wholeNumbers() {
        let x = Tensor([200, 100], dtype: .uint8)
        #expect(x.sum().dtype == .int64 && x.sum().item(as: Int.self) == 300)
        #expect(x.prod().item(as: Int.self) == 20000 && x.mean().item() == 150)
        #expect(Tensor([true, true, false]).sum().item(as: Int.self) == 2)
        #expect(x.amax().dtype == .uint8 && x.cumsum(dim: 0).toArray(as: Int.self) == [200, 300])
    }

    @Test func nothingToReduce() {
        let x = Tensor.zeros([0, 3])
        #expect(x.sum().item() == 0 && x.prod().item() == 1 && x.mean().item().isNaN)
        #expect(x.sum(dim: 0).toArray() == [0, 0, 0] && x.sum(dim: 1).shape == [0])
        #expect(x.amax(dim: 1).shape == [0] && x.argmax(dim: 1).shape == [0])
        #expect(x.all().item(as: Bool.self) && !x.any().item(as: Bool.self))
        #expect(x.cumsum(dim: 0).shape == [0, 3] && x.sort(dim: 1).values.shape == [0, 3])
        #expect(x.norm().item() == 0 && x.logSumExp().item() == -.infinity)
    }

    #if compiler(>=6.2)
    @Test func noExtremeOfNothing() async throws {
        let exit = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([0, 3]).amax(dim: 0)
        }
        #expect(String(decoding: exit.standardErrorContent, as: UTF8.self).contains("amax: there is no element"))
    }
    #endif

    @Test func spread() {
        let x = Tensor([[1.0, 2, 4], [1, 1, 1]])
        #expect(x.var(dim: 1).allClose(Tensor([7.0 / 3, 0])))
        #expect(x.std(dim: 1, correction: 0).allClose(Tensor([1.247219, 0])))
        #expect(Tensor([1.0]).var().item().isNaN)
        #expect(Tensor([1000.0, 1001], dtype: .float16).mean().item() == 1000.5)
        #expect(Tensor.full([40, 50], 100.0, dtype: .float16).mean().item() == 100, "the sum is beyond float16")
    }

    @Test func norms() {
        let x = Tensor([3.0, -4])
        #expect(x.norm().item() == 5 && x.norm(p: 1).item() == 7 && x.norm(p: .infinity).item() == 4)
        #expect(x.norm(p: -.infinity).item() == 3 && x.norm(p: 0).item() == 2)
    }

    @Test func orderAlongADimension() {
        let x = Tensor([[3.0, 1, 2], [Double.nan, 5, 4]])
        let (values, indices) = x.sort(dim: 1)
        #expect(indices.toArray(as: Int.self) == [1, 2, 0, 2, 1, 0] && values.toArray()[5].isNaN)
        #expect(x.topK(2, dim: 1).indices.toArray(as: Int.self) == [0, 2, 0, 1])
        #expect(x.topK(2, dim: 0, largest: false).values.shape == [2, 3])
        #expect(x.argsort(dim: 0, descending: true).toArray(as: Int.self) == [1, 1, 1, 0, 0, 0])
        #expect(Tensor([3.0, 1, 2, 9]).median(dim: 0).values.item() == 2)
        #expect(Tensor(2.0).sort(dim: 0).values.shape == [])
    }

    @Test func runningTotals() {
        let x = Tensor([1.0, 3, 2, 3])
        #expect(x.cumsum(dim: 0).toArray() == [1, 4, 6, 9] && x.cumprod(dim: 0).toArray() == [1, 3, 6, 18])
        let (values, indices) = x.cummax(dim: 0)
        #expect(values.toArray() == [1, 3, 3, 3] && indices.toArray(as: Int.self) == [0, 1, 1, 3])
        #expect(x.cummin(dim: 0).values.toArray() == [1, 1, 1, 1])
    }

    @Test func countsAndChoices() {
        let x = Tensor([[0.0, 1], [2, 0]])
        #expect(x.countNonzero().item(as: Int.self) == 2 && x.countNonzero(dim: 0).toArray(as: Int.self) == [1, 1])
        #expect(x.any(dim: 0).toArray(as: Bool.self) == [true, true] && !x.all().item(as: Bool.self))
        #expect(x.argmax().item(as: Int.self) == 2 && x.argmin(dim: 1, keepDim: true).shape == [2, 1])
        #expect(x.transpose(0, 1).argmax().item(as: Int.self) == 1)
    }

    @Test func howOftenValuesOccur() {
        let x = Tensor([3, 1, 3, 0])
        #expect(x.bincount().toArray(as: Int.self) == [1, 1, 0, 2])
        #expect(x.bincount(minLength: 6).shape == [6])
        #expect(x.bincount(weights: Tensor([0.5, 1, 2, 4])).toArray() == [4, 1, 0, 2.5])
        let (values, inverse, counts) = Tensor([[2.0, 1], [2, 5]]).unique()
        #expect(values.toArray() == [1, 2, 5] && counts.toArray(as: Int.self) == [1, 2, 1])
        #expect(inverse.toArray(as: Int.self) == [1, 0, 1, 2] && inverse.shape == [2, 2])
        #expect(Tensor([0.0, 0.1, 0.9, 1, 7]).histc(bins: 2, min: 0, max: 1).toArray() == [2, 2])
        // Equal bounds are those of the elements.
        #expect(Tensor([1.0, 2, 1]).histc(bins: 4, min: 0, max: 0).toArray() == [2, 0, 0, 1])
        #expect(Tensor([3.0, 3]).histc(bins: 2, min: 1, max: 1).toArray() == [0, 2])
        // So large that no number lies between them and their neighbors at a distance of 1.
        for large in [1e20, Double.infinity] {
            #expect(throws: ShapeError.self) { try catchingErrors { Tensor([large, large]).histc(min: 0, max: 0) } }
        }
        #expect(Tensor.zeros([0]).unique().values.shape == [0])
    }

    /// What is composed of other operations names itself, not those.
    @Test func theOperationThatWasCalledIsNamed() throws {
        let (x, none) = (Tensor.zeros([2, 3]), Tensor.zeros([0], dtype: .int64))
        try expectStop("nanmedian: ") { _ = none.nanmedian() }
        try expectStop("median: ") { _ = none.median() }
        let composed: [(String, (Int) -> Tensor)] = [
            ("nansum", { x.nansum(dims: [$0]) }), ("nanmean", { x.nanmean(dims: [$0]) }),
            ("nanmedian", { x.nanmedian(dim: $0).values }), ("nanquantile", { x.nanquantile(Tensor(0.5), dim: $0) }),
            ("std", { x.std(dim: $0) }), ("norm", { x.norm(p: 0, dim: $0) }), ("softmin", { x.softmin(dim: $0) }),
            ("gumbelSoftmax", { x.gumbelSoftmax(dim: $0) }), ("argsort", { x.argsort(dim: $0) }),
            ("normalize", { x.normalize(dim: $0) }), ("cosineSimilarity", { x.cosineSimilarity(x, dim: $0) }),
        ]
        for (name, operation) in composed {
            try expectStop("\(name): there is no dimension 5 in [2, 3]") { _ = operation(5) }
        }
    }

    @Test func sumsOfManyElementsAreExactEnough() {
        let x = Tensor.randn([1000, 333], generator: Generator(seed: 1))
        let exact = x.to(.float64).sum().item()
        #expect(abs(x.sum().item() - exact) < 1e-2)
    }
}
