import Foundation
import Switchback
import TestSupport
import Testing

/// Gradients by row: PyTorch's numbers, a dense gradient's bits, and everything that uses gradients.
@Suite(.seeded()) struct SparseGradientTests {
    private static let batches: [[Int64]] = [[1, 4, 1, 7, 4, 4], [0, 7, 7, 1, 1, 3], [5, 0, 2, 5, 5, 7]]

    private func table(sparse: Bool, padding: Int? = 2) -> Embedding {
        let layer = Embedding(8, 3, paddingIndex: padding, sparse: sparse)
        noGrad { layer.weight.copy(from: Tensor.arange(0, 24).to(.float32).reshape(8, 3) / 10 - 1) }
        return layer
    }

    private func loss(_ layer: Embedding, _ ids: [Int64]) -> Tensor {
        let output = layer(Tensor(ids, shape: [2, 3]))
        let factors = Tensor.arange(1, 19).to(.float32).reshape(2, 3, 3) / 10
        return (output * output * factors).sum()
    }

    private func train(_ layer: Embedding, _ optimizer: Optimizer) -> [Float] {
        for ids in Self.batches {
            optimizer.zeroGrad()
            loss(layer, ids).backward()
            optimizer.step()
        }
        return layer.weight.detach().toArray(as: Float.self)
    }

    private func isNear(_ found: [Float], _ expected: [Float]) -> Bool {
        found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 2e-6 }
    }

    /// By Tests/Fixtures/make_sparse.py, with PyTorch 2.
    @Test func gradientsOfTwoBatchesAreThoseOfPyTorch() throws {
        let layer = table(sparse: true)
        loss(layer, Self.batches[0]).backward()
        loss(layer, Self.batches[1]).backward()
        let gradient = try #require(layer.weight.rowGrad)
        #expect(gradient.rows.toArray(as: Int.self) == [0, 1, 3, 4, 7] && gradient.shape == [8, 3])
        #expect(
            isNear(
                gradient.values.toArray(as: Float.self),
                [
                    -0.2, -0.36, -0.48, -4.3400002, -4.1999998, -3.9000001, -0.3200001, 0.0, 0.3600001, 1.3200004,
                    2.1599998, 3.1199999, 4.6199994, 5.7600002, 7.0200005,
                ]))
        let dense = table(sparse: false)
        for ids in Self.batches.prefix(2) { loss(dense, ids).backward() }
        #expect(dense.weight.rowGrad == nil)
        #expect(layer.weight.grad?.toArray(as: Float.self) == dense.weight.grad?.toArray(as: Float.self))
    }

    /// Of a table of which a batch uses few rows, and several batches many: unasked, they are kept by row while they are few.
    @Test func fewRowsOfSeveralBatchesBecomeMany() {
        let layer = Embedding(32, 2)
        let numbers: [[Int64]] = [[1, 30], [4, 1], [9, 30], [2, 11]]
        var kept: [Int?] = []
        for batch in numbers {
            layer(Tensor(batch, shape: [2])).square().sum().backward()
            kept.append(layer.weight.gradRows?.rows.count)
        }
        #expect(kept == [2, 3, 4, nil])
        let whole = layer.weight.detach().clone()
        whole.requiresGrad = true
        for batch in numbers { whole.indexSelect(dim: 0, index: Tensor(batch, shape: [2])).square().sum().backward() }
        #expect(layer.weight.grad?.toArray(as: Float.self) == whole.grad?.toArray(as: Float.self))
        let sparse = Embedding(32, 2, sparse: true)
        for batch in numbers { sparse(Tensor(batch, shape: [2])).sum().backward() }
        #expect(sparse.weight.rowGrad?.rows.count == 6)
    }

    @Test func optimizersAreThoseOfPyTorch() {
        let sgd = table(sparse: true)
        #expect(
            isNear(
                train(sgd, SGD(sgd, learningRate: 0.1)),
                [
                    -0.9016, -0.7776, -0.66176, -0.31752, -0.24, -0.1748, -0.4, -0.3, -0.2, -0.068, 0.0, 0.064, 0.068,
                    0.084, 0.088, 0.26, 0.276, 0.28, 0.8, 0.9, 1.0, 0.466752, 0.4571424, 0.4426239,
                ]))
        let adam = table(sparse: true)
        #expect(
            isNear(
                train(adam, SparseAdam(adam, learningRate: 0.1)),
                [
                    -0.8489208, -0.7440431, -0.6418766, -0.505858, -0.4039244, -0.3024147, -0.4, -0.3, -0.2, -0.0255864,
                    0.0, 0.0255864, 0.1000001, 0.2, 0.3, 0.4361187, 0.5361187, 0.6361187, 0.8, 0.9, 1.0, 0.7998799,
                    0.8995548, 0.999533,
                ]))
    }

    /// All but `SparseAdam` end with the bits of a dense gradient: by rows where that is exact, else by the whole of
    /// it.
    @Test(arguments: OptimizerKind.allCases) func otherOptimizersEndWithTheBitsOfADenseGradient(_ kind: OptimizerKind) {
        func weights(sparse: Bool) -> [Float] {
            let layer = table(sparse: sparse, padding: nil)
            return train(layer, kind.makeOptimizer(layer, learningRate: 0.05))
        }
        #expect(weights(sparse: true) == weights(sparse: false))
    }

    @Test func plainDescentEndsWithTheBitsOfADenseGradient() {
        let (sparse, dense) = (table(sparse: true), table(sparse: false))
        #expect(train(sparse, SGD(sparse, learningRate: 0.05)) == train(dense, SGD(dense, learningRate: 0.05)))
    }

    @Test func clippingSeesTheSameNorm() {
        let (sparse, dense) = (table(sparse: true), table(sparse: false))
        let norms = [sparse, dense].map { layer in
            loss(layer, Self.batches[0]).backward()
            return clipGradNorm([layer.weight], maxNorm: 0.5).item()
        }
        #expect(abs(norms[0] - norms[1]) < 1e-5 && norms[0] > 1)
        #expect(sparse.weight.rowGrad != nil)
        #expect(
            isNear(sparse.weight.grad?.toArray(as: Float.self) ?? [], dense.weight.grad?.toArray(as: Float.self) ?? [1])
        )
        clipGradValue([sparse.weight], limit: 0.01)
        #expect(sparse.weight.grad?.abs().max().item() ?? 1 <= 0.0101)
        sparse.weight.zeroGrad()
        #expect(sparse.weight.grad == nil && sparse.weight.rowGrad == nil)
    }

    /// The gradient of a large table is made whole only for those who ask for it: clipping and checks read the rows that
    /// were used, and everybody sees the same numbers as of `indexSelect`, which knows no rows.
    @Test func aLargeTableHasItsWholeGradientOnRequest() throws {
        let (table, other) = (Parameter(Tensor.randn([64, 3])), Parameter(Tensor.zeros([64, 3])))
        noGrad { other.copy(from: table.detach()) }
        let ids = Tensor([3, 60, 3, 7])
        func pass(_ gathered: Tensor, _ factor: Double) { (gathered.square() * factor).sum().backward() }
        for factor in [1.0, 0.3] {
            pass(ids.embedding(weight: table), factor)
            pass(other.indexSelect(dim: 0, index: ids), factor)
        }
        #expect(table.rowGrad == nil)
        #expect(table.gradElements?.shape == [3, 3] && other.gradElements?.shape == [64, 3])
        let norms = [table, other].map { clipGradNorm([$0], maxNorm: 0.5).item() }
        #expect(abs(norms[0] - norms[1]) < 1e-6 && norms[0] > 0.5)
        let (found, expected) = (try #require(table.grad), try #require(other.grad))
        #expect(found.shape == [64, 3] && (found - expected).abs().max().item() < 1e-7)
        #expect(table.gradElements?.shape == [64, 3] && table.grad === found)
        pass(ids.embedding(weight: table), 1)
        pass(other.indexSelect(dim: 0, index: ids), 1)
        #expect(isNear(table.grad?.toArray(as: Float.self) ?? [], other.grad?.toArray(as: Float.self) ?? [1]))
    }

    /// Where the table is used in another way, too, the gradient is a whole one, whichever came first.
    @Test(arguments: [true, false]) func aTableThatIsUsedElsewhereHasAWholeGradient(_ inOneWalk: Bool) {
        func gradient(sparse: Bool) -> [Float]? {
            let layer = table(sparse: sparse)
            let other = (layer.weight * layer.weight).sum()
            if inOneWalk {
                (loss(layer, Self.batches[0]) + other).backward()
            } else {
                loss(layer, Self.batches[0]).backward()
                other.backward()
                loss(layer, Self.batches[1]).backward()
            }
            #expect(layer.weight.rowGrad == nil)
            return layer.weight.grad?.toArray(as: Float.self)
        }
        let found = gradient(sparse: true)
        #expect(isNear(found ?? [], gradient(sparse: false) ?? [1]))
    }

    /// Functions that ask for a gradient get a whole one, hooks see one, and it can be differentiated again.
    @Test func whoeverLooksSeesAWholeGradient() throws {
        let layer = table(sparse: true)
        let first = try #require(gradients(of: [loss(layer, Self.batches[0])], withRespectTo: [layer.weight])[0])
        #expect(first.shape == [8, 3] && layer.weight.rowGrad == nil && layer.weight.grad == nil)
        // Where another gradient is requested, none is left behind.
        let factor = Tensor(2.0, requiresGrad: true)
        _ = gradients(of: [loss(layer, Self.batches[0]) * factor], withRespectTo: [factor])
        #expect(layer.weight.rowGrad == nil && layer.weight.grad == nil)
        var seen: Shape?
        layer.weight.registerHook { gradient in
            seen = gradient.shape
            return nil
        }
        loss(layer, Self.batches[0]).backward()
        #expect(seen == [8, 3])
        #expect(layer.weight.grad?.toArray(as: Float.self) == first.toArray(as: Float.self))
        let again = table(sparse: true)
        let gradient = try #require(
            gradients(of: [loss(again, Self.batches[0])], withRespectTo: [again.weight], createGraph: true)[0])
        gradient.sum().backward()
        #expect(again.weight.grad?.abs().sum().item() ?? 0 > 0)
    }

    @Test func theAverageOfTheWeightsFollows() {
        let layer = table(sparse: true)
        let average = ExponentialMovingAverage(layer, decay: 0.5, warmup: nil)
        let before = layer.weight.detach().clone()
        let optimizer = SGD(layer, learningRate: 0.1)
        loss(layer, Self.batches[0]).backward()
        optimizer.step()
        average.update()
        let expected = (before + layer.weight.detach()) / 2
        #expect(isNear(average.averages["weight"]?.toArray(as: Float.self) ?? [], expected.toArray(as: Float.self)))
    }

    @Test func noIdsAreNoRows() {
        let layer = table(sparse: true)
        layer(Tensor([Int64](), shape: [0])).sum().backward()
        #expect(layer.weight.rowGrad?.rows.count == 0)
        SGD(layer, learningRate: 0.1).step()
        #expect(layer.weight.grad?.abs().sum().item() == 0)
    }
}
