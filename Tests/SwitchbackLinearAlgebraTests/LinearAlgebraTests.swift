import Switchback
import SwitchbackLinearAlgebra
import TestSupport
import Testing

/// Solutions, determinants and decompositions against PyTorch's (Tests/Fixtures/make_linear_algebra.py), and their gradients
/// also against central differences.
@Suite struct LinearAlgebraTests {
    typealias Operation = @Sendable ([Tensor]) -> [Tensor]

    static let cases: [String: Operation] = [
        "solve": { [$0[0].solve($0[1])] }, "solve_vector": { [$0[0].solve($0[1])] },
        "solve_broadcast": { [$0[0].solve($0[1])] }, "inverse": { [$0[0].inverse()] },
        "det": { [$0[0].det()] }, "det_singular": { [$0[0].det()] },
        "slogdet": {
            let (sign, logarithm) = $0[0].slogdet()
            return [sign, logarithm]
        },
        "cholesky": { [symmetric($0[0]).cholesky()] },
        "qr": { qr($0[0]) }, "qr_square": { qr($0[0]) }, "svd": { svd($0[0]) }, "svd_tall": { svd($0[0]) },
        "singular_values": { [$0[0].svd().s] },
        "eigh": {
            let (values, vectors) = symmetric($0[0]).eigh()
            return [values, vectors.abs()]
        },
        "pseudoinverse": { [$0[0].pseudoinverse()] },
    ]

    private static func symmetric(_ x: Tensor) -> Tensor { (x + x.transpose(-2, -1)) / 2 }

    private static func qr(_ x: Tensor) -> [Tensor] {
        let (q, r) = x.qr()
        return [q, r]
    }

    private static func svd(_ x: Tensor) -> [Tensor] {
        let (u, s, vh) = x.svd()
        return [u.abs(), s, vh.abs()]
    }

    @Test(arguments: cases.keys.sorted())
    func isThatOfPyTorch(_ name: String) throws {
        // PyTorch's gradient of the determinant of a singular matrix is 0; central differences show that it is not.
        try OperationFixture("linear_algebra")
            .compare(name, tolerance: 1e-9, gradients: name != "det_singular", Self.cases[name]!)
    }

    @Test(arguments: cases.keys.sorted())
    func gradientsAreCentralDifferences(_ name: String) throws {
        try gradientCheck(OperationFixture("linear_algebra").inputs(name), tolerance: 1e-4) { inputs in
            let found = Self.cases[name]!(inputs).filter(\.requiresGrad)
            return Tensor.cat(found.map { $0.reshape(-1) })
        }
    }

    @Test func wideMatricesHaveGradientsThroughQR() throws {
        let x = Tensor([[1.0, 2, 0.5, -1], [0.3, -1, 2, 1]], dtype: .float64, requiresGrad: true)
        let (q, r) = x.qr()
        #expect(q.matmul(r).allClose(x, rtol: 1e-12, atol: 1e-12))
        try gradientCheck([x], tolerance: 1e-4) { Tensor.cat(Self.qr($0[0]).map { $0.reshape(-1) }) }
    }

    @Test func secondDerivativesExist() throws {
        let x = Tensor([[2.0, 0.5], [0.5, 1]], dtype: .float64, requiresGrad: true)
        try gradientCheck([x], tolerance: 1e-4) { inputs in
            let value = inputs[0].inverse().sum() + inputs[0].det() + Self.symmetric(inputs[0]).cholesky().sum()
            return gradients(of: [value], withRespectTo: inputs, createGraph: true)[0]!
        }
    }

    @Test func float32AndEmptyBatchesWork() {
        let x = Tensor([[4.0, 1], [1, 3]])
        #expect(x.solve(Tensor([1.0, 2])).allClose(Tensor([0.0909091, 0.6363636]), atol: 1e-6))
        #expect(abs(x.det().item() - 11) < 1e-5 && x.cholesky().dtype == .float32)
        #expect(Tensor.zeros([0, 2, 2]).inverse().shape == [0, 2, 2] && Tensor.zeros([3, 0, 0]).det().shape == [3])
        #expect(Tensor([[1.0, 2], [2, 4]]).det().item() == 0)
        #expect(Tensor([[1.0, 2], [2, 4]]).slogdet().logarithm.item() == -.infinity)
    }

    @Test func saysWhatItCannotDo() throws {
        let x = Tensor([[1.0, 2], [2, 4]])
        try expectStop("a matrix is singular: pivot 2 is 0, in matrix 0") { _ = x.solve(Tensor([1.0, 2])) }
        try expectStop("not positive definite") { _ = (-x).cholesky() }
        try expectStop("[2, 3] are not square") { _ = Tensor.zeros([2, 3]).inverse() }
        try expectStop("they have 2 rows") { _ = x.solve(Tensor.zeros([3, 1])) }
        try expectStop("expected matrices") { _ = Tensor.zeros([3]).svd() }
        try expectStop("float16") { _ = x.to(.float16).qr() }
        try expectStop("NaN or infinite") { _ = (x / 0).eigh() }
        try expectStop("an element is NaN") { _ = Tensor([[Double.nan, 1], [1, 2]]).inverse() }
    }
}
