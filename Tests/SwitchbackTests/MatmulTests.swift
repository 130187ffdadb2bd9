import Switchback
import TestSupport
import Testing

/// Products: shapes, types and memory orders that the fixtures of PyTorch leave out.
@Suite(.seeded()) struct MatmulTests {
    @Test func ranks() {
        let a = Tensor.ones([2, 3])
        #expect(a.matmul(Tensor.ones([3])).shape == [2])
        #expect(Tensor.ones([2]).matmul(a).shape == [3])
        #expect(Tensor.ones([3]).matmul(Tensor.ones([3])).shape == [])
        #expect(Tensor.ones([3]).matmul(Tensor.ones([4, 3, 5])).shape == [4, 5])
        #expect(Tensor.ones([4, 1, 2, 3]).matmul(Tensor.ones([5, 3, 2])).shape == [4, 5, 2, 2])
    }

    @Test func emptyProducts() {
        #expect(Tensor.ones([2, 0]).matmul(Tensor.ones([0, 3])).equal(Tensor.zeros([2, 3])))
        #expect(Tensor.ones([0, 3]).matmul(Tensor.ones([3, 2])).shape == [0, 2])
        #expect(Tensor.ones([0, 2, 3]).matmul(Tensor.ones([3, 2])).shape == [0, 2, 2])
        #expect(
            Tensor.ones([2, 0]).linear(weight: Tensor.ones([3, 0]), bias: Tensor([1.0, 2.0, 3.0]))[1].sum().item() == 6)
    }

    /// Batches of views whose strides do not merge are walked without copies, to the same result.
    @Test func batchesOfViews() {
        let a = Tensor.randn([5, 2, 4, 3]).permute(1, 0, 2, 3)
        let b = Tensor.randn([5, 3, 2, 4]).permute(2, 0, 1, 3)
        let direct = a.matmul(b)
        let copied = a.contiguous().matmul(b.contiguous())
        #expect(direct.shape == [2, 5, 4, 4] && direct.allClose(copied, atol: 1e-6))
        let one = a[1, 3].matmul(b[1, 3])
        #expect(direct[1, 3].allClose(one, atol: 1e-6))
    }

    @Test(arguments: [DType.float64, .float16, .bfloat16, .int32, .int64, .uint8])
    func elementTypes(_ dtype: DType) {
        let a = Tensor([[1, 2], [3, 4]], dtype: dtype)
        let product = a.matmul(a)
        #expect(product.dtype == dtype)
        #expect(product.equal(Tensor([[7, 10], [15, 22]], dtype: dtype)))
    }

    @Test func addingProducts() {
        let a = Tensor([[1.0, 2.0]])
        let b = Tensor([[3.0], [4.0]])
        #expect(Tensor([[1.0]]).addmm(a, b, beta: 2, alpha: 0.5).item() == 7.5)
        #expect(Tensor([[Double.nan]]).addmm(a, b, beta: 0).item() == 11)
        #expect(Tensor([1.0]).addmv(a, Tensor([1.0, 1.0])).toArray() == [4])
        #expect(Tensor([[1.0, 2.0], [3.0, 4.0]]).trace().item() == 5)
    }

    @Test func einsumOfEveryKind() {
        let a = Tensor.arange(6, dtype: .float32).reshape(2, 3)
        #expect(Tensor.einsum("ij->ji", a).equal(a.T))
        #expect(Tensor.einsum("ji", a).equal(a.T))
        #expect(Tensor.einsum("ij->", a).item() == 15)
        #expect(Tensor.einsum("ij->j", a).toArray() == [3, 5, 7])
        #expect(Tensor.einsum("ij,ij->i", a, a).toArray() == [5, 50])
        #expect(Tensor.einsum("i,j->ji", a[0], a[1]).equal(a[1].outer(a[0])))
        #expect(Tensor.einsum("ii->i", a[..., ..<2]).toArray() == [0, 4])
        #expect(Tensor.einsum("... j, k j -> ... k", a.unsqueeze(0), a).equal(a.matmul(a.T).unsqueeze(0)))
        #expect(Tensor.einsum("ij,jk,kl", a, a.T, a).equal(a.matmul(a.T).matmul(a)))
        #expect(Tensor.einsum("ij,ik->ijk", a, Tensor([[1.0], [2.0]])).shape == [2, 3, 1])
    }

    /// Types and values are those of torch.einsum, which stops only where a sum comes before a product.
    @Test func einsumOfWholeNumbers() {
        let a = Tensor([[200, 1, 3], [100, 100, 1]])
        let b = Tensor([[2, 1, 3], [1, 0, 7]])
        func expect(_ equation: String, _ type: DType, _ operands: [Tensor], _ result: DType, _ values: [Int]) {
            let found = Tensor.einsum(equation, operands.map { $0.to(type) })
            #expect(found.dtype == result, "\(equation) of \(type)")
            #expect(found.toArray(as: Int.self) == values, "\(equation) of \(type)")
        }
        expect("ij->i", .uint8, [a], .int64, [204, 201])
        expect("ij->j", .int32, [b[..<1]], .int64, [2, 1, 3])
        expect("ij->ji", .bool, [b], .bool, [1, 1, 1, 0, 1, 1])
        expect("ij,ij->i", .int32, [a, b], .int32, [410, 107])
        expect("ij,ij->i", .uint8, [a, b], .uint8, [154, 107])
        expect("ij,ij->ij", .uint8, [a, b], .uint8, [144, 1, 9, 100, 0, 7])
        expect("ij,ij->ij", .bool, [a, b], .bool, [1, 1, 1, 1, 0, 1])
        expect("ij,k->j", .bool, [a, b[0]], .int64, [6, 6, 6])
        expect("ij,k->j", .uint8, [a, b[0]], .int64, [1800, 606, 24])
        expect("ij,k->j", .int32, [b[..<1], b[0, ..<1]], .int32, [4, 2, 6])
        expect("ij,ij->j", .int32, [b[..<1], b], .int64, [6, 1, 30])
        expect("ij,ij->j", .int32, [b[..<1], b[..<1]], .int32, [4, 1, 9])
        // Where torch.einsum stops: its values for int64.
        expect("ij,kj->i", .uint8, [a, b], .int64, [631, 410])
        let mixed = Tensor.einsum("i,i->i", b[0].to(.int32), a[0].to(.float32))
        #expect(mixed.dtype == .float32 && mixed.toArray() == [400, 1, 9])
    }

    @Test func contractions() {
        let a = Tensor.arange(12, dtype: .float32).reshape(3, 4)
        #expect(a.tensordot(a, dims: 2).item() == 506)
        #expect(a.tensordot(a, dims: ([1], [1])).equal(a.matmul(a.T)))
        #expect(Tensor([[1, 2]]).kron(Tensor([[1], [3]])).equal(Tensor([[1, 2], [3, 6]])))
        #expect(Tensor([[0.0, 0.0]]).cdist(Tensor([[3.0, 4.0], [0.0, 0.0]])).toArray() == [5, 0])
    }

    @Test func errorsNameBothShapes() async {
        let first = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).matmul(Tensor.zeros([4, 5]))
        }
        #expect(stopped(first, saying: "matmul: [2, 3] × [4, 5]: the inner sizes 3 and 4 differ"))
        let second = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).matmul(Tensor.zeros([3, 5], dtype: .float64))
        }
        #expect(stopped(second, saying: "matmul: the operands are float32 and float64"))
        let third = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).linear(weight: Tensor.zeros([4, 5]))
        }
        #expect(stopped(third, saying: "linear: an input of shape [2, 3] does not fit a weight of shape [4, 5]"))
        let fourth = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.einsum("ij,jk", Tensor.zeros([2, 3]), Tensor.zeros([4, 5]))
        }
        #expect(stopped(fourth, saying: "einsum: j in \"ij,jk\" stands for sizes 3 and 4"))
    }
}
