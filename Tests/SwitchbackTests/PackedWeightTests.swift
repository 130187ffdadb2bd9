import Foundation
import Switchback
import TestSupport
import Testing

/// Weights of few bits: what they round to, and their products against sums in float64.
@Suite struct PackedWeightTests {
    static let formats: [WeightFormat] = [.bfloat16, .int8, .int4]

    private func weight(_ outputs: Int, _ inputs: Int, seed: UInt64 = 1) -> Tensor {
        Tensor.randn([outputs, inputs], generator: Generator(seed: seed)) * 0.02
    }

    /// x · wᵀ + bias in float64, where whole-number formats see x rounded to 8 bits in groups of 32.
    private func reference(_ x: Tensor, _ packed: PackedWeight, _ bias: Tensor?) -> Tensor {
        var rounded = x.toArray(as: Double.self)
        if packed.format.groupSize > 1 {
            for start in stride(from: 0, to: rounded.count, by: 32) {
                let scale = rounded[start..<start + 32].map(abs).max()! / 127
                for i in start..<start + 32 where scale > 0 {
                    rounded[i] = (rounded[i] / scale).rounded(.toNearestOrEven) * scale
                }
            }
        }
        let product = Tensor(rounded, shape: x.shape, dtype: .float64).matmul(packed.unpacked.to(.float64).t())
        return bias.map { product + $0.to(.float64) } ?? product
    }

    @Test(arguments: formats, [[1, 96, 40], [3, 32, 16], [4, 64, 1], [9, 160, 33], [17, 96, 600]])
    func products(_ format: WeightFormat, _ sizes: [Int]) {
        let (rows, inputs, outputs) = (sizes[0], sizes[1], sizes[2])
        let packed = PackedWeight(weight(outputs, inputs), as: format)
        let x = Tensor.randn([rows, inputs], generator: Generator(seed: 2))
        let bias = Tensor.randn([outputs], generator: Generator(seed: 3))
        for bias in [bias, nil] {
            let found = packed.linear(x, bias: bias)
            #expect(found.shape == [rows, outputs])
            // A value of x that lies in the middle between two integers may round either way.
            let limit = format.groupSize > 1 ? 2e-3 : 1e-5
            let wanted = reference(x, packed, bias)
            let error = (found.to(.float64) - wanted).square().mean().item().squareRoot()
            #expect(error < limit * wanted.square().mean().item().squareRoot() + 1e-7)
        }
    }

    /// PyTorch's product with the same numbers, unpacked.
    @Test(.enabled(if: Python.has("torch"), "Python with torch is needed")) func agreesWithPyTorch() throws {
        let x = Tensor.randn([5, 64], generator: Generator(seed: 4))
        func list(_ tensor: Tensor) -> String { "\(tensor.flatten().toArray(as: Float.self))" }
        for format in PackedWeightTests.formats {
            let packed = PackedWeight(weight(7, 64), as: format)
            let printed = try Python.run(
                """
                import torch
                x = torch.tensor(\(list(x))).view(5, 64)
                w = torch.tensor(\(list(packed.unpacked))).view(7, 64)
                print(*torch.nn.functional.linear(x, w).flatten().tolist())
                """)
            let wanted = Tensor(printed.split(separator: " ").compactMap { Float($0.filter { $0 != "\n" }) })
            let error = (packed.linear(x).flatten() - wanted).square().mean().item().squareRoot()
            // 8 bits of x are what is lost on the way.
            #expect(error < (format.groupSize > 1 ? 6e-3 : 1e-6) * wanted.square().mean().item().squareRoot())
        }
    }

    /// Integers within the bits, with the scale 1, are kept, and their products are exact.
    @Test(arguments: [(WeightFormat.int8, 127), (.int4, 8)]) func wholeNumbersAreExact(
        _ format: WeightFormat, _ largest: Int
    ) {
        let low = format == .int8 ? -127 : -8
        let high = format == .int8 ? 127 : 7
        let generator = Generator(seed: 5)
        let weight = Tensor.randint(low..<high + 1, [20, 64], generator: generator).to(.float32)
        let x = Tensor.randint(-127..<128, [6, 64], generator: generator).to(.float32)
        for group in [0, 32] {
            for row in 0..<20 { weight[row, group] = Tensor(Double(low)) }
            for row in 0..<6 { x[row, group] = Tensor(127.0) }
        }
        let packed = PackedWeight(weight, as: format)
        #expect(packed.unpacked.equal(weight))
        #expect(packed.linear(x).to(.float64).equal(x.to(.float64).matmul(weight.to(.float64).t())))
    }

