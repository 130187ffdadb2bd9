import Switchback
import Testing

/// An operation with the shapes of its differentiable operands.
struct GradientCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let shapes: [Shape]
    let operation: @Sendable ([Tensor]) -> Tensor

    init(_ name: String, _ shapes: Shape..., operation: @escaping @Sendable ([Tensor]) -> Tensor) {
        testDescription = name
        self.shapes = shapes
        self.operation = operation
    }

    /// Random operands, the same at every run.
    var operands: [Tensor] {
        let generator = Generator(seed: 7)
        return shapes.map { shape in
            let tensor = Tensor.randn(shape, dtype: .float64, generator: generator)
            tensor.requiresGrad = true
            return tensor
        }
    }
}

/// The gradients of the shape, index and matrix operations, and the gradients of those, against central differences.
@Suite struct ShapingGradientTests {
    @Test(arguments: viewCases + joiningCases + indexingCases + scatteringCases + productCases)
    func once(_ example: GradientCase) throws {
        try gradientCheck(example.operands, of: example.operation)
    }

    @Test(arguments: viewCases + joiningCases + indexingCases + scatteringCases + productCases)
    func twice(_ example: GradientCase) throws {
        try gradientCheck(example.operands) { operands in
            enableGrad {
                let loss = example.operation(operands).pow(3).sum()
                let slopes = gradients(of: [loss], withRespectTo: operands, createGraph: true)
                return Tensor.stack(slopes.map { $0!.sum() })
            }
        }
    }
}

private let viewCases: [GradientCase] = [
    GradientCase("reshape", [2, 3, 4]) { $0[0].mT.reshape(4, -1) },
    GradientCase("permute", [2, 3, 4]) { $0[0].permute(2, 0, 1) },
    GradientCase("expand", [3, 1]) { $0[0].expand(to: [2, 3, 4]) },
    GradientCase("narrow", [2, 3, 4]) { $0[0].narrow(dim: 2, start: 1, length: 2) },
    GradientCase("select", [2, 3, 4]) { $0[0].select(dim: 1, index: -1) },
    GradientCase("diagonal", [2, 3, 4]) { $0[0].diagonal(offset: 1, dim1: 1, dim2: 2) },
    GradientCase("unbind", [2, 3]) { operands in
        let parts = operands[0].unbind(dim: 1)
        return parts[0] * parts[2]
    },
    GradientCase("split", [2, 4]) { operands in
        let parts = operands[0].split([1, 3], dim: 1)
        return parts[0] * parts[1]
    },
    GradientCase("unfold", [2, 5]) { $0[0].unfold(dim: 1, size: 3, step: 1) },
    GradientCase("channelsLast", [2, 3, 2, 2]) { $0[0].channelsLast()[0..., 1...] },
    GradientCase("clone", [2, 3]) { $0[0].clone() },
]

private let joiningCases: [GradientCase] = [
    GradientCase("cat", [3, 4], [2, 4]) { Tensor.cat([$0[0], $0[1], $0[0]]) },
    GradientCase("stack", [3, 4], [3, 4]) { Tensor.stack($0, dim: 1) },
    GradientCase("tile", [2, 3]) { $0[0].tile([2, 1, 3]) },
    GradientCase("repeatInterleave", [3, 2]) { $0[0].repeatInterleave(Tensor([2, 0, 1]), dim: 0) },
    GradientCase("roll", [3, 4]) { $0[0].roll([1, -1], dims: [0, 1]) },
    GradientCase("flip", [3, 4]) { $0[0].flip(0, 1) },
    GradientCase("tril", [2, 3, 4]) { $0[0].tril(1) },
    GradientCase("pad with numbers", [2, 3, 4]) { $0[0].pad([1, -1, 2, 0], mode: .constant(2)) },
    GradientCase("pad by mirrors", [2, 3, 4]) { $0[0].pad([2, 1, 1, 1], mode: .reflect) },
    GradientCase("pad with edges", [2, 3, 4]) { $0[0].pad([2, -1, 1, 1], mode: .replicate) },
    GradientCase("pad in circles", [2, 3, 4]) { $0[0].pad([2, 1, 1, 1], mode: .circular) },
]

