import Switchback
import TestSupport
import Testing

/// Subscripts, masks, index tensors, scattering: values known from PyTorch.
@Suite struct IndexingTests {
    private let x = Tensor.arange(24, dtype: .float32).reshape(2, 3, 4)

    @Test func rangesAndNumbers() {
        #expect(x[1, 2, 3].item() == 23)
        #expect(x[-1, -1, -1].item() == 23)
        #expect(x[0, 1..<3].shape == [2, 4])
        #expect(x[..., 0].equal(x.select(dim: 2, index: 0)))
        #expect(x[0, ..., 1...2].shape == [3, 2])
        #expect(x[..<(-1)].shape == [1, 3, 4])
        #expect(x[.all, .slice(from: -2, to: -1)].equal(x[.all, 1..<2]))
        #expect(x[..., stride(from: 0, to: 4, by: 3)].equal(x[..., [0, 3]]))
        #expect(x[..., .slice(from: 1, step: 2)].equal(x[..., [1, 3]]))
        #expect(x[.newAxis, 0, .ellipsis, .newAxis].shape == [1, 3, 4, 1])
        #expect(x[...].equal(x))
    }

    @Test func rangesBeyondTheEndsAreClamped() {
        #expect(x[5..<9].shape == [0, 3, 4])
        #expect(x[..., 2..<100].shape == [2, 3, 2])
        #expect(x[(-100)...].equal(x))
        #expect(x[.slice(from: 2, to: 1)].shape == [0, 3, 4])
    }

    /// The dimensions of index tensors stand in place where they are adjacent, else in front.
    @Test func indexTensors() {
        #expect(x[.all, [0, 2], [1, -1]].equal(Tensor([[1, 11], [13, 23]])))
        #expect(x[[1, 0, 1], .all, [3, 2, 0]].shape == [3, 3])
        #expect(x[[1, 0, 1], .all, [3, 2, 0]][1].toArray() == [2, 6, 10])
        #expect(x[0, .all, [1, 1]].shape == [3, 2])
        #expect(x[Tensor([[0], [1]]), [0, 2]].shape == [2, 2, 4])
        #expect(x.mT[.all, [3, 0]].equal(x[..., [3, 0]].mT))
        #expect(x[Tensor.zeros([0], dtype: .int64)].shape == [0, 3, 4])
        #expect(x[Tensor(1)].equal(x[1]))
    }

    @Test func masks() {
        #expect(x[x .> 20].toArray() == [21, 22, 23])
        #expect(x[Tensor([false, true])].equal(x[1...]))
        #expect(x[0, Tensor([true, false, true])].equal(x[0][[0, 2]]))
        #expect(x[.all, Tensor([true, false, true]), 0].equal(Tensor([[0, 8], [12, 20]])))
        #expect(x[Tensor([[true, false, false], [false, false, true]])].equal(Tensor.stack([x[0, 0], x[1, 2]])))
        #expect(x[x .> 99].shape == [0])
        #expect(x[Tensor(true)].shape == [1, 2, 3, 4] && x[Tensor(false)].shape == [0, 2, 3, 4])
        #expect(x.maskedSelect(Tensor([true, false, false, true]))[..<3].toArray() == [0, 3, 4])
    }

    @Test func assigning() {
        let y = Tensor.zeros([3, 4])
        y[0] = 1
        y[1, 1...] = Tensor([5.0, 6.0, 7.0])
        y[..., 0] = Tensor([[9.0]])
        y[2, [1, 3]] = -1
        y[y .== 6] = 2.5
        #expect(y.equal(Tensor([[9, 1, 1, 1], [9, 5, 2.5, 7], [9, -1, 0, -1]])))
        y.mT[[1, 2], [0, 2]] = Tensor([20.0, 30.0])
        #expect(y[0, 1].item() == 20 && y[2, 2].item() == 30)
        y[Tensor([true, false, true])] = Tensor([0.0, 1.0, 2.0, 3.0])
        #expect(y[2].toArray() == [0, 1, 2, 3])
        y[1..<3] = y[0..<2]
        #expect(y[2].toArray() == [9, 5, 2.5, 7])
    }

    /// Index tensors that are not side by side, into memory that is not row-major.
    @Test func assigningThroughStrides() {
        let y = Tensor.zeros([2, 3, 4]).permute(2, 0, 1)
        y[[0, 3], .all, [1, 2]] = Tensor([[1.0, 2.0], [3.0, 4.0]])
        #expect(y[0, 0, 1].item() == 1 && y[3, 1, 2].item() == 4 && y.sum().item() == 10)
    }

