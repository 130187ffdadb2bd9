import Switchback
import Testing
import TestSupport

@Suite(.seeded()) struct TransformTests {
    private let point = Tensor([0.5, -1.0, 2.0], dtype: .float64)

    @Test func gradOfAFunction() {
        let slope = grad { $0.pow(3).sum() }(point)
        #expect(slope.allClose(point.square() * 3))
        #expect(!point.requiresGrad && !slope.requiresGrad)
    }

    @Test func gradOfGrad() {
        let curvature = grad(of: { grad { $0.pow(3).sum() }($0).sum() })(point)
        #expect(curvature.allClose(point * 6))
    }

    @Test func valueAndGradientsOfSeveralTensors() {
        let (value, found) = valueAndGrads(of: { ($0[0] * $0[1]).sum() })([point, point + 1])
        #expect(value.allClose((point * (point + 1)).sum()))
        #expect(found[0].allClose(point + 1) && found[1].allClose(point))
    }

    @Test func pullbackOfAVector() {
        let (value, pullback) = vjp(of: { $0[0].exp() }, at: [point])
        let upstream = Tensor([1.0, 2.0, 3.0], dtype: .float64)
        #expect(value.allClose(point.exp()))
        #expect(pullback(upstream)[0].allClose(upstream * point.exp()))
        #expect(pullback(upstream * 2)[0].allClose(upstream * point.exp() * 2))
    }

    @Test func changeAlongATangent() {
        let tangent = Tensor([1.0, 0.0, -2.0], dtype: .float64)
        let (value, change) = jvp(of: { $0[0].sin() }, at: [point], along: [tangent])
        #expect(value.allClose(point.sin()))
        #expect(change.allClose(tangent * point.cos()))
    }

    @Test func jacobianOfAMatrixProduct() {
        let matrix = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype: .float64)
        #expect(jacobian(of: { matrix.matmul($0[0]) }, at: point).allClose(matrix))
    }

    @Test func hessianOfAProductOfSquares() {
        let found = hessian(of: { $0.square().prod() }, at: Tensor([1.0, 2.0], dtype: .float64))
        #expect(found.allClose(Tensor([[8.0, 8.0], [8.0, 2.0]], dtype: .float64)))
    }

    @Test func checkpointGivesTheSameGradients() {
        let weight = Tensor([[1.0, -2.0], [0.5, 3.0]], requiresGrad: true)
        func block(_ x: Tensor) -> Tensor { x.matmul(weight).tanh().matmul(weight) }
        func gradients(_ run: (Tensor) -> Tensor) -> [[Float]] {
            let x = Tensor([[1.0, 2.0]], requiresGrad: true)
            weight.zeroGrad()
            run(x).sum().backward()
            return [x.grad!.toArray(), weight.grad!.toArray()]
        }
        #expect(gradients { checkpoint([$0]) { block($0[0]) } } == gradients(block))
    }

    @Test func checkpointReplaysRandomNumbers() {
        func gradient(_ run: (Tensor) -> Tensor) -> [Float] {
            // Other tests draw numbers at the same time.
            Generator.withDefault(Generator(seed: 7)) {
                let x = Tensor.ones([64], requiresGrad: true)
                run(x).sum().backward()
                return x.grad!.toArray()
            }
        }
        func noisy(_ x: Tensor) -> Tensor { x * Tensor.rand([64]) }
        #expect(gradient { checkpoint([$0]) { noisy($0[0]) } } == gradient(noisy))
    }

    @Test func checkpointReachesParametersWhenNoInputNeedsAGradient() {
        let weight = Tensor([2.0], requiresGrad: true)
        checkpoint([Tensor([3.0])]) { $0[0] * weight }.backward()
        #expect(weight.grad!.item() == 3)
    }

    @Test func gradientCheckAcceptsRightRulesAndNamesWrongOnes() throws {
        let x = Tensor([0.3, -0.7], dtype: .float64, requiresGrad: true)
        try gradientCheck([x]) { $0[0].sin() * $0[0] }
        #expect(throws: GradientMismatch.self) {
            try gradientCheck([x]) { inputs in
                Tensor.record("wrong", noGrad { inputs[0] * 2 }.array, from: inputs) { _, gradient in [gradient * 3] }
            }
        }
    }
}
