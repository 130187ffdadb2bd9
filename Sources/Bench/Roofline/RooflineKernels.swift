import Switchback

extension RooflineKernel {
    /// All kernels, in the order of the table.
    static var all: [RooflineKernel] {
        products + ConvolutionShape.all.flatMap(\.kernels) + normalizations + pools + others
    }

    /// The names of the families.
    static let families = [
        "matmul", "convolution", "normalization", "pooling", "softmax", "attention", "optimizer", "elementwise",
    ]

    private static var products: [RooflineKernel] {
        [
            (256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048), (8192, 64, 64), (64, 8192, 64),
            (64, 64, 8192), (64, 784, 256), (512, 384, 1536), (1, 4096, 4096),
        ].map { m, k, n in
            let (a, b) = (Tensor.randn([m, k]), Tensor.randn([k, n]))
            return RooflineKernel(
                family: "matmul", name: "\(m)×\(k) · \(k)×\(n)", operations: 2 * Double(m * n * k),
                bytes: 4 * Double(m * k + k * n + m * n)
            ) { _ = a.matmul(b) }
        }
    }

    /// A kernel that is bound by memory: `passes` reads or writes of `x`.
    private static func streaming(
        _ family: String, _ name: String, _ x: Tensor, passes: Double, operations: Double = 1,
        _ run: @escaping () -> Void
    ) -> RooflineKernel {
        RooflineKernel(
            family: family, name: "\(name) \(x.shape.map { "\($0)" }.joined(separator: "×"))",
            operations: operations * Double(x.count), bytes: 4 * passes * Double(x.count), run: run)
    }

    /// Forward and, with what the forward pass made given, backward.
    private static func bothPasses(
        _ family: String, _ name: String, _ x: Tensor, _ parameters: [Tensor] = [], passes: (Double, Double),
        operations: Double, _ function: @escaping (Tensor) -> Tensor
    ) -> [RooflineKernel] {
        for tensor in [x] + parameters { tensor.requiresGrad = true }
        let y = function(x)
        let upstream = Tensor.randn(y.shape).inOrder(of: y)
        return [
            streaming(family, name, x, passes: passes.0, operations: operations) { noGrad { _ = function(x) } },
            streaming(family, "\(name) backward", x, passes: passes.1, operations: 2 * operations) {
                _ = gradients(
                    of: [y], withRespectTo: [x] + parameters, gradients: [upstream], retainGraph: true)
            },
        ]
    }

    private static var normalizations: [RooflineKernel] {
        let image = image([16, 64, 56, 56])
        let (weight, bias) = (Tensor.ones([64]), Tensor.zeros([64]))
        let rows = Tensor.randn([4096, 768])
        let (rowWeight, rowBias) = (Tensor.ones([768]), Tensor.zeros([768]))
        // The statistics have to be known before the first element can be written: two reads and a write.
        return bothPasses(
            "normalization", "batch norm, relu", image, [weight, bias], passes: (3, 5), operations: 7
        ) { $0.batchNorm(weight: weight, bias: bias, training: true, activation: .relu) }
            + bothPasses("normalization", "layer norm", rows, [rowWeight, rowBias], passes: (2, 3), operations: 8) {
                $0.layerNorm([768], weight: rowWeight, bias: rowBias)
            }
    }

    private static var pools: [RooflineKernel] {
        bothPasses("pooling", "max 2×2", image([16, 64, 112, 112]), passes: (1.25, 1.5), operations: 1) {
            $0.maxPool2d(kernelSize: 2)
        }
            + bothPasses("pooling", "max 3×3 /2", image([16, 64, 112, 112]), passes: (1.25, 1.5), operations: 2) {
                $0.maxPool2d(kernelSize: 3, stride: 2, padding: 1)
            }
            + bothPasses("pooling", "average 2×2", image([16, 64, 112, 112]), passes: (1.25, 1.25), operations: 1) {
                $0.avgPool2d(kernelSize: 2)
            }
    }

    private static var others: [RooflineKernel] {
        let logits = Tensor.randn([4096, 1024])
        let (a, b) = (Tensor.randn([1 << 24]), Tensor.randn([1 << 24]))
        let parameter = Parameter(Tensor.randn([1 << 23]))
        parameter.grad = Tensor.randn([1 << 23])
        let optimizer = AdamW([parameter], learningRate: 1e-3)
        return bothPasses("softmax", "softmax", logits, passes: (2, 3), operations: 10) { $0.softmax(dim: -1) }
            + attention(length: 512) + attention(length: 2048)
            + [
                streaming("optimizer", "AdamW", parameter, passes: 7, operations: 12) { optimizer.step() },
                streaming("elementwise", "add", a, passes: 3) { _ = a + b },
                streaming("elementwise", "gelu", a, passes: 2, operations: 20) { noGrad { _ = a.gelu() } },
                streaming("elementwise", "sum", a, passes: 1) { _ = a.sum() },
            ]
    }

    /// 8 heads of 64 numbers. Each score is a product of 64 and takes part in another; backward there are five
    /// products.
    private static func attention(length: Int) -> [RooflineKernel] {
        let (q, k, v) = (
            Tensor.randn([1, 8, length, 64]), Tensor.randn([1, 8, length, 64]), Tensor.randn([1, 8, length, 64])
        )
        for tensor in [q, k, v] { tensor.requiresGrad = true }
        let y = Tensor.scaledDotProductAttention(q, k, v)
        let upstream = Tensor.randn(y.shape)
        let product = 2 * 8 * Double(length * length * 64)
        return [
            RooflineKernel(
                family: "attention", name: "attention 8×\(length)×64", operations: 2 * product,
                bytes: 4 * 4 * Double(q.count)
            ) { noGrad { _ = Tensor.scaledDotProductAttention(q, k, v) } },
            RooflineKernel(
                family: "attention", name: "attention backward 8×\(length)×64", operations: 5 * product,
                bytes: 8 * 4 * Double(q.count)
            ) { _ = gradients(of: [y], withRespectTo: [q, k, v], gradients: [upstream], retainGraph: true) },
        ]
    }
}

/// Random numbers in the order of memory that the kernels give images.
func image(_ shape: Shape) -> Tensor {
    noGrad { Tensor.randn(shape).maxPool2d(kernelSize: 1) }
}

extension Tensor {
    /// The same numbers, channels last where `other` is an image that is.
    fileprivate func inOrder(of other: Tensor) -> Tensor {
        rank == 4 && !other.isContiguous ? noGrad { maxPool2d(kernelSize: 1) } : self
    }
}
