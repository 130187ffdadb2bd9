import Switchback
import TestSupport
import Testing

/// An operation of one tensor, and points where it is smooth.
struct SmoothOperation: CustomTestStringConvertible, Sendable {
    let name: String
    let points: [Double]
    let run: @Sendable (Tensor) -> Tensor

    init(_ name: String, at points: [Double] = real, _ run: @escaping @Sendable (Tensor) -> Tensor) {
        self.name = name
        self.points = points
        self.run = run
    }

    var testDescription: String { name }

    static let real = [-2.3, -0.7, 0.4, 1.9, 3.4, -4.1]
    static let positive = [0.2, 0.9, 1.7, 4.2, 0.6, 2.8]
    static let inner = [-0.8, -0.3, 0.2, 0.6, 0.9, -0.5]
    static let aboveOne = [1.2, 2.5, 4.0, 1.9, 7.0, 3.3]
}

/// First and second derivatives against central differences in float64, on both backends.
struct GradientTests {
    static let functions: [SmoothOperation] = [
        .init("abs") { $0.abs() }, .init("square") { $0.square() },
        .init("sqrt", at: SmoothOperation.positive) { $0.sqrt() },
        .init("rsqrt", at: SmoothOperation.positive) { $0.rsqrt() },
        .init("reciprocal") { $0.reciprocal() }, .init("frac") { $0.frac() },
        .init("exp") { $0.exp() }, .init("exp2") { $0.exp2() }, .init("expm1") { $0.expm1() },
        .init("log", at: SmoothOperation.positive) { $0.log() },
        .init("log2", at: SmoothOperation.positive) { $0.log2() },
        .init("log10", at: SmoothOperation.positive) { $0.log10() },
        .init("log1p", at: SmoothOperation.positive) { $0.log1p() },
        .init("logit", at: SmoothOperation.positive) { ($0 / 5).logit() },
        .init("sin") { $0.sin() }, .init("cos") { $0.cos() }, .init("tan", at: SmoothOperation.inner) { $0.tan() },
        .init("asin", at: SmoothOperation.inner) { $0.asin() }, .init("acos", at: SmoothOperation.inner) { $0.acos() },
        .init("atan") { $0.atan() }, .init("sinh") { $0.sinh() }, .init("cosh") { $0.cosh() },
        .init("tanh") { $0.tanh() }, .init("asinh") { $0.asinh() },
        .init("acosh", at: SmoothOperation.aboveOne) { $0.acosh() },
        .init("atanh", at: SmoothOperation.inner) { $0.atanh() },
        .init("erf") { $0.erf() }, .init("erfc") { $0.erfc() },
        .init("erfinv", at: SmoothOperation.inner) { $0.erfinv() },
        .init("power 3") { $0.pow(3) }, .init("power -1.5", at: SmoothOperation.positive) { $0.pow(-1.5) },
        .init("number to the power") { Tensor.pow(1.7, $0) },
        .init("number minus") { 3.0 - $0 }, .init("number over") { 3.0 / $0 }, .init("over number") { $0 / 3.0 },
        .init("clamp") { $0.clamp(min: -1.0, max: 2.0) }, .init("nanToNum") { $0.nanToNum() },
    ]

    static let activations: [SmoothOperation] = [
        .init("relu") { $0.relu() }, .init("relu6") { $0.relu6() },
        .init("leakyReLU") { $0.leakyReLU(negativeSlope: 0.2) }, .init("elu") { $0.elu(alpha: 1.3) },
        .init("celu") { $0.celu(alpha: 1.3) }, .init("selu") { $0.selu() }, .init("gelu") { $0.gelu() },
        .init("gelu tanh") { $0.gelu(approximate: .tanh) }, .init("silu") { $0.silu() }, .init("mish") { $0.mish() },
        .init("hardswish") { $0.hardswish() }, .init("hardsigmoid") { $0.hardsigmoid() },
        .init("hardtanh") { $0.hardtanh(min: -1, max: 2) }, .init("softplus") { $0.softplus(beta: 1.5) },
        .init("softsign") { $0.softsign() }, .init("softshrink") { $0.softshrink() },
        .init("hardshrink") { $0.hardshrink() }, .init("tanhshrink") { $0.tanhshrink() },
        .init("threshold") { $0.threshold(0.1, 20) }, .init("sigmoid") { $0.sigmoid() },
        .init("logSigmoid") { $0.logSigmoid() }, .init("glu") { $0.glu() },
        .init("prelu") { $0.prelu(Tensor([0.3], dtype: .float64)) },
    ]

