import Switchback
import TestSupport
import Testing

/// Complex numbers as storage: what moves and compares them gives what PyTorch gives, and what would compute stops.
@Suite struct ComplexTests {
    /// [[1 + 2i, 3 − 4i], [0.5i, −1]].
    private let x = Tensor.complex(Tensor([[1.0, 3], [0, -1]]), Tensor([[2.0, -4], [0.5, 0]]))

    private func isSame(_ found: Tensor, _ real: [Double], _ imag: [Double]) -> Bool {
        found.real.toArray(as: Double.self) == real && found.imag.toArray(as: Double.self) == imag
    }

    @Test func partsAndPairs() {
        #expect(x.dtype == .complex64 && x.shape == [2, 2] && DType.complex64.byteCount == 8)
        #expect(x.viewAsReal().toArray() == [1, 2, 3, -4, 0, 0.5, -1, 0] && x.viewAsReal().viewAsComplex().equal(x))
        let wide = x.to(.complex128)
        #expect(wide.real.dtype == .float64 && isSame(wide, [1, 3, 0, -1], [2, -4, 0.5, 0]))
        #expect(isSame(Tensor([1, -2]).to(.complex64), [1, -2], [0, 0]) && Tensor([1.0]).real.item() == 1)
        // Parts are views.
        let y = x.clone()
        y.imag.fill(7.0)
        y[0].real[1] = 9
        #expect(isSame(y, [1, 9, 0, -1], [7, 7, 7, 7]) && !y.equal(x))
        #expect(DType.promoted(.complex64, .float64) == .complex128 && DType.promoted(.int64, .complex64) == .complex64)
    }

    @Test func numbersMoveInPairs() {
        #expect(isSame(x.t().reshape(4), [1, 0, 3, -1], [2, 0.5, -4, 0]))
        #expect(isSame(x[Tensor([1, 0, 1]), Tensor([0, 1, 1])], [0, 3, -1], [0.5, -4, 0]))
        #expect(isSame(x[Tensor([[true, false], [false, true]])], [1, -1], [2, 0]))
        #expect(isSame(Tensor.cat([x[0], Tensor([5.0])]), [1, 3, 5], [2, -4, 0]))
        #expect(isSame(Tensor.stack([x[1], x[0]], dim: 1), [0, 1, -1, 3], [0.5, 2, 0, -4]))
        #expect(isSame(x.flip(1).roll(1, dim: 0), [-1, 0, 3, 1], [0, 0.5, -4, 2]))
        #expect(isSame(x.gather(dim: 1, index: Tensor([[1], [0]])), [3, 0], [-4, 0.5]))
        #expect(isSame(x.take(Tensor([3, -3])), [-1, 3], [0, -4]))
        #expect(isSame(Tensor.where(Tensor([true, false]), x, x.t()), [1, 0, 0, -1], [2, 0.5, 0.5, 0]))
        #expect(isSame(x.maskedFill(Tensor([true, false]), 5.0), [5, 3, 5, -1], [0, -4, 0, 0]))
        #expect(isSame(x.scatter(dim: 1, index: Tensor([[0], [1]]), source: x.t()), [1, 3, 0, 3], [2, -4, 0.5, -4]))
        #expect(isSame(x[0].pad([1, 0]).expand(to: 2, 3)[1], [0, 1, 3], [0, 2, -4]))
        let y = x.clone()
        y[.all, 1] = x[.all, 0]
        #expect(isSame(y, [1, 1, 0, 0], [2, 2, 0.5, 0.5]))
        #expect("\(x[0, 1])" == "Tensor(3.0-4.0j, dtype: .complex64)")
    }

    @Test func equalIsWhatIsEqualInBothParts() {
        #expect(x.eq(x.t()).toArray(as: Bool.self) == [true, false, false, true])
        #expect(x.ne(-1).toArray(as: Bool.self) == [true, true, true, false])
        #expect(x.eq(Tensor([[1.0, 3], [0, -1]])).toArray(as: Bool.self) == [false, false, false, true])
        let zeros = Tensor.complex(Tensor([0.0, .nan]), Tensor([-0.0, 1]))
        #expect(
            zeros.eq(Tensor.complex(Tensor([-0.0, .nan]), Tensor([0.0, 1]))).toArray(as: Bool.self) == [true, false])
    }

    @Test func whatComputesStops() throws {
        let x = x
        func changed(_ tensor: Tensor, _ change: (Tensor) -> Void) -> Tensor {
            change(tensor)
            return tensor
        }
        let operations: [(String, () -> Tensor)] = [
            ("add", { x + x }), ("multiply", { x * 2 }), ("+=", { changed(x.clone()) { $0 += x } }),
            ("sum", { x.sum() }), ("abs", { x.abs() }), ("lt", { x .< x }), ("to", { x.matmul(x) }),
            ("complex64", { x.sort().values }), ("to", { x.to(.float32) }), ("to", { Tensor(x.exp().array) }),
            ("item", { Tensor(x[0, 0].item()) }), ("toArray", { Tensor(x.toArray()) }),
            ("to", { changed(Tensor.zeros([2, 2])) { $0.copy(from: x) } }),
            ("requiresGrad", { changed(x) { $0.requiresGrad = true } }),
            ("viewAsComplex", { Tensor([[1.0, 2]], requiresGrad: true).viewAsComplex() }),
            ("viewAsComplex", { Tensor([[1.0, 2], [3, 4]]).t().viewAsComplex() }),
            ("imag", { Tensor([1.0]).imag }),
        ]
        for (name, operation) in operations {
            let error = try #require(throws: ShapeError.self) { try catchingErrors(operation) }
            #expect(error.operation == name, "\(error)")
        }
        let state = ["weight": x[0..<1, 0..<1], "bias": x[0, 0..<1]]
        #expect(throws: InputError.self) { try Linear(1, 1).load(stateDict: state) }
    }
}
