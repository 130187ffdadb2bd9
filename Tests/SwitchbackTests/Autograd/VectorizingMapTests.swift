import Switchback
import TestSupport
import Testing

/// `vmap` against values that `torch.func.vmap` gives.
@Suite struct VectorizingMapTests {
    private let x = Tensor([[1.0, 2], [3, 4], [0, 1]])

    @Test func examplesLieAlongAnyDimension() {
        let dots = vmap(of: { $0[0].dot($0[1]) })([x, x + 1])
        #expect(dots.toArray() == [8, 32, 2])
        let y = Tensor.arange(6.0).reshape(2, 3)
        let sums = vmap(of: { $0[0].matmul($0[1]) }, inDims: [1, nil], outDim: 1)([y, Tensor.ones([2, 4])])
        #expect(sums.shape == [4, 3] && sums[0].toArray() == [3, 5, 7])
        #expect(vmap(of: { $0[0] * 2 }, inDims: [-1], outDim: -1)([y]).equal(y * 2))
        let table = vmap(of: { a in vmap(of: { b in a[0] * b[0] })([Tensor([1.0, 2, 3])]) })([Tensor([10.0, 20])])
        #expect(table.toArray() == [10, 20, 30, 20, 40, 60])
    }

    @Test func everyExampleHasAGradient() {
        let (weight, targets) = (Tensor([0.5, -1.0]), Tensor([1.0, 0, 2]))
        let perExample = vmap(of: { example in
            grad(of: { example[0].matmul($0).mseLoss(example[1]) })(weight)
        })
        #expect(perExample([x, targets]).toArray() == [-5, -10, -15, -20, 0, -6])
        // Of several parameters: the mean over the examples is the gradient of the batch.
        let bias = Tensor([0.25])
        func loss(_ parameters: [Tensor], _ x: Tensor, _ y: Tensor) -> Tensor {
            x.linear(weight: parameters[0], bias: parameters[1]).squeeze(-1).mseLoss(y)
        }
        let parameters = [weight.unsqueeze(0), bias]
        let found = vmap(of: { example in
            valueAndGrads(of: { loss($0, example[0], example[1]) })(parameters).gradients
        })([x, targets])
        let whole = valueAndGrads(of: { loss($0, x, targets) })(parameters).gradients
        #expect(found[0].shape == [3, 1, 2] && found[1].shape == [3, 1])
        for (each, all) in zip(found, whole) { #expect(each.mean(dim: 0).allClose(all, rtol: 1e-6)) }
    }

    @Test func gradientsFlowThroughTheStack() {
        let (a, b) = (x.clone(), Tensor([1.0, -1], requiresGrad: true))
        a.requiresGrad = true
        vmap(of: { $0[0] * $0[1].square() }, inDims: [0, nil])([a, b]).sum().backward()
        #expect(a.grad!.toArray() == [1, 1, 1, 1, 1, 1] && b.grad!.toArray() == [8, -14])
        let curvatures = vmap(of: { example in jacobian(of: { $0[0].pow(3) }, at: example[0]) })([x])
        #expect(curvatures[1].toArray() == [27, 0, 0, 48])
    }

    @Test func saysWhatDoesNotFit() throws {
        let x = x
        let cases: [(String, () -> Tensor)] = [
            ("different numbers of examples: 3, 2", { vmap(of: { $0[0] })([x, Tensor([1.0, 2])]) }),
            ("at least one", { vmap(of: { $0[0] }, inDims: [nil])([x]) }),
            ("a single number", { vmap(of: { $0[0] })([Tensor(1.0)]) }),
            ("no dimension 3", { vmap(of: { $0[0] }, inDims: [3])([x]) }),
            ("there are no examples", { vmap(of: { $0[0] })([Tensor.zeros([0, 2])]) }),
            ("2 dimensions for 1 operand", { vmap(of: { $0[0] }, inDims: [0, 0])([x]) }),
            ("different shapes", { vmap(of: { $0[0].nonzero() })([x]) }),
            ("dimensions -2 to 1, not 4", { vmap(of: { $0[0] }, outDim: 4)([x]) }),
        ]
        for (sentence, body) in cases {
            let error = try #require(throws: ShapeError.self) { try catchingErrors(body) }
            #expect(error.operation == "vmap" && error.problem.contains(sentence), "\(error)")
        }
    }
}