    static let reductions: [SmoothOperation] = [
        .init("sum") { $0.sum() }, .init("mean") { $0.reshape(2, 3).mean(dim: 1) },
        .init("prod") { $0.reshape(2, 3).prod(dim: 0) }, .init("prod of all") { $0.prod() },
        .init("prod with a zero", at: [1.5, 0, -2, 0.5, 3, 0.7]) { $0.prod() },
        .init("prod with two zeros", at: [1.5, 0, -2, 0, 3, 0.7]) { $0.reshape(2, 3).prod(dims: [0, 1]) },
        .init("amax") { $0.reshape(2, 3).amax(dim: 1) }, .init("min of all") { $0.min() },
        .init("max along") { $0.reshape(2, 3).max(dim: 1).values },
        .init("var") { $0.reshape(2, 3).var(dim: 1) }, .init("std") { $0.std(correction: 0) },
        .init("norm 1") { $0.norm(p: 1) }, .init("norm 2") { $0.reshape(2, 3).norm(dim: 0) },
        .init("norm 3") { $0.norm(p: 3) }, .init("norm infinity") { $0.norm(p: .infinity) },
        .init("logSumExp") { $0.reshape(2, 3).logSumExp(dim: 1) },
        .init("cumsum") { $0.reshape(2, 3).cumsum(dim: 1) }, .init("cumprod") { $0.reshape(2, 3).cumprod(dim: 1) },
        .init("cumprod with zeros", at: [1.5, 0, -2, 0, 3, 0.7]) { $0.cumprod(dim: 0) },
        .init("cummax") { $0.cummax(dim: 0).values }, .init("logCumSumExp") { $0.logCumSumExp(dim: 0) },
        .init("sort") { $0.reshape(2, 3).sort(dim: 1, descending: true).values },
        .init("topk") { $0.topK(3).values }, .init("median") { $0.reshape(2, 3).median(dim: 1).values },
    ]

    @Test(arguments: functions + activations + reductions)
    func firstAndSecondDerivative(_ operation: SmoothOperation) throws {
        for backend in [CPUBackend.self, ReferenceBackend.self] as [any Backend.Type] {
            try Tensor.withBackend(backend) {
                let x = Tensor(operation.points, shape: [6], dtype: .float64, requiresGrad: true)
                try gradientCheck([x]) { operation.run($0[0]) }
                try gradientCheck([x]) { slope(operation, at: $0[0]) }
            }
        }
    }

    /// The gradient, recorded; plus `x`, so that a slope that is constant still has a graph.
    private func slope(_ operation: SmoothOperation, at x: Tensor) -> Tensor {
        enableGrad {
            gradients(of: [operation.run(x).sum()], withRespectTo: [x], createGraph: true)[0]! + x
        }
    }

    @Test func derivativesOfTwoOperands() throws {
        let a = Tensor([[0.7, 1.3, 2.1], [0.4, 3.3, 1.8]], dtype: .float64, requiresGrad: true)
        let b = Tensor([1.6, 0.9, 2.4], dtype: .float64, requiresGrad: true)
        let operations: [(Tensor, Tensor) -> Tensor] = [
            { $0 + $1 }, { $0 - $1 }, { $0 * $1 }, { $0 / $1 }, { $0.pow($1) }, { $0.maximum($1) }, { $0.minimum($1) },
            { $0.atan2($1) }, { $0.hypot($1) }, { $0.logaddexp($1) }, { $0.fmod($1) }, { $0.remainder($1) },
            { $0.copysign($1) }, { $0.lerp($1, weight: 0.3) }, { $0.lerp($1, weight: 0.8) },
            { $0.lerp($1, weight: $1) },
            { $0.addcmul($0, $1, value: 0.3) }, { $0.addcdiv($0, $1, value: 0.3) },
            { Tensor.where($0 .> $1, $0, $1 * $1) }, { $0.clamp(min: $1) }, { $0.prelu($1.mean()) },
        ]
        for operation in operations { try gradientCheck([a, b]) { operation($0[0], $0[1]) } }
    }

    @Test func singularPoints() {
        func gradient(_ value: Double, _ operation: (Tensor) -> Tensor) -> Double {
            let x = Tensor([value], requiresGrad: true)
            operation(x).backward()
            return x.grad!.item()
        }
        #expect(gradient(0) { $0.sqrt() } == .infinity)
        #expect(gradient(0) { $0.abs() } == 0)
        #expect(gradient(0) { $0.norm() } == 0)
        #expect(gradient(0) { $0.norm(p: 3) } == 0)
        #expect(gradient(0) { $0.hypot(Tensor([0.0])) } == 0)
        #expect(gradient(0) { Tensor.pow(0.0, $0) } == 0)
        #expect(gradient(0) { $0.pow(0) } == 0)
        #expect(gradient(0) { $0.pow(Tensor([0.0])) } == 0)
        #expect(gradient(-1) { Tensor.where($0 .> 0, $0.log(), $0 * 2) } == 2, "no NaN from what was not chosen")
        #expect(gradient(2) { $0.std(correction: 0) } == 0)
        #expect(gradient(-.infinity) { $0.logSumExp() } == 0)
        #expect(gradient(1000) { $0.elu() } == 1)
        #expect(gradient(-1000) { $0.silu() } == 0)
        #expect(gradient(1.5) { $0.floor() } == 0)
    }

    @Test func tiesShareTheGradient() {
        let x = Tensor([[1.0, 3, 3], [2, 2, 2]], requiresGrad: true)
        x.amax(dim: 1).sum().backward()
        #expect(x.grad!.allClose(Tensor([[0, 0.5, 0.5], [1.0 / 3, 1.0 / 3, 1.0 / 3]])))
        x.zeroGrad()
        x.max(dim: 1).values.sum().backward()
        #expect(x.grad!.equal(Tensor([[0.0, 1, 0], [1, 0, 0]])))
        let (a, b) = (Tensor([1.0, 2], requiresGrad: true), Tensor([1.0, 1], requiresGrad: true))
        a.maximum(b).sum().backward()
        #expect(a.grad!.equal(Tensor([0.5, 1])) && b.grad!.equal(Tensor([0.5, 0])))
    }
}