private let indexingCases: [GradientCase] = [
    GradientCase("indexSelect", [3, 4]) { $0[0].indexSelect(dim: 1, index: Tensor([3, 0, 3])) },
    GradientCase("gather", [2, 4]) { $0[0].gather(dim: 1, index: Tensor([[0, 3, 3], [1, 1, 0]])) },
    GradientCase("take", [3, 4]) { $0[0].take(Tensor([[0, -1], [5, 5]])) },
    GradientCase("takeAlongDim", [1, 4]) { $0[0].takeAlongDim(Tensor([[0, 3, 3], [1, 1, 0]]), dim: 1) },
    GradientCase("mask", [2, 2]) { $0[0][Tensor([[true, false], [true, true]])] },
    GradientCase("index tensors side by side", [2, 3, 4]) { $0[0][.all, [0, 2, 2], [1, 1, 3]] },
    GradientCase("index tensors apart", [2, 3, 4]) { $0[0][[0, 1, 1], .all, [1, 1, 3]] },
    GradientCase("embedding", [3, 4]) { Tensor([[0, 1], [2, 1]]).embedding(weight: $0[0]) },
    GradientCase("assign a slice", [3, 4], [4]) { operands in
        let changed = operands[0] * 2
        changed[1] = operands[1]
        changed[.all, 0] = operands[1][0]
        return changed * operands[0]
    },
    GradientCase("assign at a mask", [2, 2], []) { operands in
        let changed = operands[0] * 2
        changed[Tensor([[true, false], [true, true]])] = operands[1]
        return changed * operands[0]
    },
    GradientCase("assign at indices", [3, 4], [2]) { operands in
        let changed = operands[0] * 2
        changed[[0, 2], [1, 1]] = operands[1]
        return changed * operands[0]
    },
]

private var index: Tensor { Tensor([[0, 2, 3], [1, 1, 0], [3, 3, 2]]) }

private let scatteringCases: [GradientCase] =
    [
        GradientCase("scatter", [2, 4], [2, 2]) {
            $0[0].scatter(dim: 1, index: Tensor([[0, 2], [3, 1]]), source: $0[1])
        },
        GradientCase("scatterAdd", [3, 4], [3, 3]) { $0[0].scatterAdd(dim: 1, index: index, source: $0[1]) },
        GradientCase("indexAdd", [2, 4], [2, 3]) {
            $0[0].indexAdd(dim: 1, index: Tensor([3, 0, 3]), source: $0[1], alpha: 0.5)
        },
        GradientCase("indexCopy", [2, 4], [2, 2]) { $0[0].indexCopy(dim: 1, index: Tensor([3, 0]), source: $0[1]) },
        GradientCase("indexFill", [2, 4]) { $0[0].indexFill(dim: 1, index: Tensor([3, 0]), 2) },
        GradientCase("indexPut", [3, 4], [2]) {
            $0[0].indexPut([Tensor([0, 0]), Tensor([1, 1])], $0[1], accumulate: true)
        },
        GradientCase("maskedFill", [2, 2], []) { $0[0].maskedFill(Tensor([true, false]), $0[1]) },
        GradientCase("maskedScatter", [2, 2], [3]) { $0[0].maskedScatter(Tensor([true, false]), $0[1]) },
    ]
    + [ScatterReduce.sum, .product, .mean, .amax, .amin].flatMap { reduction in
        [true, false].map { includeSelf in
            GradientCase("scatterReduce \(reduction), includeSelf \(includeSelf)", [3, 4], [3, 3]) {
                $0[0].scatterReduce(dim: 1, index: index, source: $0[1], reduction, includeSelf: includeSelf)
            }
        }
    }

private let productCases: [GradientCase] = [
    GradientCase("matmul", [3, 4], [4, 5]) { $0[0].matmul($0[1]) },
    GradientCase("matmul of a batch with a matrix", [2, 3, 4], [4, 5]) { $0[0].matmul($0[1]) },
    GradientCase("matmul of batches that broadcast", [2, 1, 3, 4], [3, 4, 2]) { $0[0].matmul($0[1]) },
    GradientCase("matmul of a matrix with a batch", [3, 4], [2, 4, 3]) { $0[0].matmul($0[1]) },
    GradientCase("matmul of transposes", [4, 3], [2, 4]) { $0[0].mT.matmul($0[1].mT) },
    GradientCase("matmul with a vector", [2, 3, 4], [4]) { $0[0].matmul($0[1]) },
    GradientCase("matmul of a vector", [3], [2, 3, 4]) { $0[0].matmul($0[1]) },
    GradientCase("linear", [2, 3, 4], [5, 4], [5]) { $0[0].linear(weight: $0[1], bias: $0[2]) },
    GradientCase("bilinear", [3, 2], [3, 4], [5, 2, 4], [5]) {
        $0[0].bilinear($0[1], weight: $0[2], bias: $0[3])
    },
    GradientCase("einsum", [2, 3, 4], [4, 5]) { Tensor.einsum("bij,jk->kb", $0) },
    GradientCase("einsum of three", [3, 4], [4, 5], [5, 2]) { Tensor.einsum("ij,jk,kl->il", $0) },
    GradientCase("einsum of a diagonal", [3, 3], [3]) { Tensor.einsum("ii,i->i", $0) },
    GradientCase("einsum with an ellipsis", [2, 3, 4], [4, 5]) { Tensor.einsum("...j,jk->...k", $0) },
    GradientCase("tensordot", [2, 3, 4], [3, 4, 2]) { $0[0].tensordot($0[1]) },
    GradientCase("kron", [2, 2], [3, 2]) { $0[0].kron($0[1]) },
    GradientCase("cdist", [3, 4], [2, 4]) { $0[0].cdist($0[1]) },
]
