import Foundation
import Switchback
import TestSupport
import Testing

/// Products in bfloat16: their arithmetic bit by bit, their gradients beside float32's and PyTorch's, and what stays as it
/// was.
@Suite(.seeded()) struct PrecisionTests {
    // MARK: Arithmetic

    /// The sum of products as `vdpbf16ps` makes it, on any processor: of two neighbors the second's product is added first;
    /// 512 products make a partial sum; denormal numbers count as zeros.
    private func product(_ a: [Float], _ b: [Float]) -> Float {
        func flushed(_ x: Float) -> Float { x.isSubnormal ? 0 : x }
        func rounded(_ x: Float) -> Float { flushed(Float(Tensor([x]).to(.bfloat16).to(.float32).item())) }
        var total: Float = 0
        for start in stride(from: 0, to: a.count, by: 512) {
            var sum: Float = 0
            for first in stride(from: start, to: min(start + 512, a.count), by: 2) {
                for i in [first + 1, first] where i < a.count {
                    sum = flushed(sum.addingProduct(rounded(a[i]), rounded(b[i])))
                }
            }
            total = flushed(total + sum)
        }
        return total
    }

    @Test(arguments: [1, 2, 7, 64, 511, 512, 513, 1300]) func sumsAreThoseOfTheInstruction(_ depth: Int) {
        let generator = Generator(seed: UInt64(depth))
        func operand(_ shape: Shape) -> Tensor {
            // Some numbers are denormal, and some so small that their products are.
            let scale = Tensor.randint(0..<12, shape, generator: generator).to(.float32)
            let numbers = Tensor.randn(shape, generator: generator)
            return Tensor.where(scale.eq(0), numbers * 1e-39, Tensor.where(scale.eq(1), numbers * 1e-20, numbers))
        }
        let (a, b) = (operand([17, depth]), operand([depth, 35]))
        let found = withPrecision(.bfloat16) { a.matmul(b) }
        let (rows, columns) = (a.toArray(as: Float.self), b.t().contiguous().toArray(as: Float.self))
        for (row, column) in [(0, 0), (3, 34), (16, 20), (13, 15), (14, 31)] {
            let expected = product(
                Array(rows[row * depth..<(row + 1) * depth]), Array(columns[column * depth..<(column + 1) * depth]))
            #expect(Float(found[row, column].item()).bitPattern == expected.bitPattern)
        }
    }

    /// Wherever elements lie, the same pairs are multiplied.
    @Test func memoryOrdersGiveTheSameBits() {
        let generator = Generator(seed: 1)
        let (a, b) = (Tensor.randn([45, 77], generator: generator), Tensor.randn([77, 130], generator: generator))
        let wide = Tensor.randn([77, 260], generator: generator)
        wide[..., .slice(step: 2)].copy(from: b)
        withPrecision(.bfloat16) {
            let expected = a.matmul(b)
            let asBFloats = (a.to(.bfloat16), b.to(.bfloat16))
            #expect(asBFloats.0.matmul(asBFloats.1).equal(expected))
            #expect(a.t().contiguous().t().matmul(b.t().contiguous().t()).equal(expected))
            #expect(asBFloats.0.t().contiguous().t().matmul(b).equal(expected))
            #expect(a.matmul(wide.to(.bfloat16)[..., .slice(step: 2)]).equal(expected))
            #expect(a.linear(weight: b.t()).equal(expected))
        }
    }

    @Test func numbersThatAreNoneStayNone() {
        let a = Tensor([[Double.nan, 1], [Double.infinity, 1], [1e39, 1], [2, 3]])
        let found = withPrecision(.bfloat16) { a.matmul(Tensor([[1.0], [1.0]])) }.toArray(as: Float.self)
        #expect(found[0].isNaN && found[1] == .infinity && found[2] == .infinity && found[3] == 5)
    }

    // MARK: Which operations

    /// Sums of functions of a [2, 8, 6, 6], whose products bfloat16 has.
    static let products: [String: @Sendable (Tensor) -> Tensor] = [
        "matmul": { $0.matmul($0.transpose(-2, -1) * 0.5) },
        "matmul with a matrix": { $0.matmul($0[0, 0]) },
        "linear": { $0.linear(weight: $0[0, 0] * 2, bias: $0[0, 0, 0]) },
        "attention": { Tensor.scaledDotProductAttention($0, $0 * 0.5, $0 + 1, isCausal: true) },
        "attention with a mask": {
            Tensor.scaledDotProductAttention($0, $0 * 0.5, $0 + 1, mask: Tensor.zeros([6, 6]).to($0.backend))
        },
        "1×1 convolution": { $0.conv2d(weight: $0[0, ..<4, ..<2].reshape([6, 8, 1, 1]), bias: $0[0, 0, 0]) },
        "cross entropy": {
            $0.flatten(end: 1).linearCrossEntropy(
                weight: $0[0, 0] * 2, bias: $0[0, 0, 0],
                Tensor.randint(0..<6, [16, 6], generator: Generator(seed: 1)).to($0.backend))
        },
    ]

    private func results(
        _ name: String, _ precision: Precision, on backend: any Backend.Type = CPUBackend.self
    ) -> [Tensor] {
        let x = Tensor.randn([2, 8, 6, 6], generator: Generator(seed: 5)).to(backend)
        x.requiresGrad = true
        let y = withPrecision(precision) { Self.products[name]!(x) }
        y.square().sum().backward()
        return [y.detach(), x.grad!].map { $0.to(CPUBackend.self) }
    }

    /// The largest difference, as a share of the largest number.
    private func difference(_ a: Tensor, _ b: Tensor) -> Double { (a - b).abs().amax().item() / b.abs().amax().item() }

    /// An operand is off by at most 2⁻⁹ of itself, and errors cancel out in sums: 1 % of the largest result is never reached.
    @Test(arguments: products.keys.sorted()) func gradientsFollowFloat32(_ name: String) {
        let (exact, found) = (results(name, .float32), results(name, .bfloat16))
        for (exact, found) in zip(exact, found) {
            #expect(found.dtype == .float32)
            #expect(!found.equal(exact), "nothing is rounded")
            #expect(difference(found, exact) < 0.01)
        }
    }

    /// Functions of the result of an operation, [4, 8, 6, 6], which save it, or what they make of it, rounded.
    static let savedResults: [String: @Sendable (Tensor) -> Tensor] = [
        "relu": { $0.relu() },
        "gelu": { $0.gelu() },
        "gelu by tanh": { $0.gelu(approximate: .tanh) },
        "silu": { $0.silu() },
        "batch norm": { $0.batchNorm(weight: $0[0, 0..., 0, 0] + 2, training: true) },
        "batch norm, relu": { $0.batchNorm(bias: $0[0, 0..., 0, 0], training: true, activation: .relu) },
        "batch norm, silu": { $0.batchNorm(training: true, activation: .silu) },
        "batch norm, sum, relu": { $0.batchNorm(training: true, activation: .relu, adding: $0 * 0.5) },
        "batch norm, sum, silu": { $0.batchNorm(training: true, activation: .silu, adding: $0 * 0.5) },
    ]

    /// Results are float32's own; gradients are off by what was saved is rounded by.
    @Test(arguments: savedResults.keys.sorted(), [true, false])
    func whatIsSavedIsRounded(_ name: String, isMirrored: Bool) {
        func results(_ precision: Precision) -> [Tensor] {
            let x = Tensor.randn([4, 8, 6, 6], generator: Generator(seed: 5))
                .to(isMirrored ? MirrorBackend.self : CPUBackend.self)
            x.requiresGrad = true
            let y = withPrecision(precision) { Self.savedResults[name]!(x * 1.5) }
            (y * Tensor.randn(y.shape, generator: Generator(seed: 6)).to(x.backend)).sum().backward()
            return [y.detach(), x.grad!].map { $0.to(CPUBackend.self) }
        }
        let (exact, found) = (results(.float32), results(.bfloat16))
        #expect(found[0].equal(exact[0]))
        #expect(found[1].dtype == .float32 && difference(found[1], exact[1]) < 0.01)
    }

    /// A backend without kernels of its own for it rounds the same operands; and where a kernel is fused, those of the steps
    /// that it does not have (attention's weights), or before they are scaled (the gradient of logits).
    @Test(arguments: products.keys.sorted()) func otherBackendsRoundTheSame(_ name: String) {
        let isFused = name.hasPrefix("attention") || name == "cross entropy"
        let (ours, others) = (results(name, .bfloat16), results(name, .bfloat16, on: MirrorBackend.self))
        for (ours, other) in zip(ours, others) {
            #expect(difference(ours, other) < (isFused ? 0.01 : 1e-5))
        }
    }

    /// What is no product, and products of other types, are untouched.
    @Test func everythingElseStaysAsItWas() {
        let x = Tensor.randn([2, 16, 9, 9], generator: Generator(seed: 2))
        let weight = Tensor.randn([16, 16, 3, 3], generator: Generator(seed: 3))
        func others() -> [Tensor] {
            [
                x.softmax(dim: 1), x.layerNorm([9]), x.exp() + x, x.conv2d(weight: weight, padding: 2, dilation: 2),
                x.conv2d(weight: weight[..., ..<1, 0..., 0...].contiguous(), padding: 1, groups: 16),
                x.to(.float64).matmul(x.to(.float64)), x.to(.float16).matmul(x.to(.float16)), x.sum(dim: 2),
                x.to(.float16).conv2d(weight: weight.to(.float16), padding: 1),
                x.to(.float16).conv2d(weight: weight[0..., 0..., ..<1, ..<1].contiguous().to(.float16)),
            ]
        }
        for (inside, outside) in zip(withPrecision(.bfloat16, others), others()) { #expect(inside.equal(outside)) }
    }

    /// A model of bfloat16 is one whose operands need no rounding; its gradients are of its type.
    @Test func modelsOfBFloat16() {
        let layer = Linear(6, 4)
        let x = Tensor.randn([3, 6], generator: Generator(seed: 12))
        let expected = withPrecision(.bfloat16) { x.linear(weight: layer.weight) }
        layer.to(.bfloat16)
        let found = withPrecision(.bfloat16) { layer(x.to(.bfloat16)) }
        found.sum().backward()
        #expect(found.dtype == .float32 && found.allClose(expected + layer.bias!.to(.float32), atol: 1e-6))
        #expect(layer.weight.grad?.dtype == .bfloat16 && layer.bias?.grad?.dtype == .bfloat16)
        // Back in float32, and outside of the scope.
        layer.to(.float32)
        layer(x).sum().backward()
        #expect(layer.weight.grad?.dtype == .float32 && layer.bias?.grad?.dtype == .float32)
    }

    // MARK: The scope

    /// The gradient is in the precision of the operation, wherever the walk happens.
    @Test func gradientsAreInThePrecisionOfTheForwardPass() {
        func gradient(_ forward: Precision, _ backward: Precision) -> Tensor {
            let x = Tensor.randn([9, 9], requiresGrad: true, generator: Generator(seed: 4))
            let loss = withPrecision(forward) { x.matmul(x) }.square().sum()
            withPrecision(backward) { loss.backward() }
            return x.grad!
        }
        #expect(gradient(.bfloat16, .float32).equal(gradient(.bfloat16, .bfloat16)))
        #expect(gradient(.float32, .bfloat16).equal(gradient(.float32, .float32)))
    }

    @Test func scopesNestAndEnd() throws {
        struct Failure: Error {}
        let x = Tensor.randn([5, 5], generator: Generator(seed: 6))
        let exact = x.matmul(x)
        let inner = withPrecision(.bfloat16) { withPrecision(.float32) { x.matmul(x) } }
        try? withPrecision(.bfloat16) { throw Failure() }
        #expect(inner.equal(exact) && x.matmul(x).equal(exact))
    }

    @Test func gradientsOfGradients() {
        func second(_ precision: Precision) -> Tensor {
            let x = Tensor.randn([6, 6], requiresGrad: true, generator: Generator(seed: 8))
            return withPrecision(precision) {
                let y = x.linear(weight: x).square().sum()
                let first = gradients(of: [y], withRespectTo: [x], createGraph: true)[0]!
                return gradients(of: [first.square().sum()], withRespectTo: [x])[0]!
            }
        }
        #expect(difference(second(.bfloat16), second(.float32)) < 0.02)
    }

    #if compiler(>=6.2)
    /// What waits for the gradient takes half the memory. In a process of its own, where no other test allocates.
    @Test func whatIsSavedIsSmaller() async {
        await #expect(processExitsWith: .success) {
            func saved(_ precision: Precision, _ function: (Tensor) -> Tensor) -> Int {
                let leaf = Parameter(Tensor.ones([16, 64, 64, 64]))
                let start = Memory.live
                let y = withPrecision(precision) { function(leaf + 1) }
                defer { withExtendedLifetime(y) {} }
                return Memory.live - start - 4 * y.count
            }
            let weight = Parameter(Tensor.randn([64, 64]))
            let filters = Parameter(Tensor.randn([64, 64, 3, 3]))
            let functions: [(Tensor) -> Tensor] = [
                // What comes after holds nothing, where the result would be what is saved.
                { $0.linear(weight: weight) }, { $0.gelu() }, { $0.relu() + 1 },
                { $0.conv2d(weight: filters, padding: 1).batchNorm(training: true, activation: .silu) },
                {
                    $0.conv2d(weight: filters, padding: 1)
                        .batchNorm(training: true, activation: .relu, adding: $0.detach()) + 1
                },
            ]
            for function in functions {
                #expect(Double(saved(.bfloat16, function)) < 0.6 * Double(saved(.float32, function)))
            }
        }
    }
    #endif

    // MARK: PyTorch

    /// A network by Tests/Fixtures/make_autocast.py, with PyTorch 2.13. Sums that stay float32 between operations leave ours
    /// nearer to float32 than autocast's.
    @Test func networkFollowsAutocast() throws {
        let fixture = try Fixture("autocast")
        func given(_ name: String) -> Tensor { fixture.tensors[name]!.copied() }
        var leaves = ["images": given("images")]
        for name in fixture.tensors.keys where name.hasPrefix("weight/") {
            leaves[String(name.dropFirst("weight/".count))] = given(name)
        }
        for leaf in leaves.values { leaf.requiresGrad = true }
        let loss = withPrecision(.bfloat16) { network(leaves, given("labels")) }
        loss.backward()
        for (name, found) in leaves.mapValues({ $0.grad! }).merging(["loss": loss.detach()], uniquingKeysWith: { $1 }) {
            let (exact, autocast) = (given("float32/\(name)"), given("autocast/\(name)"))
            #expect(difference(found, autocast) < 0.04, "\(name)")
            #expect(difference(found, exact) < 0.02, "\(name)")
        }
    }

    private func network(_ w: [String: Tensor], _ labels: Tensor) -> Tensor {
        let map = w["images"]!.conv2d(weight: w["conv.weight"]!, bias: w["conv.bias"]!)
        let pixels = map.flatten(start: 2).transpose(1, 2)
        let heads = pixels.linear(weight: w["qkv.weight"]!, bias: w["qkv.bias"]!)
            .unflatten(2, [3, 4, 6]).permute(2, 0, 3, 1, 4)
        let mixed = Tensor.scaledDotProductAttention(heads[0], heads[1], heads[2], isCausal: true)
            .transpose(1, 2).flatten(start: 2)
        let hidden = (pixels + mixed).linear(weight: w["up.weight"]!, bias: w["up.bias"]!).gelu().mean(dim: 1)
        return hidden.matmul(w["head.weight"]!.t()).crossEntropy(labels)
    }
}

extension PrecisionTests {
    /// The bits of a result do not depend on the number of threads; serialized, as the number is the process's.
    @Suite(.serialized) struct Threads {
        @Test func threadsDoNotChangeBits() {
            let x = Tensor.randn([8, 40, 24, 24], generator: Generator(seed: 9))
            let weight = Tensor.randn([96, 40, 1, 1], generator: Generator(seed: 10))
            func results() -> [Tensor] {
                let leaves = [x.clone(), weight.clone()]
                for leaf in leaves { leaf.requiresGrad = true }
                let y = withPrecision(.bfloat16) { leaves[0].conv2d(weight: leaves[1]) }
                y.square().sum().backward()
                return [y.detach()] + leaves.map { $0.grad! }
            }
            let threads = Processor.threadCount
            defer { Processor.threadCount = threads }
            let all = [1, 2, 3].map { count in
                Processor.threadCount = count
                return results()
            }
            for other in all.dropFirst() { for (a, b) in zip(all[0], other) { #expect(a.equal(b)) } }
        }
    }
}