    @Test func assigningConvertsTypes() {
        let whole = Tensor([1, 2, 3])
        whole[0] = Tensor(7.9)
        whole[1..<2] = Tensor([true])
        #expect(whole.toArray(as: Int.self) == [7, 1, 3])
        let flags = Tensor([false, false])
        flags[1] = true
        #expect(flags.toArray(as: Bool.self) == [false, true])
        let half = Tensor([1.0, 2.0], dtype: .bfloat16)
        half[half .> 1.5] = 0.5
        #expect(half.toArray() == [1, 0.5])
    }

    @Test func gradientsFlowThroughAssignments() {
        let w = Tensor([2.0, 3.0], requiresGrad: true)
        let buffer = Tensor.zeros([3])
        buffer[1...] = w * w
        buffer[0] = w[0]
        (buffer * Tensor([10.0, 1.0, 1.0])).sum().backward()
        #expect(w.grad!.toArray() == [14, 6])
    }

    @Test func assigningOverwritesGradients() {
        let w = Tensor([2.0, 3.0, 4.0], requiresGrad: true)
        let y = w * 2
        y[y .> 5] = 0
        y.sum().backward()
        #expect(w.grad!.toArray() == [2, 0, 0])
    }

    @Test func arithmeticOnSubscripts() {
        let x = Tensor([1.0, 2.0, 3.0])
        x[0] += 1
        x[x .> 2] *= 10
        x[[1, 2]] -= Tensor([1.0, 2.0])
        #expect(x.toArray() == [2, 1, 28])
    }

    @Test func gradientsFlowThroughArithmeticOnSubscripts() {
        let w = Tensor([2.0, 3.0], requiresGrad: true)
        let buffer = Tensor.ones([3])
        buffer[0] += w[0]
        buffer[1...] *= w
        buffer[buffer .> 2.5] += w.sum()
        buffer.sum().backward()
        #expect(buffer.toArray() == [8, 2, 8] && w.grad!.toArray() == [4, 3])
    }