    /// What rounding changes is bounded by the step between two numbers.
    @Test func roundingErrors() {
        let weight = weight(64, 256)
        let size = weight.square().mean().item().squareRoot()
        func error(_ format: WeightFormat) -> Double {
            (PackedWeight(weight, as: format).unpacked - weight).square().mean().item().squareRoot() / size
        }
        #expect(error(.bfloat16) < 0.002)
        #expect(error(.int8) < 0.006)
        #expect(error(.int4) < 0.085)
        #expect(PackedWeight(weight, as: .int4).byteCount == 64 * 256 * 9 / 16)
        #expect(PackedWeight(weight, as: .int8).byteCount == 64 * 256 * 17 / 16)
        #expect(PackedWeight(weight, as: .bfloat16).byteCount == 64 * 256 * 2)
    }

    /// The same bits on any number of threads, and for a row alone or among others.
    @Test(arguments: [WeightFormat.int8, .int4]) func sameBits(_ format: WeightFormat) {
        let packed = PackedWeight(weight(300, 320), as: format)
        let x = Tensor.randn([19, 320], generator: Generator(seed: 6))
        let all = packed.linear(x)
        for row in 0..<19 { #expect(packed.linear(x.narrow(dim: 0, start: row, length: 1))[0].equal(all[row])) }
        let threads = Processor.threadCount
        defer { Processor.threadCount = threads }
        for count in [1, 2, 3] {
            Processor.threadCount = count
            #expect(packed.linear(x).equal(all))
            #expect(PackedWeight(weight(300, 320), as: format).unpacked.equal(packed.unpacked))
        }
    }

    @Test(arguments: formats) func rowsOfATable(_ format: WeightFormat) {
        let packed = PackedWeight(weight(50, 64), as: format)
        let found = packed.rows(Tensor([[3, 49], [0, 3]]))
        #expect(found.shape == [2, 2, 64])
        #expect(found[0, 1].equal(packed.unpacked[49]) && found[1, 1].equal(packed.unpacked[3]))
    }

    /// A number that is none, in the weight or in x, is never lost.
    @Test(arguments: formats, [Double.nan, .infinity]) func damage(_ format: WeightFormat, _ bad: Double) {
        let weight = weight(20, 64)
        weight[7, 40] = Tensor(bad)
        let x = Tensor.ones([2, 64])
        let product = PackedWeight(weight, as: format).linear(x)
        for row in 0..<2 {
            #expect(!product[row, 7].item().isFinite)
            #expect(product[row, 6].item().isFinite)
        }
        x[1, 3] = Tensor(bad)
        let second = PackedWeight(self.weight(20, 64), as: format).linear(x)
        #expect(second[0].isfinite().all().item() == 1 && second[1].isfinite().any().item() == 0)
    }

    /// A packed parameter of a layer, of a table and of a fused loss gives what its unpacked numbers give.
    @Test(arguments: formats) func parameters(_ format: WeightFormat) {
        let table = Parameter(weight(40, 32))
        let x = Tensor.randn([6, 32], generator: Generator(seed: 7))
        let target = Tensor([1, 2, -100, 39, 0, 5])
        let unpacked = PackedWeight(table.detach(), as: format).unpacked
        let wanted = (PackedWeight(table.detach(), as: format).linear(x), unpacked[3])
        table.pack(as: format)
        #expect(!table.requiresGrad && table.shape == [40, 32])
        #expect(x.linear(weight: table).equal(wanted.0))
        #expect(Tensor([3]).embedding(weight: table)[0].equal(wanted.1))
        let loss = x.linearCrossEntropy(weight: table, target).item()
        #expect(abs(loss - wanted.0.crossEntropy(target).item()) < 1e-5)
        let turned = Parameter(weight(40, 32).t().contiguous())
        turned.pack(as: format, transposed: true)
        #expect(turned.shape == [32, 40] && x.linear(transposedWeight: turned).equal(wanted.0))
    }
}
