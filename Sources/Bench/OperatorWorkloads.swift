import Switchback

/// Single operators, forward alone (`_fwd`) or with the backward pass.
let operatorWorkloads: [Workload] =
    [512, 1024, 2048].map { n in
        Workload(name: "matmul_\(n)", flops: 2 * Double(n * n * n)) {
            let a = Tensor.randn([n, n])
            let b = Tensor.randn([n, n])
            return { _ = a.matmul(b) }
        }
    } + [
        Workload(name: "conv3x3_64_56_b16", flops: 3 * convolutionFlops) {
            let layer = Conv2d(64, 64, kernelSize: 3, padding: 1)
            let x = Tensor.randn([16, 64, 56, 56])
            return forwardAndBackward([x] + layer.parameters) { layer(x) }
        },
        Workload(name: "conv3x3_64_56_b16_fwd", flops: convolutionFlops) {
            let layer = Conv2d(64, 64, kernelSize: 3, padding: 1)
            let x = Tensor.randn([16, 64, 56, 56])
            return { noGrad { _ = layer(x) } }
        },
        Workload(name: "layernorm_4096x768") {
            let (x, weight, bias) = (Tensor.randn([4096, 768]), Tensor.ones([768]), Tensor.zeros([768]))
            return forwardAndBackward([x, weight, bias]) { x.layerNorm([768], weight: weight, bias: bias) }
        },
        Workload(name: "layernorm_4096x768_fwd") {
            let (x, weight, bias) = (Tensor.randn([4096, 768]), Tensor.ones([768]), Tensor.zeros([768]))
            return { _ = x.layerNorm([768], weight: weight, bias: bias) }
        },
        Workload(name: "softmax_4096x1024") {
            let x = Tensor.randn([4096, 1024])
            return forwardAndBackward([x]) { x.softmax(dim: -1) }
        },
        Workload(name: "softmax_4096x1024_fwd") {
            let x = Tensor.randn([4096, 1024])
            return { _ = x.softmax(dim: -1) }
        },
        Workload(name: "adamw_update_25m", items: 25_000_000) {
            let parameters = (0..<100).map { _ in Parameter(Tensor.randn([500, 500])) }
            for parameter in parameters { parameter.grad = Tensor.randn([500, 500]) }
            let optimizer = AdamW(parameters, learningRate: 1e-3, weightDecay: 0.01)
            return { optimizer.step() }
        },
    ]

private let convolutionFlops = 2.0 * 16 * 56 * 56 * 64 * 64 * 9

private func forwardAndBackward(_ leaves: [Tensor], _ function: @escaping () -> Tensor) -> () -> Void {
    for leaf in leaves { leaf.requiresGrad = true }
    let upstream = Tensor.randn(function().shape)
    return {
        for leaf in leaves { leaf.grad = nil }
        function().backward(gradient: upstream)
    }
}