    @Test func changesOfSavedValuesAreNoticed() async {
        let first = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let w = Tensor([1.0, 2.0], requiresGrad: true)
            let y = w.exp()
            y[0] = 0
            y.sum().backward()
        }
        #expect(stopped(first, saying: "that exp saved for its gradient was changed in place since, by subscript"))
        let second = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let w = Tensor([1.0, 2.0], requiresGrad: true)
            w[0] = 0
        }
        #expect(
            stopped(second, saying: "subscript: a leaf that requires a gradient is changed in place only inside noGrad")
        )
    }

    @Test func leavesAreAssignedInsideNoGrad() {
        let w = Tensor([1.0, 2.0], requiresGrad: true)
        noGrad { w[0] = 5 }
        #expect(w.toArray() == [5, 2] && w.isLeaf && w.requiresGrad)
    }

    @Test func gatherAndScatter() {
        let y = Tensor([[1, 2], [3, 4]])
        #expect(y.gather(dim: 1, index: Tensor([[0, 0], [1, 0]])).equal(Tensor([[1, 1], [4, 3]])))
        #expect(Tensor(5).gather(dim: 0, index: Tensor(0)).item() == 5)
        #expect(y.scatter(dim: 0, index: Tensor([[1, 0]]), value: 9).equal(Tensor([[1, 9], [9, 4]])))
        #expect(
            y.scatterAdd(dim: 1, index: Tensor([[0, 0]]), source: Tensor([[5, 6]])).equal(Tensor([[12, 2], [3, 4]])))
        #expect(y.take(Tensor([[0, -1]])).equal(Tensor([[1, 4]])))
        #expect(y.takeAlongDim(Tensor([[1], [0]]), dim: 1).equal(Tensor([[2], [3]])))
        #expect(y.putAlongDim(Tensor([[1], [0]]), Tensor(0), dim: 1).equal(Tensor([[1, 0], [0, 4]])))
        #expect(y.indexFill(dim: 1, index: Tensor([-1]), 0).equal(Tensor([[1, 0], [3, 0]])))
        #expect(y.indexCopy(dim: 0, index: Tensor([1]), source: Tensor([[7, 8]])).equal(Tensor([[1, 2], [7, 8]])))
    }

    @Test(arguments: [
        (ScatterReduce.sum, [11.0, 1.0]), (.product, [24, 1]), (.mean, [11.0 / 3, 1]), (.amax, [6, 1]),
        (.amin, [1, 1]),
    ])
    func scatterReductions(_ reduction: ScatterReduce, _ expected: [Double]) {
        let y = Tensor([1.0, 1.0]).scatterReduce(
            dim: 0, index: Tensor([0, 0]), source: Tensor([4.0, 6.0]), reduction)
        #expect(y.allClose(Tensor(expected)))
    }

    @Test func scatterReduceWithoutItself() {
        let y = Tensor([9.0, 1.0]).scatterReduce(
            dim: 0, index: Tensor([0, 0]), source: Tensor([4.0, 6.0]), .mean, includeSelf: false)
        #expect(y.toArray() == [5, 1])
    }

    @Test func tables() {
        let table = Tensor([[1.0, 2.0], [3.0, 4.0]], requiresGrad: true)
        let rows = Tensor([[1, 1, 0]]).embedding(weight: table, paddingIndex: -2)
        #expect(rows.shape == [1, 3, 2])
        rows.sum().backward()
        #expect(table.grad!.equal(Tensor([[0, 0], [2, 2]])))
        #expect(Tensor([2, 0]).oneHot().equal(Tensor([[0, 0, 1], [1, 0, 0]])))
        #expect(Tensor.zeros([0], dtype: .int64).oneHot(classes: 3).shape == [0, 3])
        #expect(Tensor([0.5, 3.0, 9.0]).bucketize(Tensor([1.0, 3.0])).toArray(as: Int.self) == [0, 1, 2])
        #expect(Tensor([[0.0, 1.0], [2.0, 0.0]]).nonzero().equal(Tensor([[0, 1], [1, 0]])))
        #expect(Tensor(3.0).nonzero().shape == [1, 0])
    }

    /// What the check finds, and what kernels get before anyone reads it.
    @Test func checksOfIndicesAgreeOnAllBackends() {
        let cases: [(numbers: [Int], range: IndexRange, outcome: [Int], safe: [Int])] = [
            ([0, 2, 1], IndexRange(limit: 3), [-1, 0, 0], [0, 2, 1]),
            ([0, 3, -1], IndexRange(limit: 3), [1, 3, 0], [0, 0, 0]),
            ([0, -1, 2], IndexRange(limit: 3), [1, -1, 0], [0, 0, 2]),
            ([-1, 2, -3], IndexRange(limit: 3, wraps: true), [-1, 0, 1], [2, 2, 0]),
            ([-1, 2, -4], IndexRange(limit: 3, wraps: true), [2, -4, 1], [2, 2, 0]),
            ([-100, 1, 2], IndexRange(limit: 3, ignored: -100), [-1, 0, 0], [-100, 1, 2]),
            ([-100, 7, 2], IndexRange(limit: 3, ignored: -100), [1, 7, 0], [-100, -100, 2]),
        ]
        for backend in [CPUBackend.self, ReferenceBackend.self] as [any Backend.Type] {
            for (numbers, range, outcome, safe) in cases {
                // Every second number of a longer line: indices need not lie densely.
                let doubled = Tensor.withBackend(backend) { Tensor(numbers.flatMap { [$0, 99] }) }
                let index = doubled[.slice(step: 2)]
                let (found, made) = (index.zerosLike(), index.zerosLike())
                backend.checkIndices(index.array, range, into: found.array)
                backend.normalizeIndices(index.array, range, into: made.array)
                #expect(found.toArray(as: Int.self) == outcome && made.toArray(as: Int.self) == safe)
            }
        }
    }

    @Test func badIndicesAreNamed() async {
        let first = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).gather(dim: 1, index: Tensor([[0], [7]]))
        }
        #expect(
            stopped(
                first,
                saying: "gather: index 7 at position [1, 0] is outside dimension 1 of [2, 3]: it must be from 0 to 2"))
        let second = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([0, -1]).embedding(weight: Tensor.zeros([5, 2]))
        }
        #expect(
            stopped(
                second,
                saying: "embedding: index -1 at position [1] is outside dimension 0 of [5, 2]: it must be from 0 to 4"))
        let third = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([3])[[-4]]
        }
        #expect(
            stopped(
                third,
                saying: "subscript: index -4 at position [0] is outside dimension 0 of [3]: it must be from -3 to 2"))
        let fourth = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([3])[0, 0]
        }
        #expect(stopped(fourth, saying: "subscript: there are more indices than dimensions in [3]"))
        let fifth = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([3])[Tensor([true, false])]
        }
        #expect(stopped(fifth, saying: "subscript: a mask of shape [2] does not fit the dimensions of [3] from 0 on"))
        let sixth = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            Tensor.zeros([3])[...] = Tensor([1.0, 2.0])
        }
        #expect(stopped(sixth, saying: "subscript: values of shape [2] cannot be assigned to a selection of shape [3]"))
    }
}
